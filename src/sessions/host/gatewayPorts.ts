import { readFileSync } from 'node:fs';
import { errorMessage, type Logger } from '../log';
import type { GatewayPorts } from './gateways';
import { writePrivately } from './privateFile';

/** Ports of gateways in a file of the scope's folder; one that can't be read holds none, one that can't be written is said. */
export function fileGatewayPorts(file: string, log: Logger): GatewayPorts {
  return {
    read: () => {
      try {
        return portsIn(JSON.parse(readFileSync(file, 'utf8')));
      } catch {
        return new Map(); // None kept yet, or unreadable: a gateway gets a port all the same.
      }
    },
    write: (ports) => {
      try {
        writePrivately(file, JSON.stringify(Object.fromEntries(ports)));
      } catch (error) {
        log.warn('gateway ports not kept', { error: errorMessage(error) });
      }
    },
  };
}

function portsIn(value: unknown): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  if (typeof value !== 'object' || value === null) return ports;
  for (const [id, port] of Object.entries(value) as [string, unknown][])
    if (/^[0-9a-f]{16}$/.test(id) && typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536)
      ports.set(id, port);
  return ports;
}
