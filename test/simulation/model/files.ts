import type { Logger } from '../../../src/sessions/log';
import type { HostSettings } from '../../../src/sessions/protocol';
import { parseRecord, type SessionRecord, type SessionRecords } from '../../../src/sessions/host/sessionRecords';
import type { Proc } from './machine';
import type { Surroundings } from './ports';

/** A session's record as it lies on the disk: what a host wrote, or bytes that something else put there. */
type Stored = { readonly record: SessionRecord } | { readonly text: string };

/** The state folder of one scope: it outlives every process, and the boot. */
export class ScopeFolder {
  readonly records = new Map<string, Stored>();
  settings: HostSettings | undefined;
  /** The disk takes nothing. */
  isFull = false;
  /** Something has happened to a record behind the hosts' backs: what it said may be lost. */
  hasLostRecords = false;
  /** Records that could not be read and were moved aside. */
  movedAside = 0;

  /** The records as a host sees them: whole, old ones kept when the disk is full, unreadable ones moved aside. */
  recordsOf(host: Proc, log: Logger, surroundings: Surroundings): SessionRecords {
    return {
      write: (record) => {
        if (!surroundings.mayAct(host)) return;
        if (this.isFull) {
          this.hasLostRecords = true;
          throw new Error('ENOSPC: no space left on device');
        }
        // As on the disk: nothing of the running host's may reach the next through the record.
        this.records.set(record.id, { record: { ...record } });
      },
      remove: (id) => {
        if (surroundings.mayAct(host)) this.records.delete(id);
      },
      readAll: () => {
        const read: SessionRecord[] = [];
        for (const [id, stored] of this.records) {
          if ('record' in stored) {
            read.push(stored.record);
            continue;
          }
          try {
            read.push(parseRecord(stored.text));
          } catch (error) {
            log.warn('session record unreadable, moved aside', { file: id, error: String(error) });
            this.records.delete(id);
            this.movedAside++;
          }
        }
        return read;
      },
    };
  }

  /** Something spoils a record: empties it, cuts it short, fills it with rubbish, or writes a later version. */
  spoil(id: string, how: 'empty' | 'cut' | 'rubbish' | 'newer'): void {
    const stored = this.records.get(id);
    if (!stored || 'text' in stored) return;
    const whole = JSON.stringify({ version: 1, ...stored.record });
    const text = {
      empty: '',
      cut: whole.slice(0, whole.length >> 1),
      rubbish: '\u0000\u0001{]',
      newer: JSON.stringify({ ...stored.record, version: 99 }),
    }[how];
    this.records.set(id, { text });
    this.hasLostRecords = true;
  }
}
