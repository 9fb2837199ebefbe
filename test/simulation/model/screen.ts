/** In place of the real screen, which is a terminal model of 1,000 lines: what is shown decides nothing. */
export class Screen {
  readonly cols = 120;
  readonly rows = 30;
  readonly onReply = () => ({ dispose: () => undefined });
  readonly onPressure = () => ({ dispose: () => undefined });

  write(): void {}

  resize(): void {}

  serialize(callback: (screen: string) => void): void {
    callback('');
  }

  lastLines(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  dispose(): void {}
}

export function withoutTerminalReplies(input: string): string {
  return input;
}
