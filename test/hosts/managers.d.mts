/** Installs them unless they are there; gives the script of each, to be run by Node. */
export function ensureManagers(): Promise<Readonly<Record<'pnpm10' | 'pnpm12' | 'yarn1' | 'yarn4', string>>>;
