import type { Server } from './codeServer.mjs';
export type SampleVersion = '16.4' | '16.1' | '15.5' | '14.2';
/** One of the sample apps for the preview: the pages are the same in all of them. */
export interface Sample {
  readonly version: SampleVersion;
  readonly router: 'app' | 'pages';
  readonly bundler: 'turbopack' | 'webpack';
  /** Empty, or as `/shop`. */
  readonly basePath: string;
}
/** Lays the sample over the packages of its version, in a folder that is made anew, and returns the folder. */
export declare function layPreviewSample(to: string, sample: Sample): Promise<string>;
/** Runs `next dev` in a folder that was laid so, on a free port, and waits until it answers. The caller stops it. */
export declare function startPreviewSample(folder: string, sample: Sample): Promise<Server & { port: number }>;
