import { plainText, unturned } from './plain-text.js';

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
  const said = lines.map((line) => unturned(line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')));
  const fence = '`'.repeat(Math.max(3, longestRun(said.join('\n')) + 1));
  return [`${fence}diff`, ...said, fence].join('\n');
}

function plain(text: string): string {
  return plainText(text) || '(empty)';
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
