/**
 * Bare Hocuspocus in a process of its own: `node bare-server.ts <database file> <port>`. It prints its address.
 */
import { startBareHocuspocus } from '../helpers/bare-hocuspocus.ts';

const [file = '', port] = process.argv.slice(2);
process.stdout.write(`http://127.0.0.1:${await startBareHocuspocus(file, { port: Number(port) })}\n`);
