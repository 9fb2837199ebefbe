/** Whether the Node.js that servers get is one that the app, its `.nvmrc` and its framework want. */
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import {
  about,
  declarationEdit,
  declarationOf,
  isExpo,
  isNext,
  type DoctorContext,
  type Patient,
} from './doctorContext';
import type { Finding, Fix } from './doctorFinding';
import { compare, isWantedByFile, parseVersion, satisfies, type Version } from './nodeRange';

/** Who wants which versions. */
interface Wish {
  /** As a person would find it. */
  readonly by: string;
  readonly wanted: string;
  readonly isMet: (version: Version) => boolean | undefined;
  /** The framework itself ends at once by a version that it does not want. */
  readonly isHard: boolean;
}

/** Where version managers keep the versions that they installed: below the home folder, with what follows the version's name. */
const INSTALLED: readonly (readonly [folder: string, below: string])[] = [
  ['.nvm/versions/node', ''],
  ['.local/share/fnm/node-versions', 'installation'],
  ['.fnm/node-versions', 'installation'],
  ['.volta/tools/image/node', ''],
  ['.asdf/installs/nodejs', ''],
  ['.local/share/mise/installs/node', ''],
];

/** Compares what is used with `.nvmrc`, `.node-version`, `engines` and the framework's own `engines`. */
export async function nodeVersionCheck(context: DoctorContext, patient: Patient): Promise<readonly Finding[]> {
  const { app, spec } = patient;
  if (spec.managed !== undefined) return [];
  const wishes = await wishesOf(context, patient);
  if (wishes.length === 0) return [];
  const used = await usedVersion(context, app.folder);
  if (used === undefined) return [];
  const unmet = wishes.filter(({ isMet }) => isMet(used) === false);
  const version = used.join('.');
  if (unmet.length === 0)
    return [
      about(app, {
        id: 'nodeVersion',
        result: 'ok',
        message: l10n.t('Node.js {0} is what {1} wants.', version, app.label),
      }),
    ];
  const wanted = unmet.map(({ by, wanted: what }) => l10n.t('{0} (by {1})', what, by)).join(', ');
  const other = await installedElsewhere(context, wishes);
  return [
    about(app, {
      id: 'nodeVersion',
      result: unmet.some(({ isHard }) => isHard) ? 'fail' : 'warn',
      message: l10n.t('{0} gets Node.js {1}, and wants {2}.', app.label, version, wanted),
      help:
        other === undefined
          ? l10n.t('Install that version, make it the default of your login shell, and open the editor anew.')
          : l10n.t(
              'Node.js {0} is installed in {1}: make it the default of your login shell, or use it for this app.',
              other.version.join('.'),
              other.folder,
            ),
      fixes: other === undefined ? [] : await commandFixes(context, patient, other),
    }),
  ];
}

async function wishesOf({ ports }: DoctorContext, patient: Patient): Promise<readonly Wish[]> {
  const { app } = patient;
  const wishes: Wish[] = [];
  const folders = app.folder === app.workspaceFolder ? [app.folder] : [app.folder, app.workspaceFolder];
  for (const name of ['.nvmrc', '.node-version']) {
    for (const folder of folders) {
      const wanted = (await ports.readText(path.join(folder, name)))?.trim();
      if (!wanted) continue;
      wishes.push({ by: name, wanted, isMet: (version) => isWantedByFile(version, wanted), isHard: false });
      break;
    }
    // One is the other's copy, and where it is not, nobody knows which counts.
    if (wishes.length > 0) break;
  }
  const engines = async (by: string, file: string, isHard: boolean) => {
    const wanted = enginesNode(await ports.readText(file));
    if (wanted !== undefined) wishes.push({ by, wanted, isMet: (version) => satisfies(version, wanted), isHard });
  };
  await engines('package.json', path.join(app.folder, 'package.json'), false);
  const modules = path.join(app.folder, 'node_modules');
  if (isNext(patient)) await engines('Next.js', path.join(modules, 'next', 'package.json'), true);
  if (isExpo(patient)) await engines('Metro', path.join(modules, 'metro', 'package.json'), true);
  return wishes;
}

function enginesNode(text: string | undefined): string | undefined {
  try {
    const { engines } = JSON.parse(text ?? '{}') as { readonly engines?: { readonly node?: unknown } | null };
    return typeof engines?.node === 'string' ? engines.node : undefined;
  } catch {
    return undefined;
  }
}

/** Of the Node.js that servers find first on their PATH; undefined where there is none, or it may not be asked. */
async function usedVersion(context: DoctorContext, folder: string): Promise<Version | undefined> {
  const { ports } = context;
  const env = await context.serverEnvironment();
  const file = await ports.findProgram('node', folder, env);
  if (file === undefined) return undefined;
  if ((await ports.realPath(file)) === (await ports.realPath(process.execPath))) return parseVersion(process.version);
  if (!context.trusted) return undefined;
  return parseVersion((await ports.outputOf(file, ['--version'], { cwd: folder, env })) ?? '');
}

interface Installed {
  readonly version: Version;
  /** That holds `node`. */
  readonly folder: string;
}

/** The newest version that a version manager has, and that all wishes are met by. */
async function installedElsewhere(
  { ports, env }: DoctorContext,
  wishes: readonly Wish[],
): Promise<Installed | undefined> {
  if (ports.platform === 'win32') return undefined;
  const home = env['HOME'];
  const places = [
    ...(env['NVM_DIR'] ? [[path.join(env['NVM_DIR'], 'versions/node'), ''] as const] : []),
    ...(env['FNM_DIR'] ? [[path.join(env['FNM_DIR'], 'node-versions'), 'installation'] as const] : []),
    ...(home ? INSTALLED.map(([folder, below]) => [path.join(home, folder), below] as const) : []),
  ];
  let best: Installed | undefined;
  for (const [root, below] of places)
    for (const name of await ports.names(root)) {
      const version = parseVersion(name);
      if (!version || wishes.some(({ isMet }) => isMet(version) === false)) continue;
      const folder = path.join(root, name, below, 'bin');
      if (best && compare(version, best.version) <= 0) continue;
      if (await ports.exists(path.join(folder, 'node'))) best = { version, folder };
    }
  return best;
}

/** A command that puts that Node.js first. A mobile app's own would lose its tunnel's way out by one. */
async function commandFixes(
  context: DoctorContext,
  { app, spec }: Patient,
  { version, folder }: Installed,
): Promise<readonly Fix[]> {
  if (app.type === 'mobile' || /["$`\\]/.test(folder)) return [];
  const [program, flag, script] = spec.command;
  const plain = program === 'sh' && flag === '-c' && script !== undefined ? script : spec.command.map(quoted).join(' ');
  const value = `PATH="${folder}:$PATH" ${plain}`;
  const title = l10n.t('Use Node.js {0}', version.join('.'));
  if (app.declared.command !== undefined && context.settings.web.command === undefined) {
    const declaration = await declarationOf(context, app);
    if (!declaration) return [];
    const change = declarationEdit(declaration, ['command'], value);
    return [{ title, detail: l10n.t('Changes {0}.', change.file), change }];
  }
  if (app.type !== 'web') return [];
  const setting = 'cheatcode.web.command';
  return [{ title, detail: l10n.t('Sets {0} to {1}.', setting, value), change: { kind: 'setting', setting, value } }];
}

function quoted(word: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
