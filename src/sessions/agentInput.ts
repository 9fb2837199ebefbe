import * as l10n from '@vscode/l10n';
import type { AgentToolName } from './agentToolNames';
import { agentTools, DEFAULT_LINES, DEFAULT_WAIT_SECONDS } from './agentTools';

/** What an agent asks a tool for. */
export interface AgentInput {
  /** Undefined: none is named. */
  readonly app: string | undefined;
  readonly timeoutMs: number;
  readonly lines: number;
}

/**
 * Reads what an agent gives a tool by the tool's own schema; numbers beyond its bounds become the nearest. Throws an Error with a
 * sentence: not every editor and client checks the schema.
 */
export function agentInput(name: AgentToolName, given: unknown): AgentInput {
  const values = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof values !== 'object' || Array.isArray(values)) throw new Error(l10n.t('The input must be an object.'));
  const { properties } = agentTools[name].inputSchema;
  for (const [key, value] of Object.entries(values)) {
    const schema = properties[key];
    if (schema === undefined) throw new Error(l10n.t('"{0}" takes no "{1}".', name, key));
    const fits = schema.type === 'integer' ? Number.isInteger(value) : typeof value === 'string';
    if (!fits)
      throw new Error(
        schema.type === 'integer' ? l10n.t('"{0}" must be a whole number.', key) : l10n.t('"{0}" must be a text.', key),
      );
  }
  const number = (key: string, fallback: number): number => {
    const { minimum = 0, maximum = Infinity } = properties[key] ?? {};
    return Math.min(maximum, Math.max(minimum, (values[key] as number | undefined) ?? fallback));
  };
  const app = (values['app'] as string | undefined)?.trim();
  return {
    // A model that has nothing to say may say it with an empty text.
    app: app === '' ? undefined : app,
    timeoutMs: number('timeoutSeconds', DEFAULT_WAIT_SECONDS) * 1000,
    lines: number('lines', DEFAULT_LINES),
  };
}
