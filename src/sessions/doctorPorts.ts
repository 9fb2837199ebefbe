/** What the doctor's checks look at, as small questions: a test answers them, `doctorSystem.ts` asks this machine. */

/** A process as the doctor sees it; zombies are among them. */
export interface SeenProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly isZombie: boolean;
  readonly command: string;
}

/** The first process of this machine or container. */
export interface FirstProcess {
  /** Short name of the program. */
  readonly name: string;
  readonly command: string;
  /** It has told the system to forget its children when they end: none becomes a zombie. */
  readonly ignoresChildren: boolean;
}

interface DiskFacts {
  /** One disk has one, whatever folder was asked about. */
  readonly device: string;
  /** Number of the file system's kind, as `statfs` of Linux has it. */
  readonly type: number;
  readonly freeBytes: number;
  /** How many more files it takes; undefined where it does not count them. */
  readonly freeFiles: number | undefined;
}

export interface DoctorPorts {
  readonly platform: NodeJS.Platform;
  /** The text of a file; undefined: it can't be read. */
  readText(file: string): Promise<string | undefined>;
  exists(file: string): Promise<boolean>;
  /** Names in a folder; empty where there is none. */
  names(folder: string): Promise<readonly string[]>;
  realPath(file: string): Promise<string>;
  /** Whether the packages of an app are as its lock file says. */
  installed(folder: string): Promise<'installed' | 'missing' | 'differs'>;
  /** Undefined: it can't be told. */
  disk(folder: string): Promise<DiskFacts | undefined>;
  /** The name of the kind of file system as the system mounts it (`nfs4`, `fuse.sshfs`). */
  mountKind(folder: string): Promise<string | undefined>;
  /** What may still be used here, the limits of a container counted in. */
  freeMemory(): Promise<number | undefined>;
  /** All that can be seen; undefined where that can't be told. */
  processes(): Promise<readonly SeenProcess[] | undefined>;
  firstProcess(): Promise<FirstProcess | undefined>;
  /** By device and inode; undefined: hidden. */
  runsIn(pid: number, folder: string): Promise<boolean | undefined>;
  /** A variable as a process got it; undefined: not set, or hidden. */
  variableOf(pid: number, name: string): Promise<string | undefined>;
  isPortFree(port: number): Promise<boolean>;
  /** In words for a person; undefined: by whom can't be seen. */
  portHolder(port: number): Promise<{ readonly words: string; readonly pid: number } | undefined>;
  findProgram(
    program: string,
    folder: string,
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<string | undefined>;
  /** What a program prints; undefined: it is missing, fails, or takes too long. */
  outputOf(
    file: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
  ): Promise<string | undefined>;
  /** Whether a process that can be seen holds the kernel's lock of that file; undefined: it can't be told. */
  isLocked(file: string): Promise<boolean | undefined>;
}
