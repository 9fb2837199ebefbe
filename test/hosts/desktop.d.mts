/** The program that `VSCODE_EXECUTABLE_PATH` names; undefined if it names none. Rejects if that is no program. */
export declare function namedEditor(): Promise<string | undefined>;
