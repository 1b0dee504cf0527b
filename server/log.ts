/**
 * The log: pino, one JSON line for each fact; readable lines when a person looks on.
 */
import { type DestinationStream, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Config } from './config.ts';
import type { Logger } from './ports.ts';

/** @param isTerminal whether the output is read by a person and not by a collector */
export function createLog(level: Config['log']['level'], isTerminal: boolean): Logger {
  const destination: DestinationStream = isTerminal
    ? PinoPretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' })
    : pino.destination(1);
  return pino({ level, base: null }, destination);
}
