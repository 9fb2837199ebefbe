import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * An account that exists in mount namespaces of a test's own only, with a home folder whose start files are as Debian's: what
 * `.bashrc` sets up is for interactive shells. Needs root. Its files lie in a folder of the caller's, who removes it.
 */
export class Account {
  readonly home: string;
  readonly #passwd: string;

  /** `bashrc` is what a version manager would have written there. Whoever is to enter `folder` must be let in by the caller. */
  constructor(
    folder: string,
    readonly uid: number,
    bashrc: string,
  ) {
    this.home = path.join(folder, 'home');
    this.#passwd = path.join(folder, 'passwd');
    const others = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .filter((line) => line !== '' && line.split(':')[2] !== String(uid));
    mkdirSync(this.home, { recursive: true });
    writeFileSync(this.#passwd, [...others, `dev:x:${uid}:${uid}::${this.home}:/bin/bash`, ''].join('\n'));
    chmodSync(this.#passwd, 0o644);
    writeFileSync(path.join(this.home, '.bashrc'), `case $- in *i*) ;; *) return;; esac\n${bashrc}`);
    writeFileSync(path.join(this.home, '.profile'), '[ -n "$BASH_VERSION" ] && . "$HOME/.bashrc"\n');
    this.own(this.home);
  }

  /** Gives a file, or a folder and all that is in it but installed packages, which may be hard links to what others use. */
  own(file: string): void {
    for (const one of filesOf(file)) lchownSync(one, this.uid, this.uid);
  }

  /** Words that run the rest as root, where the account exists. */
  get asRoot(): string[] {
    const script = `mount --bind '${this.#passwd}' /etc/passwd && exec "$@"`;
    return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  }

  /** Words that run the rest as the account. */
  get asItself(): string[] {
    return [...this.asRoot, 'setpriv', `--reuid=${this.uid}`, `--regid=${this.uid}`, '--clear-groups'];
  }
}

/** A file, or a folder with all below but what is installed. */
export function filesOf(file: string): string[] {
  const isFolder = lstatSync(file).isDirectory();
  const below = isFolder && path.basename(file) !== 'node_modules' ? readdirSync(file) : [];
  return [file, ...below.flatMap((name) => filesOf(path.join(file, name)))];
}
