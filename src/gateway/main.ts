import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { FromGateway } from '../sessions/gatewayProtocol';
import { Gateways } from './gateways';
import type { GatewayLog } from './log';
import { parseOrder } from './orders';

/**
 * Entry of the gateway process: orders of the host come in by lines, what came of them goes out by lines. Composition only.
 * It ends with its input, so it never outlives the host.
 */
function main(): void {
  const tell = (message: FromGateway) => void process.stdout.write(`${JSON.stringify(message)}\n`);
  const log: GatewayLog = (level, message, facts) => tell({ type: 'log', level, message, ...(facts && { facts }) });
  const gateways = new Gateways(tell, log);

  process.stdout.on('error', () => process.exit(0)); // Nobody listens any more.
  process.on('uncaughtException', (error) => {
    endBadly(error);
  });
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      try {
        gateways.obey(parseOrder(line));
      } catch (error) {
        log('error', 'order not understood', { error: String(error) });
      }
    })
    .on('close', () => process.exit(0));
}

/** The host reads it, logs it and starts another. At once and not by a stream, which would be cut off. */
function endBadly(error: Error): never {
  try {
    const facts = { error: error.message };
    const message: FromGateway = { type: 'log', level: 'error', message: 'gateway failed', facts };
    writeSync(1, `${JSON.stringify(message)}\n`);
    writeSync(2, `${error.stack ?? error.message}\n`);
  } catch {
    // Nobody listens any more.
  }
  process.exit(1);
}

main();
