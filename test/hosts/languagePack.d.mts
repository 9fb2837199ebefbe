export function chooseLanguage(options: { userDataDir: string; languageId: string }): Promise<void>;
