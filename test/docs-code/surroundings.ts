/**
 * What the examples of the docs leave to their reader. Nothing of it is ever run: it lets the compiler read them.
 */
import type { HocuspocusProvider } from '@hocuspocus/provider';
import type { Doc } from 'yjs';
import type { SchemaNames } from '../../client/index.ts';
import type { NodeJson } from '../../markdown/index.ts';
import type { CoreContainer } from '../../server/civicpress/module.ts';

export { HocuspocusProvider } from '@hocuspocus/provider';
export { io } from 'socket.io-client';
export { WebsocketProvider } from 'y-websocket';

export declare const authorization: string;
export declare const container: CoreContainer;
export declare const document: Doc;
export declare const editor: { readonly schema: SchemaNames; getJSON(): NodeJson };
export declare const lastEventId: string;
export declare const markdown: string;
export declare const provider: HocuspocusProvider;
export declare const recordId: string;
export declare const service: { readonly username: string; readonly password: string };
export declare const token: string;
export declare const url: string;
export declare const yaml: string;

export declare function apply(event: string, data: unknown): void;
export declare function civicpressToken(): Promise<string>;
export declare function hear(message: unknown): void;
export declare function show(what: unknown): void;
