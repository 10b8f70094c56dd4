import { Lexer } from 'yaml';
import type { Silence } from '../manifest.js';
import type { Lines } from './lines.js';

const WORD = 'towline-ignore';
const FORM = /^#+\s*towline-ignore(-file)?\s+([\w./-]+(?:\s*,\s*[\w./-]+)*)\s*(?::\s*(.*\S))?\s*$/;
/** What the lexer puts between tokens without a character of the text. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f', '\ufeff']);

/**
 * Comments of a YAML file that take findings back: `# towline-ignore CODE[, CODE]: REASON` for its own line or, alone on
 * a line, for the next line that holds something; `# towline-ignore-file CODE: REASON` for the whole file. Read by the
 * lexer: a `#` inside a string or a script is none.
 */
export function silencesOf(file: string, text: string, lines: Lines): Silence[] {
  if (!text.includes(WORD)) return [];
  const silences: Silence[] = [];
  const pending: Silence[] = [];
  let offset = 0;
  let contentLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) {
      if (token === '\ufeff') offset += 1;
      continue;
    }
    const { line } = lines.at(offset);
    offset += token.length;
    if (token.startsWith('#')) {
      const silence = parse(file, token, line);
      if (silence === undefined) continue;
      silences.push(silence);
      if (!silence.wholeFile && contentLine !== line) pending.push(silence);
    } else if (token.trim() !== '') {
      for (const silence of pending.splice(0)) silence.target = line;
      contentLine = line;
    }
  }
  return silences;
}

function parse(file: string, comment: string, line: number): Silence | undefined {
  if (!comment.includes(WORD)) return undefined;
  const match = FORM.exec(comment);
  const codes = match?.[2]?.split(/\s*,\s*/) ?? [];
  return {
    file,
    line,
    target: line,
    wholeFile: match?.[1] !== undefined,
    codes,
    ...(match?.[3] === undefined ? {} : { reason: match[3] }),
  };
}
