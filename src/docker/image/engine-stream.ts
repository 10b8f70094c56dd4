import { oneLine } from '../../domain/source/one-line.js';
import { isObject, type Json } from '../../domain/source/json.js';
import type { Listening } from '../../ports/image-engine.js';
import { isAbort, messageOf, TowlineError } from '../../runtime/errors.js';
import { redact } from '../../runtime/redact.js';

/** What an engine's stream came to. */
export interface StreamEnd {
  /** Every `aux` object, with the `id` of its line. */
  aux: readonly { id?: string; aux: { readonly [name: string]: Json } }[];
  /** The last lines of text. */
  last: readonly string[];
}

/** Lines that are kept to explain an error. */
const LAST_LINES = 20;
/** Bytes of one line at most; BuildKit's are the longest, with a whole piece of output in Base64. */
const LINE_BYTES = 16 * 1024 * 1024;
/** `aux` objects at most: a build has a few for each step. */
const AUX_LINES = 100_000;

/**
 * Reads an answer of the engine, one JSON object a line, to its end. The engine answers 200 before it begins to work: that
 * it failed is told by a line (reference: edges.md §5). Such a line is the error `code`, with the last lines as details.
 * A stream that breaks off is `unavailable`.
 */
export async function readStream(
  stream: AsyncIterable<Uint8Array | string>,
  { code, what, signal, onLine }: { code: string; what: string } & Listening,
): Promise<StreamEnd> {
  const aux: { id?: string; aux: { readonly [name: string]: Json } }[] = [];
  const last: string[] = [];
  for await (const line of linesOf(stream, what, signal)) {
    const said = typeof line['id'] === 'string' ? { id: oneLine(line['id']) } : {};
    const failure = failureOf(line);
    if (failure !== undefined) throw failed(code, what, failure, last);
    if (isObject(line['aux'] ?? null) && aux.length < AUX_LINES)
      aux.push({ ...said, aux: line['aux'] as { [name: string]: Json } });
    for (const text of textsOf(line)) {
      const progress = progressOf(line);
      if (progress === undefined) {
        last.push(said.id === undefined ? text : `${said.id}: ${text}`);
        if (last.length > LAST_LINES) last.shift();
      }
      onLine?.({ text, ...said, ...(progress === undefined ? {} : { progress }) });
    }
  }
  return { aux, last };
}

async function* linesOf(
  stream: AsyncIterable<Uint8Array | string>,
  what: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly [name: string]: Json }> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_BYTES) throw garbled(what);
      for (const line of lines) if (line.trim() !== '') yield parsed(line, what);
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof TowlineError || isAbort(cause)) throw cause;
    throw new TowlineError(
      'containers-unavailable',
      'unavailable',
      `Docker broke off while it worked on ${what}: ${messageOf(cause)}`,
      { cause, help: 'Start Docker, or say where it is with DOCKER_HOST.' },
    );
  }
  // A stream that is given up ends as if all had been said.
  signal.throwIfAborted();
  if (rest.trim() !== '') yield parsed(rest, what);
}

function parsed(line: string, what: string): { readonly [name: string]: Json } {
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch {
    throw garbled(what);
  }
  if (!isObject(value)) throw garbled(what);
  return value;
}

function failureOf({ error, errorDetail }: { readonly [name: string]: Json }): string | undefined {
  if (isObject(errorDetail ?? null)) {
    const { message } = errorDetail as { [name: string]: Json };
    if (typeof message === 'string' && message !== '') return message;
  }
  if (error === undefined || error === null || error === '') return undefined;
  return typeof error === 'string' ? error : JSON.stringify(error);
}

function textsOf({ stream, status }: { readonly [name: string]: Json }): string[] {
  const text = typeof stream === 'string' ? stream : typeof status === 'string' ? status : '';
  return text
    .split(/[\r\n]+/)
    .map((line) => redact(oneLine(withoutColours(line))))
    .filter((line) => line !== '');
}

/** Build steps write for terminals; what is left of an escape sequence without its first character reads badly. */
function withoutColours(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
}

function progressOf(line: { readonly [name: string]: Json }): { current: number; total: number } | undefined {
  const detail = line['progressDetail'] ?? null;
  if (!isObject(detail)) return undefined;
  const { current, total } = detail;
  return typeof current === 'number' && typeof total === 'number' ? { current, total } : undefined;
}

function failed(code: string, what: string, said: string, last: readonly string[]): TowlineError {
  const [first = '', ...more] = said.split(/\r?\n/).map((line) => redact(oneLine(line)));
  return new TowlineError(code, 'refused', `${what}: ${first}`, {
    details: [...last, ...more.filter((line) => line !== '')],
  });
}

function garbled(what: string): TowlineError {
  return new TowlineError(
    'containers-garbled',
    'unavailable',
    `what answers for ${what} does not speak as Docker does`,
    { help: 'Check DOCKER_HOST: it has to name an engine, or a socket of Podman.' },
  );
}
