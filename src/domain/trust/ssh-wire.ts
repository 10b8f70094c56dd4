import { createHash } from 'node:crypto';

/** Reads the data types of the SSH protocol (RFC 4251 §5) in order. What is cut off reads as undefined, never as less. */
export class SshReader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.#at === this.bytes.byteLength;
  }

  take(length: number): Uint8Array | undefined {
    if (this.bytes.byteLength - this.#at < length) return undefined;
    const taken = this.bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  byte(): number | undefined {
    return this.take(1)?.[0];
  }

  uint32(): number | undefined {
    const four = this.take(4);
    return four === undefined ? undefined : new DataView(four.buffer, four.byteOffset, 4).getUint32(0);
  }

  string(): Uint8Array | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.take(length);
  }

  /** A string of ASCII characters; anything else is none. */
  word(): string | undefined {
    const bytes = this.string();
    return bytes?.every((byte) => byte > 0x20 && byte < 0x7f) === true
      ? Buffer.from(bytes).toString('latin1')
      : undefined;
  }

  /** A number that is not negative, as its bytes without leading zeros. */
  natural(): Uint8Array | undefined {
    const bytes = this.string();
    if (bytes === undefined || ((bytes[0] ?? 0) & 0x80) !== 0) return undefined;
    const first = bytes.findIndex((byte) => byte !== 0);
    return first < 0 ? undefined : bytes.subarray(first);
  }
}

/** A string as the SSH protocol writes it: its length, then its bytes. */
export function sshString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

/** Base64 that has exactly one way to say its bytes; anything else is undefined. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** The name of a public key as `ssh-keygen -l` prints it: `SHA256:…`. */
export function sshFingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
