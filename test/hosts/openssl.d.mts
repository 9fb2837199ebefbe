/** Installs OpenSSL unless it is there, and returns the path of its command. */
export declare function ensureOpenssl(): Promise<string>;
/** Makes a key and a certificate of its own for these hosts in a folder. */
export declare function selfSigned(
  folder: string,
  hosts: readonly string[],
): Promise<{ readonly keyFile: string; readonly certFile: string }>;
