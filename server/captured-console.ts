/**
 * What libraries print goes to the log, one line for each fact, like everything else.
 *
 * Hocuspocus prints, with its stack, each message that it could not take. What we refused ourselves is in the log
 * already, with its reason.
 */
import { format } from 'node:util';
import { isRefusal } from '../extensions/guarded.ts';
import type { Logger } from './ports.ts';

/** More would be the stack of a stack. */
const longest = 2_000;

export function captureConsole(log: Logger): void {
  const take = (...what: unknown[]) => {
    if (what.some(isRefusal)) return;
    log.warn({ printed: format(...what).slice(0, longest) }, 'a library printed something');
  };
  console.error = take;
  console.warn = take;
}
