// @ts-check
const { spawn } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

/** `bare.json`: `{ "app": folder, "port": number, "pidFile": where the leader of the started group is written }`. */
function activate() {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const { app, port, pidFile } = JSON.parse(readFileSync(path.join(folder, 'bare.json'), 'utf8'));
  const child = spawn('pnpm', ['run', 'dev'], {
    cwd: path.join(folder, app),
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
    detached: true,
  });
  writeFileSync(pidFile, String(child.pid));
}

module.exports = { activate };
