#!/usr/bin/env node
/**
 * Starts the program, sooner than Node would: what it compiled once it finds again, so that a server that was killed
 * is back within a second.
 */
import { enableCompileCache, flushCompileCache, getCompileCacheDir } from 'node:module';

enableCompileCache();
// For the worker threads.
const folder = getCompileCacheDir();
if (folder) process.env.NODE_COMPILE_CACHE ??= folder;

const { main } = await import('./program.ts');
await main();
// Node writes it at an orderly end only.
flushCompileCache();
