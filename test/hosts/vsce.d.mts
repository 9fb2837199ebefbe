export function packVsix(vsix: string, how?: readonly string[]): Promise<void>;
