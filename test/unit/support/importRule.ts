import { builtinModules } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

interface Import {
  readonly from: string;
  /** Gone after compilation. `import { type A }` is not: it still loads the module. */
  readonly isTypeOnly: boolean;
}

/** Sets the editor's language, first in each bundle of the editor's side. */
const LANGUAGE = 'src/providers/editorLanguage.ts';

type Zone = 'root' | 'api' | 'provider' | 'cli' | 'client' | 'host' | 'gateway';

/** Marks the texts of every file for the tool that collects them, which does not see through a module of ours. */
const WORDS = '@vscode/l10n';

/** What breaks DESIGN section 3 ("Who may import whom") in these files, one sentence each. */
export function importBreaches(files: ReadonlyMap<string, string>): readonly string[] {
  const breaches: string[] = [];
  const importersOf = new Map<string, Set<string>>();
  const imports = new Map([...files].map(([file, text]) => [file, importsOf(file, text)]));
  const knowsEditor = (file: string) => imports.get(file)?.some(({ from }) => from === 'vscode') === true;
  for (const [file, list] of imports) {
    const zone = zoneOf(file);
    if (!zone) {
      breaches.push(`${file} has no place in the house`);
      continue;
    }
    for (const { from, isTypeOnly } of list) {
      const say = (why: string) => breaches.push(`${file} imports ${from}: ${why}`);
      if (from === 'vscode') {
        if (file !== 'src/extension.ts' && zone !== 'provider') say('the editor is known at the edge only');
      } else if (file === 'src/cli.ts' && from === '../package.json') {
        continue; // The only home of setting defaults; elsewhere the editor gives them.
      } else if (from.startsWith('.')) {
        const named = path.posix.join(path.posix.dirname(file), from.replace(/\.(?:js|ts)$/, ''));
        const target = files.has(`${named}.d.ts`) ? `${named}.d.ts` : `${named}.ts`;
        if (target === LANGUAGE && zone === 'provider') continue;
        const why = files.has(target)
          ? mayNot(zone, zoneOf(target), isTypeOnly, knowsEditor(target))
          : 'there is no such file';
        if (why !== undefined) say(why);
      } else if (!from.startsWith('node:')) {
        if (builtinModules.includes(from)) say('a module of Node is named with `node:`');
        const name = from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/');
        importersOf.set(name, (importersOf.get(name) ?? new Set()).add(file));
      }
    }
  }
  for (const [name, importers] of importersOf)
    if (importers.size > 1 && name !== WORDS)
      breaches.push(`${name} has ${importers.size} importers: ${[...importers].sort().join(', ')}`);
  return breaches;
}

/** Which npm packages the files import, at run time or for types. */
export function packagesOf(files: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set(
    [...files]
      .flatMap(([file, text]) => importsOf(file, text).map(({ from }) => from))
      .filter((from) => !from.startsWith('.') && !from.startsWith('node:') && from !== 'vscode'),
  );
}

function zoneOf(file: string): Zone | undefined {
  if (file === 'src/extension.ts' || file === 'src/cli.ts') return 'root';
  if (file === 'src/cheatcode.d.ts') return 'api';
  if (/^src\/providers\/[^/]+$/.test(file)) return 'provider';
  if (/^src\/cli\/[^/]+$/.test(file)) return 'cli';
  if (/^src\/sessions\/[^/]+$/.test(file)) return 'client';
  if (/^src\/sessions\/host\/[^/]+$/.test(file)) return 'host';
  if (/^src\/gateway\/(?:browser\/)?[^/]+$/.test(file)) return 'gateway';
  return undefined;
}

function mayNot(from: Zone, to: Zone | undefined, isTypeOnly: boolean, targetKnowsEditor: boolean): string | undefined {
  switch (from) {
    case 'root':
      return to === 'host' || to === 'root' ? 'a composition root wires anything but the host' : undefined;
    case 'provider':
      if (to === 'client' || to === 'api') return undefined;
      // A pure helper knows no editor: shared words, a parser, a page's text.
      if (to === 'provider') return targetKnowsEditor ? 'a provider knows no other provider' : undefined;
      return 'a provider knows only the client side of the sessions';
    case 'api':
      return 'others copy this file alone';
    case 'cli':
      if (to === 'cli' || to === 'client' || (to === 'host' && isTypeOnly)) return undefined;
      return to === 'host'
        ? 'the command line takes nothing but types of the host'
        : 'the command line knows only itself and the client side of the sessions';
    case 'client':
      if (to === 'client' || (to === 'host' && isTypeOnly)) return undefined;
      return to === 'host' ? 'the client side takes nothing but types of the host' : 'the core knows no edge';
    case 'host':
      return to === 'host' || to === 'client' ? undefined : 'the host knows only the sessions';
    case 'gateway':
      return to === 'gateway' || (to === 'client' && isTypeOnly) ? undefined : 'the gateway shares types only';
  }
}

function importsOf(file: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const note = (name: ts.Node | undefined, isTypeOnly: boolean) => {
    if (name && ts.isStringLiteralLike(name)) found.push({ from: name.text, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      note(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
      note(node.moduleReference.expression, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal, true);
    else if (
      ts.isCallExpression(node) &&
      (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(node.expression) && node.expression.text === 'require'))
    )
      note(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}
