import type { KvLimits, KvOperation } from '../../ports/kv-store.js';

/**
 * Packs operations into transactions within the store's limits: the number of operations and the size of the whole JSON
 * body with Base64 values. `reserved` operations and bytes are kept free in each (lock guard, bookkeeping).
 */
export function batches(
  operations: readonly KvOperation[],
  limits: KvLimits,
  reserved: { operations: number; bytes: number },
): KvOperation[][] {
  const most = limits.operations - reserved.operations;
  const room = limits.transactionBytes - reserved.bytes;
  const result: KvOperation[][] = [];
  let batch: KvOperation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const size = bodyBytes(operation);
    if (batch.length > 0 && (batch.length >= most || bytes + size > room)) {
      result.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(operation);
    bytes += size;
  }
  if (batch.length > 0) result.push(batch);
  return result;
}

/** Upper bound of an operation's share of a transaction's body: field names, numbers and the escaped key included. */
export function bodyBytes(operation: KvOperation): number {
  const value = 'value' in operation ? Math.ceil(operation.value.byteLength / 3) * 4 : 0;
  return 160 + JSON.stringify(operation.key).length * 3 + value;
}
