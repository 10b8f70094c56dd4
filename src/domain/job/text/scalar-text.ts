/**
 * Why a number would not survive being read: it is not finite, or it loses digits. `text` as it stands in the file; it is
 * not repeated, because values may be secret.
 */
export function numberProblem(text: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return 'this is not a finite number';
  if (/^[-+]?0[xo]/i.test(text))
    return Number.isSafeInteger(value)
      ? undefined
      : 'this number is too large: its last digits would be lost';
  const problem = "this can't be kept exactly as a number";
  const wanted = significantDigits(text);
  if (wanted.length <= 15 && (value !== 0 || wanted === '')) return undefined;
  if (wanted.length > 100) return problem;
  const kept = [String(value), value.toPrecision(Math.max(1, wanted.length))];
  return kept.some((digits) => significantDigits(digits) === wanted) ? undefined : problem;
}

/** The digits of a decimal number without sign, point, exponent and the zeros around them. */
function significantDigits(text: string): string {
  return text
    .replace(/e.*$/i, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '');
}

/** True for text that can't be written as UTF-8: half of a surrogate pair, from an escape like "\ud800". */
export function isBroken(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** Not `y` and `n`: the specification has them, but hardly any reader does. */
const BOOLEAN = /^(yes|no|on|off)$/i;
const DATE = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$/;
const NUMBER =
  /^[-+]?(0[0-9_]+|0b[01_]+|0o[0-7]+|[0-9][0-9_]*_[0-9_]*|[1-9][0-9]*(:[0-5]?[0-9])+)(\.[0-9]*)?$/;

/**
 * What a plain word or number means to readers of YAML 1.1 (PyYAML, Ruby, older Go), where it differs from what it means
 * here: teams move files between tools, and the two disagree silently.
 */
export function yaml11Meaning(text: string): string | undefined {
  if (BOOLEAN.test(text)) return 'true or false';
  if (DATE.test(text)) return 'a date';
  if (NUMBER.test(text)) return 'another number, or text';
  return undefined;
}

/** Files are hostile: nothing of any length goes into a message. */
export function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
