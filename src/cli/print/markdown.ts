import { oneLine } from '../../domain/source/one-line.js';

/** Signs that turn the order of a line around, and show something else than what is there. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const MOST = 500;

/** Words from outside as code: the fence is longer than any run of backticks in them, so that they can't end it. */
export function code(text: string): string {
  const line = plain(text);
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** The same where the page is HTML. */
export function htmlCode(text: string): string {
  const escaped = plain(text).replace(/[&<>"'@`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<code>${escaped}</code>`;
}

/** Lines as a fenced block that is coloured as a difference. */
export function diffBlock(lines: readonly string[]): string {
  const said = lines.map((line) =>
    line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').replace(TURNING, '�'),
  );
  const fence = '`'.repeat(Math.max(3, longestRun(said.join('\n')) + 1));
  return [`${fence}diff`, ...said, fence].join('\n');
}

function plain(text: string): string {
  const line = oneLine(text).replace(TURNING, '�');
  if (line === '') return '(empty)';
  return line.length > MOST ? `${line.slice(0, MOST)}…` : line;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
