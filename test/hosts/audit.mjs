// Asks the registry for known faults of the packages whose code is shipped. Not a part of npm test: what it says changes with the day.
// usage: npm run audit [-- --required]
//   fails on high and critical ones. Where nobody answers it says that nothing was looked at; with --required, and in a CI, that fails, too.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildBundles, packageFolders } from './bundles.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { npmCommand } from './nodeCommands.mjs';
import { repoRoot } from './paths.mjs';

/** All that we need is bundled, and so a dependency for development to npm: it can't tell what is shipped. */
const SHIPPED_BESIDE = 'node_modules/@lydell/node-pty-';

/**
 * What a report of `npm audit --json` means for us.
 * @param {any} report
 * @param {readonly string[]} shipped folders of packages, as in the lock file
 * @returns {{ unanswered: string } | { grave: string[], others: number }} why there is no answer; or the high and critical findings in
 * what is shipped, a line each, and how many more there are that are not grave or not shipped
 */
export function judgeAudit(report, shipped) {
  if (typeof report?.vulnerabilities !== 'object') {
    const why = report?.message ?? report?.error?.summary;
    return { unanswered: typeof why === 'string' && why !== '' ? why : 'no report' };
  }
  const found =
    /** @type {{ name: string, severity: string, range: string, nodes: string[], via: (string | { title: string, url: string })[] }[]} */ (
      Object.values(report.vulnerabilities)
    );
  const grave = found.filter(
    ({ severity, nodes }) =>
      ['high', 'critical'].includes(severity) &&
      nodes.some((node) => shipped.includes(node) || node.startsWith(SHIPPED_BESIDE)),
  );
  return {
    grave: grave.map(({ name, severity, range, via }) => {
      const causes = via.map((cause) => (typeof cause === 'string' ? `by ${cause}` : `${cause.title} (${cause.url})`));
      return `${name} ${range}: ${severity}: ${causes.join('; ')}`;
    }),
    others: found.length - grave.length,
  };
}

/**
 * Whether no answer is as bad as a bad one: nobody reads what a CI says when it passes.
 * @param {readonly string[]} words of the command
 * @param {Readonly<Record<string, string | undefined>>} env
 */
export function isAnswerRequired(words, env) {
  const ci = env['CI'] ?? '';
  return words.includes('--required') || !['', '0', 'false'].includes(ci);
}

async function main() {
  await ensureDependencies();
  const shipped = (await buildBundles()).flatMap(({ metafile }) => packageFolders(metafile));
  const [program, ...before] = npmCommand();
  const { stdout } = spawnSync(program, [...before, 'audit', '--json'], {
    cwd: repoRoot,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const verdict = judgeAudit(parsed(stdout), shipped);
  if ('unanswered' in verdict) {
    const isRequired = isAnswerRequired(process.argv.slice(2), process.env);
    console.log(`${isRequired ? 'failed' : 'skipped'}: the registry does not audit: ${verdict.unanswered}`);
    if (isRequired) process.exitCode = 1;
    return;
  }
  for (const line of verdict.grave) console.log(line);
  const packages = `${new Set(shipped).size} packages are shipped`;
  console.log(`${packages}; high and critical in them: ${verdict.grave.length}; all other findings: ${verdict.others}`);
  if (verdict.grave.length > 0) process.exitCode = 1;
}

/** @param {string | null} text */
function parsed(text) {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) void main();
