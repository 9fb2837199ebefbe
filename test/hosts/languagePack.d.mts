export function packLanguagePack(folder: string, languageId: string): Promise<string>;
