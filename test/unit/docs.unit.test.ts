import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { anchorsOf, inlineCode, linksOf, pagesIn, proseOf } from '../support/pages';
import { repoRoot, sourceFiles } from './support/repository';
import { tempFolders } from './support/tempFolders';

const read = (file: string) => readFileSync(path.join(repoRoot, file), 'utf8');
const sources = sourceFiles();
const allSources = [...sources.values()].join('\n');

describe('the documentation', () => {
  const pages = pagesIn(repoRoot, ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs', 'bench']);

  it('links to files and headings that exist', () => {
    const wrong: string[] = [];
    let links = 0;
    for (const { file, text } of pages)
      for (const link of linksOf(text)) {
        if (/^[a-z]+:/.test(link)) continue;
        links++;
        const [target = '', anchor] = link.split('#');
        const found = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
        if (!existsSync(path.join(repoRoot, found))) wrong.push(`${file}: ${link}`);
        else if (anchor !== undefined && !(found.endsWith('.md') && anchorsOf(read(found)).has(anchor)))
          wrong.push(`${file}: ${link} (no such heading)`);
      }
    assert.deepEqual(wrong, []);
    assert.ok(links > 60, `only ${links} links were found`);
  });

  it('has every page in its list', () => {
    const listed = new Set(linksOf(read('docs/README.md')).map((link) => path.posix.join('docs', link)));
    for (const { file } of pages)
      if (file.startsWith('docs/') && file !== 'docs/README.md') assert.ok(listed.has(file), file);
  });

  it('shows every picture of media/, or the product does', () => {
    const shown = new Set(
      pages.flatMap(({ file, text }) => linksOf(text).map((link) => path.posix.join(path.posix.dirname(file), link))),
    );
    const manifest = read('package.json');
    const isUsed = (picture: string) =>
      shown.has(picture) ||
      manifest.includes(`"${picture}"`) ||
      allSources.includes(`'${path.posix.basename(picture)}'`);
    const pictures = readdirSync(path.join(repoRoot, 'media'), { recursive: true, encoding: 'utf8' })
      .map((name) => `media/${name.split(path.sep).join('/')}`)
      .filter((name) => /\.(?:png|jpe?g|gif|webp|svg)$/.test(name));
    assert.ok(pictures.length > 40, `only ${pictures.length} pictures were found`);
    // The icon is drawn as an SVG, and the marketplaces want a PNG.
    const isSource = (picture: string) => picture.endsWith('.svg') && isUsed(picture.replace(/svg$/, 'png'));
    assert.deepEqual(
      pictures.filter((picture) => !isUsed(picture) && !isSource(picture)),
      [],
    );
    assert.ok(!isUsed('media/screenshot-of-nothing.png'));
  });

  it('names settings, variables and commands that exist, and no others', () => {
    // Its texts have names of the same form.
    const manifest = read('package.json') + read('package.nls.json');
    const wrong: string[] = [];
    for (const { file, text } of pages)
      for (const code of inlineCode(text)) {
        // A group or a page of the API is named by its beginning; one that a page only imagines is none.
        const setting = /^cheatcode\.[a-z][\w.]*\w$/.test(code) && !/^cheatcode\.(?:json|vite\.)/.test(code);
        if (setting && !manifest.includes(`"${code}"`)) wrong.push(`${file}: ${code}`);
        const variable = /^(CHEATCODE_\w+)(?:=.*)?$/.exec(code)?.[1];
        if (variable !== undefined && !allSources.includes(variable) && !isSettingsVariable(variable, manifest))
          if (!readdirSync(path.join(repoRoot, 'test'), { recursive: true, encoding: 'utf8' }).some(mentions(variable)))
            wrong.push(`${file}: ${variable}`);
      }
    assert.deepEqual(wrong, []);
  });
});

/** `CHEATCODE_WEB_PORT` of `cheatcode.web.port`. */
function isSettingsVariable(variable: string, manifest: string): boolean {
  return [...manifest.matchAll(/"cheatcode\.([\w.]+)": \{/g)].some(
    ([, key = '']) =>
      `CHEATCODE_${key
        .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
        .replaceAll('.', '_')
        .toUpperCase()}` === variable,
  );
}

function mentions(word: string): (name: string) => boolean {
  return (name) => {
    const file = path.join(repoRoot, 'test', name);
    return /\.(?:ts|mjs)$/.test(name) && statSync(file).isFile() && readFileSync(file, 'utf8').includes(word);
  };
}

describe('what `npm run docs` writes', function () {
  this.timeout(60_000);
  const tempFolder = tempFolders();
  const check = (folder: string) =>
    spawnSync(process.execPath, ['docs.mjs', '--check'], { cwd: folder, encoding: 'utf8', timeout: 50_000 });

  it('is as the sources have it', () => {
    const { status, stdout, stderr } = check(repoRoot);
    assert.equal(status, 0, stdout + stderr);
  });

  it('is found to be stale when the manifest says something else, or a schema', () => {
    const folder = tempFolder();
    for (const name of ['docs.mjs', 'package.nls.json', '.prettierrc.json'])
      cpSync(path.join(repoRoot, name), path.join(folder, name));
    for (const name of ['node_modules', 'src']) symlinkSync(path.join(repoRoot, name), path.join(folder, name));
    mkdirSync(path.join(folder, 'docs'));
    cpSync(path.join(repoRoot, 'docs/settings.md'), path.join(folder, 'docs/settings.md'));
    mkdirSync(path.join(folder, 'media'));
    const schema = read('media/cheatcode.schema.json');
    writeFileSync(
      path.join(folder, 'media/cheatcode.schema.json'),
      schema.replace('"web", "mobile", "custom"', '"web"'),
    );
    const manifest = read('package.json');
    const changed = manifest.replace(/("cheatcode\.graceSeconds": \{\s*"type": "number",\s*"default": )60/, '$161');
    assert.notEqual(changed, manifest);
    writeFileSync(path.join(folder, 'package.json'), changed);
    const { status, stdout, stderr } = check(folder);
    assert.equal(status, 1, stdout + stderr);
    assert.match(stdout, /docs\/settings\.md is stale/);
    assert.match(stdout, /cheatcode\.schema\.json is stale/);
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');

  it('names only files and identifiers that the code has', () => {
    const names = inlineCode(text).filter((code) => !/^(?:npm|node|cheatcode-dev|docker) /.test(code));
    assert.ok(names.length > 80, `only ${names.length} names were found`);
    assert.deepEqual(
      names.filter((name) => !isKnown(name)),
      [],
    );
    for (const invented of ['src/sessions/noSuch.ts', 'noSuchFunction', '<scope>/nothing.here', 'Session.noSuch'])
      assert.ok(!isKnown(invented), invented);
  });

  it('shows one start in the order of the code', () => {
    const steps = [...text.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      steps,
      steps.map((_, index) => index + 1),
    );
    assert.ok(steps.length >= 10);
  });
});

/** A file of the repository or of the state folder, or names of the code. */
function isKnown(name: string): boolean {
  if (existsSync(path.join(repoRoot, name))) return true;
  const bare = name.replaceAll(/<[^>]*>/g, '');
  if (/[/<]/.test(name))
    return bare
      .split('/')
      .filter((part) => part !== '' && part !== '~')
      .every((part) => isText(part));
  return name.split('.').every((word) => isWord(word)) || isText(name);
}

/** It is said in the sources, as a name in quotes. */
function isText(text: string): boolean {
  const found = text.replace(/-$/, '');
  return (
    found !== '' &&
    (allSources.includes(`'${found}`) ||
      allSources.includes(`${found}'`) ||
      allSources.includes(`/${found}`) ||
      isLockFolder(found))
  );
}

/** proper-lockfile's own name for the lock of `start`. */
function isLockFolder(text: string): boolean {
  return text.endsWith('.lock') && isText(text.slice(0, -'.lock'.length));
}

function isWord(word: string): boolean {
  return /^[\w$-]+$/.test(word) && new RegExp(`(?<![\\w$])${word.replaceAll('$', '\\$')}(?![\\w$])`).test(allSources);
}

describe('docs/protocol.md', () => {
  const text = read('docs/protocol.md');
  const protocol = sources.get('src/sessions/protocol.ts') ?? '';
  const membersOf = (name: string): readonly string[] => {
    const file = ts.createSourceFile('protocol.ts', protocol, ts.ScriptTarget.ES2022);
    const found = file.statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name);
    assert.ok(found && ts.isInterfaceDeclaration(found), name);
    return found.members.flatMap((member) => (member.name && ts.isIdentifier(member.name) ? [member.name.text] : []));
  };
  /** What the first column of a table names. */
  const listed = (head: string): readonly string[] => {
    const at = text.search(new RegExp(`^\\| ${head} `, 'm'));
    assert.ok(at >= 0, head);
    const [table = ''] = text.slice(at).split('\n\n');
    return table
      .split('\n')
      .slice(2)
      .flatMap((row) => inlineCode(row.split('|')[1] ?? ''));
  };
  const sorted = (names: readonly string[]) => [...names].sort();

  it('lists every message of the protocol, and no other', () => {
    assert.deepEqual(sorted(listed('request')), sorted(membersOf('Requests')));
    assert.deepEqual(sorted(listed('notification of a client')), sorted(membersOf('ClientNotifications')));
    assert.deepEqual(sorted(listed('notification of the host')), sorted(membersOf('HostNotifications')));
  });

  it('lists every error with its number', () => {
    const block = /RpcErrorCode = \{([\s\S]*?)\n\}/.exec(protocol)?.[1] ?? '';
    const codes = [...block.matchAll(/^ {2}(\w+): (-\d+)/gm)].map(([, name, code]) => `${name} ${code}`);
    assert.ok(codes.length > 4);
    const said = [...text.matchAll(/^\| `(\w+)`\s+\| (-\d+)\s/gm)].map(([, name, code]) => `${name} ${code}`);
    assert.deepEqual(sorted(said), sorted(codes));
  });

  it('says the numbers of the code', () => {
    const number = (file: string, name: string) => {
      const value = new RegExp(`${name} = ([\\d_* ]+);`).exec(sources.get(file) ?? '')?.[1];
      assert.ok(value !== undefined, `${file}: ${name}`);
      return value
        .split('*')
        .map((factor) => Number(factor.trim().replaceAll('_', '')))
        .reduce((a, b) => a * b, 1);
    };
    const says = (words: string) => assert.ok(text.replaceAll(/\s+/g, ' ').includes(words), words);
    says(`${number('src/sessions/protocol.ts', 'MAX_MESSAGE_BYTES') / 1e6} MB (\`MAX_MESSAGE_BYTES\`)`);
    says(`${number('src/sessions/protocol.ts', 'OUTPUT_CREDIT_CHARS') / 1024} K characters`);
    const endpoint = 'src/sessions/host/hostEndpoint.ts';
    says(
      `${number('src/sessions/host/clientConnection.ts', 'HELLO_LIMIT_MS') / 1000} seconds, ` +
        `${number(endpoint, 'MAX_STRANGER_BYTES') / 1024} KB in all, ${number(endpoint, 'MAX_STRANGERS')} of them at once`,
    );
    says(`| ${number(endpoint, 'MAX_CONNECTIONS')} |`);
    says(`${number('src/sessions/rpcPeer.ts', 'MAX_UNSENT_BYTES') / 2 ** 20} MB, then it is dropped`);
    says(`${number('src/sessions/host/screen.ts', 'SCROLLBACK_LINES').toLocaleString('en')} lines`);
    says(`${number('src/sessions/connectOrLaunch.ts', 'ANSWER_LIMIT_MS') / 1000} seconds |`);
  });

  it('names every invariant of the simulation', () => {
    const witness = read('test/simulation/model/witness.ts');
    const block = /export type Invariant =([\s\S]*?);/.exec(witness)?.[1] ?? '';
    const invariants = [...block.matchAll(/'([^']+)'/g)].map(([, name]) => name ?? '');
    assert.ok(invariants.length > 10);
    const codes = new Set(inlineCode(text));
    for (const name of invariants) assert.ok(codes.has(name), name);
    const numbered = invariants.filter((name) => /^I\d /.test(name)).length;
    for (let n = 1; n <= numbered; n++) assert.match(text, new RegExp(`^- \\*\\*I${n}\\*\\*: `, 'm'));
    const others = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
    assert.match(text, new RegExp(`I1 to I${numbered} and ${others[invariants.length - numbered]} things more`));
  });
});

describe('docs/faults.md', () => {
  const rows = [...read('docs/faults.md').matchAll(/^\| (\d+) +\| \S.* \| \S/gm)].map(([, number]) => Number(number));
  /** "fault 8", "faults 23, 25 and 48", "fault 11, 33". */
  const citedIn = (text: string, before: string): readonly number[] =>
    [...text.matchAll(new RegExp(`${before}faults? (\\d+(?:(?:, | and )\\d+)*)`, 'gi'))].flatMap(([, list = '']) =>
      [...list.matchAll(/\d+/g)].map(([number]) => Number(number)),
    );

  it('explains every fault that a page or the title of a test names by its number', () => {
    const inPages = pagesIn(repoRoot, ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs', 'bench']).flatMap((page) =>
      citedIn(page.text, '\\b').map((number) => [page.file, number] as const),
    );
    const inTitles = readdirSync(path.join(repoRoot, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => citedIn(read(path.join('test', name)), '[`\'"]').map((number) => [name, number] as const));
    assert.ok(inPages.length >= 9, `only ${inPages.length} were found in pages`);
    assert.ok(inTitles.length > 100, `only ${inTitles.length} were found in tests`);
    assert.deepEqual(
      [...inPages, ...inTitles].filter(([, number]) => !rows.includes(number)),
      [],
    );
    const tested = new Set(inTitles.map(([, number]) => number));
    assert.deepEqual(
      rows.filter((number) => !tested.has(number)),
      [],
      'no test has its number',
    );
  });

  it('has each of them once, in their order', () => {
    assert.deepEqual(
      rows,
      rows.map((_, index) => index + 1),
    );
  });
});

describe('docs/troubleshooting.md', () => {
  const text = proseOf(read('docs/troubleshooting.md'));
  const spoken = Object.keys(JSON.parse(read('l10n/bundle.l10n.json')) as object);
  const titles = Object.values(JSON.parse(read('package.nls.json')) as Record<string, string>);

  /** `…` stands for one thing that is filled in; a sentence may go on behind the quotation. */
  const isSaid = (quotation: string): boolean => {
    const form = quotation
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('\\{\\d\\}');
    return spoken.some(
      (sentence) => new RegExp(`^${form}(?!\\w)`).test(sentence) || new RegExp(`[.:] ${form}(?!\\w)`).test(sentence),
    );
  };

  it('quotes what the product says, word for word', () => {
    const quotations = [...text.matchAll(/“([^”]+)”/g)].map(([, quotation]) => quotation ?? '');
    assert.ok(quotations.length > 50, `only ${quotations.length} quotations were found`);
    for (const quotation of quotations) assert.ok(quotation.replaceAll(/[^a-z]/gi, '').length >= 8, quotation);
    assert.deepEqual(
      quotations.filter((quotation) => !isSaid(quotation)),
      [],
    );
    assert.ok(!isSaid('… can not start: port … is taken.'), 'what nobody says');
  });

  it('shows the words of the status bar', () => {
    const labels = inlineCode(text).filter((code) => /^Web( |$)/.test(code));
    assert.ok(labels.length > 10, `only ${labels.length} labels were found`);
    for (const label of labels) {
      const word = label.replace(/^Web ?/, '').replace(/^:\d+ ?/, '');
      assert.ok(word === '(adopted)' ? spoken.includes('{0} (adopted)') : spoken.includes(word), label);
    }
  });

  it('names buttons and commands as they are called', () => {
    const own = new Set([...spoken, ...titles, ...titles.map((title) => title.replace(/ Dev Server$/, ''))]);
    const named = [...text.matchAll(/(?<!\w)_([A-Z][^_\n]*)_(?!\w)/g)].map(([, name]) =>
      (name ?? '').replace(/^Cheatcode: /, ''),
    );
    assert.ok(named.length > 20, `only ${named.length} names were found`);
    assert.deepEqual(
      named.filter((name) => !own.has(name)),
      [],
    );
  });
});
