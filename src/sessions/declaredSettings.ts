/** The settings as the manifest declares them: the only home of defaults, and what the editor's own checks go by. */

/** One of them; a JSON schema, as far as ours use it. */
export interface DeclaredSetting {
  readonly type: string | readonly string[];
  readonly default: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  /** `machine`: no workspace can set it. */
  readonly scope?: string;
}

/** By its full name. */
export type DeclaredSettings = Readonly<Record<string, DeclaredSetting>>;

/** All groups of the manifest's `contributes` together. */
export function declaredSettings(contributes: {
  readonly configuration: readonly { readonly properties: object }[];
}): DeclaredSettings {
  return Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as DeclaredSettings;
}

/** Whether the editor's own check finds nothing wrong with a value. */
export function schemaAccepts(declared: DeclaredSetting, value: unknown): boolean {
  const isType = [declared.type]
    .flat()
    .some((type) =>
      type === 'null' ? value === null : type === 'integer' ? Number.isInteger(value) : type === typeof value,
    );
  if (!isType || (declared.enum && !declared.enum.includes(value))) return false;
  if (typeof value === 'number')
    return value >= (declared.minimum ?? -Infinity) && value <= (declared.maximum ?? Infinity);
  return typeof value !== 'string' || declared.pattern === undefined || new RegExp(declared.pattern).test(value);
}
