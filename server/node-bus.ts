/**
 * How nodes talk with each other: what is said is heard by whoever listens at that moment, and kept by nobody.
 */

export interface NodeBus {
  /** Of this node. */
  readonly nodeId: string;
  /** Tells all others who listen; when they cannot be reached, nobody. */
  tell(topic: string, message: Uint8Array): void;
  /** Returns a function that ends this. */
  listen(topic: string, listener: NodeListener): () => void;
}

export interface NodeListener {
  onMessage(nodeId: string, message: Uint8Array): void;
  /** From here on nothing is missed; called again after each time that something may have been. */
  onListening(): void;
}
