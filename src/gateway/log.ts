import type { FromGateway } from '../sessions/gatewayProtocol';

type LogMessage = Extract<FromGateway, { type: 'log' }>;

/** Tells the host a line for its log: a short lower-case sentence, then facts. */
export type GatewayLog = (level: LogMessage['level'], message: string, facts?: LogMessage['facts']) => void;
