export interface PackOptions {
  readonly dist?: string;
  readonly how?: readonly string[];
  readonly add?: (stage: string) => Promise<void>;
}
export function packVsix(vsix: string, options?: PackOptions): Promise<void>;
