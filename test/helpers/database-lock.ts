/**
 * Another process that locks a SQLite file, as a backup does, or an operator with a forgotten transaction.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

const holdLock = `
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
  database.exec('BEGIN EXCLUSIVE');
  process.stdout.write('locked');
  process.stdin.on('data', () => process.exit()).on('end', () => process.exit());
`;

/** Resolves, once it is locked, with the function that ends it. */
export async function lockDatabase(file: string): Promise<() => Promise<void>> {
  const holder = spawn(process.execPath, ['-e', holdLock, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return async () => {
    holder.stdin.end('go');
    await ended;
  };
}
