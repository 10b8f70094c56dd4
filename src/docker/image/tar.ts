/** An entry of a tar archive. Paths have `/` and do not begin with one. */
export type TarEntry =
  | { kind: 'folder'; path: string; mode: number }
  | { kind: 'link'; path: string; mode: number; target: string }
  | { kind: 'file'; path: string; mode: number; size: number; content: AsyncIterable<Uint8Array> };

const BLOCK = 512;
/** What eleven octal digits can hold. */
const LARGEST = 8 ** 11 - 1;
const TYPES = { file: '0', link: '2', folder: '5', extended: 'x' } as const;

/**
 * A tar archive (POSIX pax) of entries in the order that they come in, owned by root and stamped with the same second
 * throughout: the same entries make the same bytes. Holds one chunk at a time. A file whose content is not of its size is
 * the caller's mistake and throws.
 */
export async function* tar(entries: AsyncIterable<TarEntry>, stamp: number): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield* headers(entry, stamp);
    if (entry.kind !== 'file') continue;
    let size = 0;
    for await (const chunk of entry.content) {
      size += chunk.byteLength;
      if (size > entry.size) break;
      yield chunk;
    }
    if (size !== entry.size) throw new RangeError(`${entry.path} has another size than its header says`);
    yield padding(size);
  }
  yield new Uint8Array(BLOCK * 2);
}

function* headers(entry: TarEntry, stamp: number): Generator<Uint8Array> {
  const name = entry.kind === 'folder' ? `${entry.path}/` : entry.path;
  const target = entry.kind === 'link' ? entry.target : '';
  const size = entry.kind === 'file' ? entry.size : 0;
  const extended = [
    ...(fits(name) ? [] : [record('path', name)]),
    ...(fits(target) ? [] : [record('linkpath', target)]),
    ...(size <= LARGEST ? [] : [record('size', String(size))]),
  ].join('');
  if (extended !== '') {
    const body = Buffer.from(extended);
    yield header({ name: 'PaxHeader', type: 'extended', mode: 0o644, size: body.byteLength, stamp });
    yield body;
    yield padding(body.byteLength);
  }
  yield header({ name, target, type: entry.kind, mode: entry.mode, size, stamp });
}

/** True where a name needs no extended header: short, and in letters that every program reads the same. */
function fits(name: string): boolean {
  return name.length <= 100 && /^[\u0020-\u007e]*$/.test(name);
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts its own digits too. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function header({
  name,
  target = '',
  type,
  mode,
  size,
  stamp,
}: {
  name: string;
  target?: string;
  type: keyof typeof TYPES;
  mode: number;
  size: number;
  stamp: number;
}): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, '0'), at, digits, 'latin1');
  };
  block.write(name, 0, 100, 'utf8');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(Math.min(size, LARGEST), 124, 11);
  octal(Math.max(0, Math.min(stamp, LARGEST)), 136, 11);
  block.write('        ', 148, 8, 'latin1');
  block.write(TYPES[type], 156, 1, 'latin1');
  block.write(target, 157, 100, 'utf8');
  block.write('ustar\u000000', 257, 8, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block.write('\u0000 ', 154, 2, 'latin1');
  return block;
}

function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}
