const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** `in 2 d 3 h`: the two largest parts of a time in ms; `now` where it is over. */
export function untilText(ms: number): string {
  let left = Math.floor(ms / 1000);
  if (left <= 0) return 'now';
  const parts: string[] = [];
  for (const [seconds, name] of UNITS) {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return `in ${parts.join(' ')}`;
}
