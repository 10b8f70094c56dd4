/** Forms of registered secrets by their first characters. */
const forms = new Map<string, Form[]>();
const registered = new Set<string>();

interface Form {
  text: string;
  /** It counts only where it is not a piece of a longer word. */
  word: boolean;
}

const SHORTEST = 6;
/** How much of a form finds it. */
const HEAD = 4;
/** So much of a long one, cut off with dots, counts as well. */
const CUT = 12;

/**
 * Registers a value that must never be printed. Module state on purpose: a secret that one component knows must not
 * leak through another one's output. Short values are ignored, they would blot out ordinary words; with a `shortest` below
 * six, those in between count where they stand alone.
 */
export function registerSecret(value: string | undefined, shortest = SHORTEST): void {
  if (value === undefined || value.length < Math.max(shortest, HEAD) || registered.has(value)) return;
  registered.add(value);
  const word = value.length < SHORTEST;
  for (const text of word ? [value] : formsOf(value)) {
    const head = text.slice(0, HEAD);
    forms.set(head, [...(forms.get(head) ?? []), { text, word }]);
  }
}

/** Replaces every registered secret, in plain and as programs write it in other texts, and logins in URLs. */
export function redact(text: string): string {
  const clean = text.replace(
    /(\bhttps?:\/\/|\b[a-z][a-z0-9+.-]*:\/\/(?=[^\s/@"']*:))(?!secret:hmac-)[^\s/@"']+@/gi,
    '$1***@',
  );
  if (forms.size === 0) return clean;
  let result = '';
  let from = 0;
  for (let at = 0; at + HEAD <= clean.length;) {
    const length = lengthAt(clean, at);
    if (length === 0) at += 1;
    else {
      result += `${clean.slice(from, at)}***`;
      at += length;
      from = at;
    }
  }
  return result + clean.slice(from);
}

/** From now on nothing that is registered leaves by a stream in plain. For text: pieces of a secret are not known as such. */
export function redactWrites(stream: Pick<NodeJS.WriteStream, 'write'>): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  stream.write = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? redact(chunk) : chunk, ...rest);
}

/** How much of the text at a place is a secret. */
function lengthAt(where: string, at: number): number {
  let longest = 0;
  for (const form of forms.get(where.slice(at, at + HEAD)) ?? [])
    longest = Math.max(longest, lengthOf(form, where, at));
  return longest;
}

function lengthOf({ text, word }: Form, where: string, at: number): number {
  if (where.startsWith(text, at))
    return word && /[\p{L}\p{N}_]/u.test((where[at - 1] ?? ' ') + (where[at + text.length] ?? ' '))
      ? 0
      : text.length;
  if (word || text.length < CUT || !where.startsWith(text.slice(0, CUT), at)) return 0;
  let length = CUT;
  while (length < text.length && where[at + length] === text[length]) length += 1;
  return where.startsWith('...', at + length) || where[at + length] === '…' ? length : 0;
}

/** As it is, in JSON (once, and inside of a text in JSON), in URLs, and as base64 and hexadecimal digits. */
function formsOf(secret: string): Set<string> {
  const inJson = inside(secret);
  const bytes = Buffer.from(secret);
  return new Set([
    secret,
    inJson,
    inside(inJson),
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((before) => insideBase64(bytes, before)),
    ...secret.split('\n').filter((line) => line.trim().length >= 16),
  ]);
}

function inside(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The digits that are the same whatever stands around it, after so many bytes of a group of three. */
function insideBase64(bytes: Buffer, before: number): string[] {
  const digits = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const whole = digits.slice(
    before === 0 ? 0 : before + 1,
    (before + bytes.length) % 3 === 0 ? undefined : -1,
  );
  return whole.length < 8 ? [] : [whole];
}
