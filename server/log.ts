/**
 * The log: pino, one JSON line for each fact; readable lines when a person looks on.
 */
import { type DestinationStream, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Config } from './config.ts';
import type { Logger } from './ports.ts';

/**
 * @param isTerminal whether the output is read by a person and not by a collector
 * @param output where the lines go: standard output
 */
export function createLog(
  level: Config['log']['level'],
  isTerminal: boolean,
  output: DestinationStream = pino.destination(1),
): Logger {
  const destination: DestinationStream = isTerminal
    ? PinoPretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' })
    : { write: (line) => output.write(escaped(line)) };
  return pino({ level, base: null }, destination);
}

/** What JSON leaves as it is, and a terminal takes for a command, a new line or another direction of writing. */
const misleading = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escaped(line: string): string {
  return line.replace(
    misleading,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
