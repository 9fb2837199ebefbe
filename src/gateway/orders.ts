import type { GatewayUpstream, ToGateway } from '../sessions/gatewayProtocol';

type Fields = Partial<Record<string, unknown>>;

/** A line of the host, checked. Throws at anything that is no order. */
export function parseOrder(line: string): ToGateway {
  const fields = JSON.parse(line) as Fields | null;
  const { type, id, port, upstream, hosts } = fields ?? {};
  if (type === 'hosts' && Array.isArray(hosts) && hosts.every((host) => typeof host === 'string'))
    return { type, hosts };
  if (isId(id)) {
    if (type === 'serve' && isPort(port) && isUpstream(upstream)) return { type, id, port, upstream };
    if (type === 'upstream' && isUpstream(upstream)) return { type, id, upstream };
    if (type === 'close') return { type, id };
  }
  throw new Error(`no order: ${line.slice(0, 100)}`);
}

/** It goes into a header. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

function isPort(value: unknown): value is number | undefined {
  return value === undefined || (Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536);
}

function isUpstream(value: unknown): value is GatewayUpstream {
  if (typeof value !== 'object' || value === null) return false;
  const { port, sentence, label } = value as Fields;
  return isPort(port) && typeof sentence === 'string' && typeof label === 'string';
}
