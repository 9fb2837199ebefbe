/** The terminal: how much output comes through it, and how soon a typed key is seen. */
import type { Bench } from '../figures';
import { inEditor } from '../terminal/inEditor';
import { withoutEditor } from '../terminal/withoutEditor';

export const bench: Bench = async (context) => [...(await inEditor(context)), ...(await withoutEditor(context))];
