/** The advice for agents that a person may have in the workspace, as Markdown between two marks. Pure. */
const BEGIN = '<!-- cheatcode-dev: advice for agents -->';
const END = '<!-- /cheatcode-dev -->';

/** Short on purpose: an agent reads it with everything else. The whole of it is docs/agents.md. */
const ADVICE = `## Dev server

The dev server of this workspace may run already, and there must be one only. Never start it yourself (\`pnpm dev\`, \`next dev\`,
\`expo start\`). Ask for it instead, by the tools \`cheatcode_ensureDevServer\` and so on if you have them, else by these commands:

- \`cheatcode-dev ensure --json\` starts it unless it runs, waits until it answers, and prints its URL (\`.apps[0].url\`).
- \`cheatcode-dev status --json\` says how it is; \`cheatcode-dev logs -n 100\` prints its last output.
- \`cheatcode-dev restart --json\` only if a change needs it. Do not stop it when you are done: others use it.
- Exit code 1: it failed, and the message ends with its last output. 4: still starting, ask again. 5: a person must decide.
`;

/** The file's text with the advice in it: in place of an earlier one, else behind all else. Line ends are the file's. */
export function withAgentAdvice(text: string): string {
  const isWindows = text.includes('\r\n');
  const own = `${BEGIN}\n\n${ADVICE}\n${END}`;
  const plain = text.replaceAll('\r\n', '\n');
  const from = plain.indexOf(BEGIN);
  const to = plain.indexOf(END, from);
  const result =
    from >= 0 && to >= 0
      ? plain.slice(0, from) + own + plain.slice(to + END.length)
      : `${plain.trim() === '' ? '' : `${plain.trimEnd()}\n\n`}${own}\n`;
  return isWindows ? result.replaceAll('\n', '\r\n') : result;
}
