/**
 * Node's HTTP server, for peers who take their time: who is slow to say what they want, or says nothing at all, is as
 * little known as who is slow to sign in, and holds a place as well.
 */
import { createServer, type Server } from 'node:http';

/** A request with a body may take longer than its head. */
const bodiesPerHead = 3;

/** Between two looks at them, which a server at rest makes as well. */
const longestLookMs = 5_000;

/** @param headMs how long the head of a request may take, in ms; Node's own limit counts only once a byte has come */
export function impatientServer(headMs: number): Server {
  const server = createServer({
    headersTimeout: headMs,
    requestTimeout: headMs * bodiesPerHead,
    connectionsCheckingInterval: Math.min(longestLookMs, headMs / 2),
  });
  server.on('connection', (stream) => {
    const silence = setTimeout(() => {
      if (stream.bytesRead === 0) stream.destroy();
    }, headMs);
    silence.unref();
    stream.once('close', () => clearTimeout(silence));
  });
  return server;
}
