import v8 from 'node:v8';

/**
 * Lets the heap grow by less than V8 would between two collections. A large mirror otherwise holds up to twice of what it
 * needs, and it depends on chance how much. V8 reads this setting at every collection, so it may come after the start.
 */
export function keepHeapSmall(): void {
  v8.setFlagsFromString('--heap-growing-percent=40');
}
