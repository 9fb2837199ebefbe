/** Older versions of Next.js than the sample's; 16.1 has a lock file that says nothing, the others have none. */
export type NextVersion = '16.1.3' | '15.5.29' | '14.2.35';
export declare const nextVersions: NextVersion[];
/** Prepares `.sandbox/next-apps/<version>` for each version unless they are there, and returns the folder above them. */
export declare function ensureNextApps(): Promise<string>;
/** Makes a fresh copy of the app of a version and returns its folder; its packages are hard links. */
export declare function copyNextApp(version: NextVersion, to: string): Promise<string>;
