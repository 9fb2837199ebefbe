import { appendFileSync, renameSync, statSync } from 'node:fs';
import { formatLogLine, type Logger } from '../log';

/** Size at which the log begins a new file, in bytes; one older file is kept. */
const MAX_LOG_BYTES = 1024 * 1024;

/** The host's log file, mode 0600. A disk that takes no line costs the line, never the server. */
export function rotatingLog(file: string, level: 'debug' | 'info' = 'debug'): Logger {
  let size = sizeOf(file);
  const write = (word: string, message: string, facts: Parameters<Logger['info']>[1]) => {
    const line = `${new Date().toISOString()} ${word} ${formatLogLine(message, facts)}\n`;
    try {
      if (size + line.length > MAX_LOG_BYTES) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      size += line.length;
    } catch {
      // Nowhere to say it: the log itself is what failed.
      size = sizeOf(file);
    }
  };
  return {
    trace: () => undefined,
    debug: (message, facts) => (level === 'debug' ? write('debug', message, facts) : undefined),
    info: (message, facts) => write('info', message, facts),
    warn: (message, facts) => write('warn', message, facts),
    error: (message, facts) => write('error', message, facts),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
