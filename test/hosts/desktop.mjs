// VS Code of the desktop for the host suite: one that is there, or one that @vscode/test-electron downloads.
import { access, constants, mkdir, open, stat } from 'node:fs/promises';
import { ensureCommand } from './debian.mjs';
import { inSandbox } from './paths.mjs';
import { SetupError } from './run.mjs';
import { step } from './step.mjs';

/** Names the program that the host suite runs in. */
const variable = 'VSCODE_EXECUTABLE_PATH';

/**
 * The editor that `VSCODE_EXECUTABLE_PATH` names.
 * @returns {Promise<string | undefined>} its program; undefined if the variable names none
 * @throws {SetupError} if that is no program, or a script that starts one
 */
export async function namedEditor() {
  const file = process.env[variable];
  if (!file) return undefined;
  const info = await stat(file).catch(() => undefined);
  if (!info) throw new SetupError(`${variable}: there is no file ${file}`);
  const isProgram =
    info.isFile() &&
    (await access(file, constants.X_OK).then(
      () => true,
      () => false,
    ));
  if (!isProgram) throw new SetupError(`${variable}: ${file} is no program`);
  // Such as /usr/bin/code, the editor's command line, which starts it apart from itself.
  if (await isScript(file))
    throw new SetupError(
      `${variable}: ${file} is a script that starts the editor: name the editor's own program, such as /usr/share/code/code`,
    );
  return file;
}

/** @param {string} file @returns {Promise<boolean>} */
async function isScript(file) {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString('latin1', 0, bytesRead) === '#!';
  } finally {
    await handle.close();
  }
}

/**
 * Downloads VS Code unless it is there; `stable` is the newest there is.
 * @param {string} version
 * @returns {Promise<string>} its program
 */
export function downloadedEditor(version) {
  return step(`VS Code ${version} of the desktop`, async () => {
    // Not at the top: the set-up imports this file before `npm ci`.
    const { downloadAndUnzipVSCode, SilentReporter } = await import('@vscode/test-electron');
    const cachePath = inSandbox('vscode');
    await mkdir(cachePath, { recursive: true });
    return downloadAndUnzipVSCode({ version, cachePath, reporter: new SilentReporter() }).catch((error) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new SetupError(
        `VS Code ${version} could not be downloaded: ${why}\nName one that is there: ${variable}=/usr/share/code/code npm test -- host`,
      );
    });
  });
}

/** The words before a command that give it a screen where there is none. @returns {Promise<string[]>} */
export async function screen() {
  const isThere = process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (isThere) return [];
  const commands = ['xvfb-run'];
  return [await ensureCommand({ title: 'Xvfb', commands, packages: ['xvfb', 'xauth'] }), '--auto-servernum'];
}
