/** Reads sources for the texts that people see: which are marked by `l10n.t`, and which ought to be and are not. */
import ts from 'typescript';

/** One text that is marked. */
export interface MarkedText {
  readonly text: string;
  /** File and line. */
  readonly place: string;
}

/** What is wrong with a text, one sentence each. */
export type Offence = string;

/** Texts that only look like words, and why: by file, what they begin with. */
export type Exempt = Readonly<Record<string, readonly (readonly [beginning: string, why: string])[]>>;

/** Properties whose value a person reads, and calls that show their arguments. */
const SHOWN_PROPERTIES =
  /^(?:label|title|text|description|detail|tooltip|placeHolder|prompt|button|sentence|hint|expected|word|message|value)$/;
const SHOWING_CALLS =
  /^(?:show(?:Information|Warning|Error)Message|showQuickPick|showInputBox|setStatusBarMessage|withProgress|MarkdownString)$/;
/** Properties that no person reads, whatever they look like. */
const INNER_PROPERTIES = /^(?:cause|id|icon|key|command|viewType)$/;
const LOG_LEVELS = /^(?:trace|debug|info|warn|error)$/;
const LOGGERS = /(?:^|[.#])(?:log|logger|channel)$/i;

/** All texts that are marked. */
export function markedTexts(files: ReadonlyMap<string, string>): readonly MarkedText[] {
  return [...files].flatMap(([file, source]) => {
    const found: MarkedText[] = [];
    const tree = parse(file, source);
    walk(tree, (node) => {
      if (!isMark(node)) return;
      const [first] = node.arguments;
      if (first !== undefined && ts.isStringLiteralLike(first))
        found.push({ text: first.text, place: placeOf(tree, file, first) });
    });
    return found;
  });
}

/**
 * Texts that people see and that are not marked, and marks that the tool which collects them, or the language, would miss.
 * A literal counts as such a text when it has a word beside a blank, or looks like a word on a button, or stands where only
 * texts stand; logs, faults (plain errors), comparisons, types and imports do not count.
 */
export function offences(files: ReadonlyMap<string, string>, exempt: Exempt = {}): readonly Offence[] {
  return [...files].flatMap(([file, source]) => offencesIn(file, source, exempt[file] ?? []));
}

/** Exemptions that no text needs any more. */
export function idleExemptions(files: ReadonlyMap<string, string>, exempt: Exempt): readonly string[] {
  return Object.entries(exempt).flatMap(([file, list]) =>
    list
      .filter(([beginning]) => {
        const others = list.filter(([other]) => other !== beginning);
        const source = files.get(file);
        return source === undefined || offencesIn(file, source, others).length === 0;
      })
      .map(([beginning]) => `${file}: ${beginning}`),
  );
}

function offencesIn(file: string, source: string, exempt: Exempt[string]): readonly Offence[] {
  const tree = parse(file, source);
  const found: Offence[] = [];
  const say = (node: ts.Node, why: string) => found.push(`${placeOf(tree, file, node)}: ${why}`);
  walk(tree, (node) => {
    if (isMark(node)) {
      const why = markProblem(node);
      if (why !== undefined) say(node, why);
      return;
    }
    const text = textOf(node);
    if (text === undefined || isInner(node)) return;
    if (exempt.some(([beginning]) => text.trimStart().startsWith(beginning))) return;
    if (isShown(text, node)) say(node, `"${text.replace(/\s+/g, ' ').trim().slice(0, 60)}" is not marked`);
  });
  return found;
}

/** The text of a literal; of a template with a sign in the place of each value. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.templateSpans.reduce((text, span) => `${text}\u0001${span.literal.text}`, node.head.text);
}

function isShown(text: string, node: ts.Node): boolean {
  if (/^\s*<[!a-z]/.test(text)) return isHtmlWithWords(text);
  const plain = text.replace(/\$\([^)]*\)/g, ' ');
  // A word beside a blank or beside a value and a blank.
  if (/\p{L}{2}/u.test(plain) && /(?:\p{L}\p{P}*\s)|(?:\s\p{P}*\p{L})/u.test(plain)) return true;
  // A word by itself, as on a button.
  if (/^\p{Lu}\p{Ll}+(?:[.…?:!]|…)?$/u.test(plain.trim())) return true;
  return /\p{L}/u.test(plain) && isWhereTextsStand(node);
}

/** Between the tags, or in an attribute that is read out. */
function isHtmlWithWords(html: string): boolean {
  if (/(?:^|\s)(?:aria-label|title|alt|placeholder)="[^"\u0001]*\p{L}/u.test(html)) return true;
  return /\p{L}{2}/u.test(html.replace(/<[^>]*>/g, ' ').replace(/<[^>]*$/, ' '));
}

function isWhereTextsStand(node: ts.Node): boolean {
  const { parent } = node;
  // Either branch of a choice, or of what is missing.
  if (ts.isConditionalExpression(parent) && parent.condition !== node) return isWhereTextsStand(parent);
  if (ts.isParenthesizedExpression(parent)) return isWhereTextsStand(parent);
  if (ts.isBinaryExpression(parent)) {
    const { operatorToken, left } = parent;
    if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken || operatorToken.kind === ts.SyntaxKind.PlusToken)
      return isWhereTextsStand(parent);
    return (
      operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(left) &&
      SHOWN_PROPERTIES.test(left.name.text)
    );
  }
  if (ts.isPropertyAssignment(parent)) return SHOWN_PROPERTIES.test(nameOf(parent.name));
  return ts.isCallExpression(parent) || ts.isNewExpression(parent)
    ? SHOWING_CALLS.test(calledName(parent.expression)) && parent.arguments?.includes(node as ts.Expression) === true
    : false;
}

/** What no person reads, by where it stands. */
function isInner(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return true;
  if (ts.isPropertyAssignment(parent) && INNER_PROPERTIES.test(nameOf(parent.name))) return true;
  if (ts.isElementAccessExpression(parent) || ts.isCaseClause(parent) || ts.isLiteralTypeNode(parent)) return true;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
  if (ts.isBinaryExpression(parent) && /^[=!]==$/.test(parent.operatorToken.getText())) return true;
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) {
    if (isMark(at.parent) && at.parent.arguments[0] === at) return true;
    if (ts.isNewExpression(at) && calledName(at.expression).endsWith('Error')) return true;
    if (ts.isCallExpression(at)) {
      if (at.expression.kind === ts.SyntaxKind.SuperKeyword) return true;
      const { expression } = at;
      const isLog =
        ts.isPropertyAccessExpression(expression) &&
        LOG_LEVELS.test(expression.name.text) &&
        LOGGERS.test(expression.expression.getText().replace(/\?$/, ''));
      if (isLog) return true;
    }
    if (ts.isStatement(at)) return false;
  }
  return false;
}

function markProblem(node: ts.CallExpression): string | undefined {
  const [first, ...values] = node.arguments;
  if (first === undefined || !ts.isStringLiteral(first)) return 'a marked text is one plain literal';
  if (values.some(ts.isSpreadElement)) return 'values are named one by one';
  const wanted = new Set([...first.text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number)));
  const isSound = wanted.size === values.length && [...wanted].every((number) => number < values.length);
  // A text whose values are filled in elsewhere.
  if (!isSound && values.length > 0) return `"${first.text}" and its values do not agree`;
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) if (ts.isFunctionLike(at)) return undefined;
  return `"${first.text}" is asked for when the file is loaded, before a language may be known`;
}

function isMark(node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === 't' &&
    node.expression.expression.getText() === 'l10n'
  );
}

function nameOf(name: ts.PropertyName): string {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : '';
}

function calledName(expression: ts.Expression): string {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : '';
}

function parse(file: string, source: string): ts.SourceFile {
  return ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function placeOf(tree: ts.SourceFile, file: string, node: ts.Node): string {
  return `${file}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
}
