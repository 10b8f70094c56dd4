/** Rows in columns, padded by what is seen on a terminal; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, seen(cell).length)));
  return rows.map((row) =>
    row
      .map((cell, at) =>
        at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - seen(cell).length),
      )
      .join('  ')
      .trimEnd(),
  );
}

function seen(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}
