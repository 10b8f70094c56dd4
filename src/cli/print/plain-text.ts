import { oneLine } from '../../domain/source/one-line.js';

/** Signs that turn the order of a line around, and show something else than what is there. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const MOST = 500;

/** Words from outside on one line, with nothing in them that a terminal obeys. */
export function visibleText(text: string): string {
  return unturned(oneLine(text));
}

/** The same, of bounded length. */
export function plainText(text: string): string {
  const line = visibleText(text);
  return line.length > MOST ? `${line.slice(0, MOST)}…` : line;
}

/** A line with a mark in the place of each sign that would turn it around. */
export function unturned(line: string): string {
  return line.replace(TURNING, '\ufffd');
}

/**
 * JSON that may be shown: the same value, with what JSON leaves as it is and a terminal obeys (8-bit control characters,
 * turning signs) written as escapes.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A value on one line, not too long. */
export function valueText(value: unknown, most = 100): string {
  if (value === undefined) return '(absent)';
  const text = jsonText(value);
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}
