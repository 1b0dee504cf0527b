/**
 * How nodes talk with each other: what is said is heard by whoever listens at that moment, and kept by nobody. What
 * must reach everybody goes on a board.
 */

export interface NodeBus {
  /** Of this node. */
  readonly nodeId: string;
  /** Tells all others who listen; when they cannot be reached, nobody. */
  tell(topic: string, message: Uint8Array): void;
  /** Returns a function that ends this. */
  listen(topic: string, listener: NodeListener): () => void;
}

/** What is put on it is kept for a while, in order: who was away hears it when it is back. */
export interface NoticeBoard {
  /** Of this node. */
  readonly nodeId: string;
  /** Tells all nodes, this one as well. @throws when it cannot be put there now */
  post(message: Uint8Array): Promise<void>;
  /** Hears what is posted from now on, and what is still there. Returns a function that ends this. */
  listen(onMessage: (nodeId: string, message: Uint8Array) => void): () => void;
}

export interface NodeListener {
  onMessage(nodeId: string, message: Uint8Array): void;
  /** From here on nothing is missed; called again after each time that something may have been. */
  onListening(): void;
}
