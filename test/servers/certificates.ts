import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';

export interface Certificate {
  cert: string;
  key: string;
}

/** A certificate authority of its own, made by openssl, and what it signs. */
export class Authority {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'towline-ca-'));
  readonly cert: string;

  constructor(name: string) {
    this.#openssl(
      'req',
      '-x509',
      ...KEY,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    );
    this.cert = this.#read('ca.pem');
  }

  /** A certificate for a host name, or of a client. */
  issue(name: string): Certificate {
    writeFileSync(path.join(this.folder, 'names.cnf'), `subjectAltName = DNS:${name}\n`);
    this.#openssl('req', '-new', ...KEY, '-subj', `/CN=${name}`, '-keyout', 'one.key', '-out', 'one.csr');
    this.#openssl(
      ...['x509', '-req', '-days', '2', '-in', 'one.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key'],
      ...['-CAcreateserial', '-extfile', 'names.cnf', '-out', 'one.pem'],
    );
    return { cert: this.#read('one.pem'), key: this.#read('one.key') };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync(findServer('openssl'), args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  #read(name: string): string {
    return readFileSync(path.join(this.folder, name), 'utf8');
  }
}

const KEY = ['-newkey', 'rsa:2048', '-nodes'];
