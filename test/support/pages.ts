import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A page of the documentation, by its path below the repository, with slashes. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** A command that a page names, as it stands there without its comment. */
export interface DocumentedCommand {
  readonly file: string;
  readonly command: string;
}

/** Every Markdown file below these folders or of these names, in the order of their names. */
export function pagesIn(repoRoot: string, places: readonly string[]): readonly Page[] {
  const files = places.flatMap((place) =>
    place.endsWith('.md')
      ? [place]
      : readdirSync(path.join(repoRoot, place))
          .filter((name) => name.endsWith('.md'))
          .sort()
          .map((name) => `${place}/${name}`),
  );
  return files.map((file) => ({ file, text: readFileSync(path.join(repoRoot, file), 'utf8') }));
}

/** A page without its fenced blocks. */
export function proseOf(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

/** What stands between backticks in a page's prose. */
export function inlineCode(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => (code ?? '').replaceAll('\\|', '|'));
}

/** A fenced block, with the word behind its fence. */
interface Block {
  readonly language: string;
  readonly body: string;
}

/** The fenced blocks of a page; one without a language is an error of the page. */
export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({ language, body }));
}

/** Programs that a page has somebody type, when they stand in a line with words behind them. */
const PROGRAMS = /^(?:sudo )?(?:npm|npx|node|code|code-server|gh|git|loginctl|systemctl|claude) \S/;

/** The commands of the `sh`, `console` and `ini` (systemd) blocks, a script as one, and those that stand in a line. */
export function commandsOf({ file, text }: Page): readonly DocumentedCommand[] {
  const blocks = blocksOf(text).flatMap(({ language, body }) => {
    if (language === 'ini') return [...body.matchAll(/^Exec\w+=[-@:+!]*(.+)$/gm)].map(([, command = '']) => command);
    if (language !== 'sh' && language !== 'console') return [];
    if (body.startsWith('#!')) return [body.trim()];
    return body
      .split('\n')
      .map((line) =>
        line
          .replace(/^\$ /, '')
          .replace(/(?:^|\s+)#\s.*$/, '')
          .trim(),
      )
      .filter((line) => line !== '');
  });
  const inline = inlineCode(text).filter((code) => PROGRAMS.test(code) || /(?:^|[\s("])cheatcode-dev \S/.test(code));
  return [...blocks, ...inline].map((command) => ({ file, command }));
}

/** A server as a block of JSON has an agent start it. */
export interface DocumentedMcpServer {
  readonly file: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** The MCP servers of the `json` blocks. @throws where a block is no JSON */
export function mcpServersOf({ file, text }: Page): readonly DocumentedMcpServer[] {
  type Server = Omit<DocumentedMcpServer, 'file'>;
  return blocksOf(text)
    .filter(({ language }) => language === 'json')
    .flatMap(({ body }) => {
      const { mcpServers, servers } = JSON.parse(body) as Record<'mcpServers' | 'servers', Record<string, Server>>;
      return Object.values(mcpServers ?? servers ?? {}).map(({ command, args }) => ({ file, command, args }));
    });
}

/** What GitHub calls the headings of a page in links. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    let anchor = plain;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${plain}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The targets of a page's links and pictures. */
export function linksOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
}
