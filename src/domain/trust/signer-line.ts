import { readSshKey } from './ssh-key.js';
import { strictBase64 } from './ssh-wire.js';
import { signerTime } from './signer-time.js';

/** One line of an `allowed_signers` file: whose key it is, and when and for what it counts. */
export interface SignerLine {
  /** The first name, as the ledger and the gates call them. */
  by: string;
  /** All names as written; patterns stay patterns. */
  lineOf: readonly string[];
  /** `SHA256:…` of the key. */
  fingerprint: string;
  keyType: string;
  /** Patterns; undefined: for everything. */
  namespaces?: readonly string[];
  /** In ms since the epoch, both ends included. */
  validAfter?: number;
  validBefore?: number;
}

/** What is wrong with a line. */
export interface LineProblem {
  code: 'line' | 'principals' | 'option' | 'time' | 'certificate' | 'key';
  message: string;
  fix: string;
}

type Options = Pick<SignerLine, 'namespaces' | 'validAfter' | 'validBefore'>;

/** Reads `PRINCIPALS [OPTIONS] TYPE KEY [COMMENT]`. */
export function parseSignerLine(text: string): SignerLine | LineProblem {
  const words = wordsOf(text);
  if (words === undefined)
    return problem('line', 'a quotation mark is never closed', 'Close it, or take it away.');
  const [principals, second, third, fourth] = words;
  const names = unquoted(principals ?? '').split(',');
  const [by] = names.filter((name) => !name.startsWith('!'));
  if (by === undefined || names.some((name) => name === '' || name === '!'))
    return problem('principals', 'it names no person', 'Begin the line with names, separated by commas.');
  if (second === undefined || third === undefined)
    return problem('line', 'it holds no key', 'Write: PRINCIPALS [OPTIONS] TYPE KEY, as in ssh-keygen(1).');
  const plain = isKeyType(second);
  const options = plain ? {} : parseOptions(second);
  if ('code' in options) return options;
  const key = parseKey(plain ? second : third, plain ? third : fourth);
  if ('code' in key) return key;
  return { by, lineOf: names, ...key, ...options };
}

function parseKey(
  type: string,
  base64: string | undefined,
): Pick<SignerLine, 'fingerprint' | 'keyType'> | LineProblem {
  const fix = 'Copy the line of the public key whole: id_ed25519.pub.';
  if (!isKeyType(type)) return problem('key', `"${type}" is no type of a key`, fix);
  const blob = base64 === undefined ? undefined : strictBase64(base64);
  if (blob === undefined) return problem('key', 'the key is no Base64 text', fix);
  const key = readSshKey(blob);
  if ('reason' in key) return problem('key', `the key can't be used: ${key.reason}`, fix);
  if (key.type !== type) return problem('key', `the key is one of the type ${key.type}, not ${type}`, fix);
  return { fingerprint: key.fingerprint, keyType: type };
}

function parseOptions(text: string): Options | LineProblem {
  const options: Options = {};
  for (const option of splitOptions(text)) {
    const [, name = '', quoted] = /^([^=]*)(?:=(.*))?$/s.exec(option) ?? [];
    const value = quoted !== undefined && /^".*"$/s.test(quoted) ? unquoted(quoted) : undefined;
    const which = name.toLowerCase();
    if (which === 'cert-authority')
      return problem(
        'certificate',
        'certificates (cert-authority) are not supported',
        'List the keys of the people themselves.',
      );
    if (which !== 'namespaces' && which !== 'valid-after' && which !== 'valid-before')
      return problem(
        'option',
        `the option "${name}" is not known`,
        'Use namespaces, valid-after, valid-before.',
      );
    if (value === undefined || value === '')
      return problem('option', `${which} has no value in quotation marks`, `Write it as ${which}="…".`);
    if (which in options || (which === 'namespaces' ? 'namespaces' : camel(which)) in options)
      return problem('option', `${which} stands there twice`, 'Keep one of them.');
    if (which === 'namespaces') options.namespaces = value.split(',');
    else {
      const at = signerTime(value);
      if (at === undefined)
        return problem('time', `"${value}" is no time`, 'Write YYYYMMDD or YYYYMMDDHHMM[SS]Z, in UTC.');
      options[camel(which)] = at;
    }
  }
  const { validAfter, validBefore } = options;
  if (validAfter !== undefined && validBefore !== undefined && validBefore <= validAfter)
    return problem('time', 'valid-before is not after valid-after', 'Exchange them, or correct one.');
  return options;
}

function camel(option: 'valid-after' | 'valid-before'): 'validAfter' | 'validBefore' {
  return option === 'valid-after' ? 'validAfter' : 'validBefore';
}

/** Words between blanks; blanks inside quotation marks are part of one. Undefined where a mark is never closed. */
function wordsOf(text: string): string[] | undefined {
  const words = split(text, ' \t');
  return words?.filter((word) => word !== '');
}

function splitOptions(text: string): string[] {
  return split(text, ',') ?? [];
}

function split(text: string, separators: string): string[] | undefined {
  const parts: string[] = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quoted && character === '\\' && text.charAt(at + 1) === '"') {
      parts[parts.length - 1] += '\\"';
      at += 1;
    } else if (!quoted && separators.includes(character)) parts.push('');
    else {
      if (character === '"') quoted = !quoted;
      parts[parts.length - 1] += character;
    }
  }
  return quoted ? undefined : parts;
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('\\"', '"') : text;
}

/** Every type of a key that OpenSSH writes, those that are not supported too: they are told by name. */
function isKeyType(word: string): boolean {
  return /^(ssh|ecdsa|sk|rsa|webauthn)-[a-z0-9-]+(@openssh\.com)?$/.test(word);
}

function problem(code: LineProblem['code'], message: string, fix: string): LineProblem {
  return { code, message, fix };
}
