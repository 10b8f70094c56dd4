/**
 * Text from outside on one line: a line break or another control character in it must neither begin a line of its own nor
 * reach a terminal.
 */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
}

/** `1 job`, `2 jobs`; for a word whose plural has no plain s it is said. */
export function counted(n: number, what: string, many = `${what}s`): string {
  return `${n} ${n === 1 ? what : many}`;
}
