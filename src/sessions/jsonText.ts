/** JSON with comments and trailing commas, as people write it by hand: read with places, changed with its own layout. */
import {
  findNodeAtLocation,
  findNodeAtOffset,
  getNodePath,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type JSONPath,
  type Node,
  type ParseError,
} from 'jsonc-parser';

export type JsonNode = Node;
export type JsonPath = JSONPath;

/** A piece of a text, in characters. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A piece of a text, and what is to stand there. */
export interface TextChange extends Span {
  readonly text: string;
}

/** The tree of a text, as far as it can be understood, and what is wrong with it in words. Never throws. */
export function parseJsonText(text: string): {
  readonly root: JsonNode | undefined;
  readonly errors: readonly (Span & { readonly what: string })[];
} {
  const errors: ParseError[] = [];
  // A byte order mark takes a place of its own.
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  return {
    root,
    errors: errors.map(({ error, offset, length }) => ({ offset, length, what: spaced(printParseErrorCode(error)) })),
  };
}

/** The value at a path of names and indexes; undefined where there is none. */
export function valueAt(root: JsonNode | undefined, path: JsonPath): JsonNode | undefined {
  return root && findNodeAtLocation(root, path);
}

/** The path of what stands at an offset: of a value, or of the property whose name that is. */
export function pathAt(root: JsonNode | undefined, offset: number): JsonPath {
  const node = root && findNodeAtOffset(root, offset);
  return node ? getNodePath(node) : [];
}

/** What a piece of the tree is in JavaScript. */
export function plainValue(node: JsonNode): unknown {
  return getNodeValue(node) as unknown;
}

/** The name and the value of each property of an object; of a name that stands twice, both. */
export function propertiesOf(
  node: JsonNode | undefined,
): readonly { readonly key: JsonNode; readonly value: JsonNode }[] {
  if (node?.type !== 'object') return [];
  return (node.children ?? []).flatMap(({ children: [key, value] = [] }) => (key && value ? [{ key, value }] : []));
}

/**
 * The changes that put a value at a path of a tree, or take it away (`undefined`); the layout and the comments around it stay. (The
 * editing of jsonc-parser lays the lines around it out anew.) Empty where there is nothing to put it into.
 */
export function changeValue(
  text: string,
  root: JsonNode | undefined,
  path: JsonPath,
  value: unknown,
): readonly TextChange[] {
  const node = valueAt(root, path);
  if (value === undefined) return node ? removal(text, node.parent?.type === 'property' ? node.parent : node) : [];
  const written = JSON.stringify(value);
  if (node) return [{ offset: node.offset, length: node.length, text: written }];
  const owner = valueAt(root, path.slice(0, -1));
  // What is to hold it is made with it.
  if (!owner && path.length > 1 && typeof path.at(-1) === 'string')
    return changeValue(text, root, path.slice(0, -1), { [String(path.at(-1))]: value });
  return owner?.type === 'object' ? insertion(text, owner, `${JSON.stringify(path.at(-1))}: ${written}`) : [];
}

/** Blanks and comments, and then the comma that follows a value. */
const COMMA = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*,/y;

/** Just behind the comma that follows, if one does. */
function commaEnd(text: string, after: number): number | undefined {
  COMMA.lastIndex = after;
  return COMMA.test(text) ? COMMA.lastIndex : undefined;
}

function removal(text: string, node: JsonNode): readonly TextChange[] {
  const end = node.offset + node.length;
  const before = /\s*$/.exec(text.slice(0, node.offset))?.[0].length ?? 0;
  const isFirstOfLine = text.slice(node.offset - before, node.offset).includes('\n');
  const comma = commaEnd(text, end);
  if (comma !== undefined && !isFirstOfLine) {
    const blanks = /^[ \t]*/.exec(text.slice(comma))?.[0].length ?? 0;
    return [{ offset: node.offset, length: comma + blanks - node.offset, text: '' }];
  }
  const start = node.offset - before;
  if (comma !== undefined) return [{ offset: start, length: comma - start, text: '' }];
  const siblings = node.parent?.children ?? [];
  const previous = siblings[siblings.indexOf(node) - 1];
  const left = previous && commaEnd(text, previous.offset + previous.length);
  return [
    ...(left === undefined ? [] : [{ offset: left - 1, length: 1, text: '' }]),
    { offset: start, length: end - start, text: '' },
  ];
}

function insertion(text: string, owner: JsonNode, property: string): readonly TextChange[] {
  const last = owner.children?.at(-1);
  if (!last) return [{ offset: owner.offset, length: owner.length, text: `{ ${property} }` }];
  const before = /\s*$/.exec(text.slice(0, last.offset))?.[0] ?? '';
  const gap = before.includes('\n') ? before : ' ';
  const end = last.offset + last.length;
  const comma = commaEnd(text, end);
  return comma === undefined
    ? [{ offset: end, length: 0, text: `,${gap}${property}` }]
    : [{ offset: comma, length: 0, text: `${gap}${property},` }];
}

/** `PropertyNameExpected` → `property name expected`. */
function spaced(code: string): string {
  return code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}
