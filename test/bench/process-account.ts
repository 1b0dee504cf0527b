/**
 * What the kernel says of a process, its threads included: Linux only.
 */
import { readFile } from 'node:fs/promises';

export interface Account {
  readonly cpuMs: number;
  /** What is in memory, garbage included. */
  readonly residentBytes: number;
  /** Given to the file system to write. */
  readonly writtenBytes: number;
}

/** Linux counts the time of processes in hundredths of a second. */
const tickMs = 10;

export async function accountOf(pid: number): Promise<Account> {
  const [stat, status, io] = await Promise.all(
    ['stat', 'status', 'io'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
  );
  // Behind the name of the program, which may hold anything.
  const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
  const numberIn = (text: string | undefined, pattern: RegExp) => Number(pattern.exec(text ?? '')?.[1]);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
    residentBytes: numberIn(status, /^VmRSS:\s+(\d+) kB/m) * 1_024,
    writtenBytes: numberIn(io, /^write_bytes: (\d+)/m),
  };
}
