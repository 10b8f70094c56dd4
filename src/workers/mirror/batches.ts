import type { KvLimits, KvOperation } from '../../ports/kv-store.js';

/**
 * Packs operations into transactions within the store's limits: the number of operations and the size of the whole JSON
 * body with Base64 values. `reserved` operations and bytes are kept free in each (lock guard, bookkeeping).
 */
export class Packer {
  readonly #most: number;
  readonly #room: number;
  #batch: KvOperation[] = [];
  #bytes = 0;

  constructor(limits: KvLimits, reserved: { operations: number; bytes: number }) {
    this.#most = limits.operations - reserved.operations;
    this.#room = limits.transactionBytes - reserved.bytes;
  }

  /** The batch before this operation, where that has no room for it. */
  add(operation: KvOperation): KvOperation[] | undefined {
    const size = bodyBytes(operation);
    const isFull =
      this.#batch.length > 0 && (this.#batch.length >= this.#most || this.#bytes + size > this.#room);
    const full = isFull ? this.rest() : undefined;
    this.#batch.push(operation);
    this.#bytes += size;
    return full;
  }

  /** What has not been given out yet. */
  rest(): KvOperation[] {
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    return batch;
  }
}

/** Upper bound of an operation's share of a transaction's body: field names, numbers and the escaped key included. */
export function bodyBytes(operation: KvOperation): number {
  const value = 'value' in operation ? Math.ceil(operation.value.byteLength / 3) * 4 : 0;
  return 160 + operation.key.length * 6 + value;
}
