import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { ImageBuild } from '../../ports/image-engine.js';
import type { RegistryLogin } from '../../ports/image-registry.js';
import { dockerImages } from './images.js';

const ID = `sha256:${'1'.repeat(64)}`;
const DIGEST = `sha256:${'2'.repeat(64)}`;
const ann: RegistryLogin = { kind: 'password', username: 'ann', password: 'canary?>ÿ-password' };

/** An engine that says what real ones were seen to say. */
describe('an engine', () => {
  let server: Server;
  let host: string;
  let folder: string;
  let seen: { url: URL; headers: IncomingMessage['headers']; bytes: number }[];
  let reply: (response: ServerResponse, request: IncomingMessage) => void;

  beforeEach(async () => {
    seen = [];
    folder = await mkdtemp(path.join(os.tmpdir(), 'tl-context-'));
    await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
    server = createServer((request, response) => {
      const one = { url: new URL(request.url ?? '', 'http://engine'), headers: request.headers, bytes: 0 };
      seen.push(one);
      request.on('data', (piece: Buffer) => (one.bytes += piece.byteLength));
      request.on('end', () => reply(response, request));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const waiting = { signal: AbortSignal.timeout(10_000) };
  const says =
    (...lines: object[]): typeof reply =>
    (response) =>
      response.writeHead(200).end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const engine = (login?: RegistryLogin) =>
    dockerImages({
      host,
      logins: async () => login,
      allLogins: async () =>
        new Map<string, RegistryLogin>(login === undefined ? [] : [['docker.io', login]]),
    });
  const build = (more: Partial<ImageBuild> = {}): ImageBuild => ({
    context: folder,
    dockerfile: 'Dockerfile',
    names: ['shop/web:1', 'shop/web:2'],
    buildArgs: { A: '1&2' },
    labels: { 'a.b': '"' },
    pull: false,
    cache: true,
    builder: 'engine',
    stamp: 0,
    ...more,
  });
  const decoded = (header: string | string[] | undefined): unknown =>
    JSON.parse(Buffer.from(String(header), 'base64url').toString());

  it('is told names, arguments and labels, and all logins for base images', async () => {
    reply = says({ aux: { ID } });
    expect(await engine(ann).build(build({ target: 'one', pull: true, cache: false }), waiting)).toEqual({
      id: ID,
    });
    const [{ url, headers, bytes } = { url: new URL('x:'), headers: {}, bytes: 0 }] = seen;
    expect(url.searchParams.getAll('t')).toEqual(['shop/web:1', 'shop/web:2']);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      dockerfile: 'Dockerfile',
      buildargs: '{"A":"1&2"}',
      labels: '{"a.b":"\\""}',
      target: 'one',
      pull: 'true',
      nocache: 'true',
    });
    expect(url.searchParams.has('version')).toBe(false);
    expect(decoded(headers['x-registry-config'])).toEqual({
      'https://index.docker.io/v1/': { username: 'ann', password: ann.kind === 'password' && ann.password },
    });
    expect(bytes % 512).toBe(0);
  });

  it.each<[what: string, lines: object[]]>([
    ['as Docker says it', [{ stream: 'Successfully built 111\n' }, { aux: { ID } }, { stream: 'x' }]],
    [
      'as BuildKit says it',
      [
        { id: 'moby.buildkit.trace', aux: { ID: 'no' } },
        { id: 'moby.image.id', aux: { ID } },
      ],
    ],
  ])('has built an image, %s', async (_what, lines) => {
    reply = says(...lines);
    expect(await engine().build(build(), waiting)).toEqual({ id: ID });
  });

  it.each<[what: string, lines: object[]]>([
    ['nothing', []],
    ['no id', [{ stream: 'Successfully built 111\n' }, { aux: { ID: '111' } }]],
    ['a failure at its end', [{ aux: { ID } }, { errorDetail: { message: 'no space' }, error: 'no space' }]],
  ])('that says %s has built none', async (_what, lines) => {
    reply = says(...lines);
    await expect(engine().build(build(), waiting)).rejects.toMatchObject({ code: 'image-build' });
  });

  it('is not kept waiting for a context that can not be read to its end', async () => {
    await writeFile(path.join(folder, '.dockerignore'), '[a\n');
    await expect(engine().build(build(), waiting)).rejects.toMatchObject({ code: 'image-ignore' });
    await rm(path.join(folder, '.dockerignore'));
    await writeFile(path.join(folder, 'a'), 'x'.repeat(3_000_000));
    await execa('mkfifo', [path.join(folder, 'pipe')]);
    reply = says({ aux: { ID } });
    await expect(engine().build(build(), waiting)).rejects.toMatchObject({ code: 'image-context' });
  });

  it.each<[what: string, line: object]>([
    ['Docker', { progressDetail: {}, aux: { Tag: '1', Digest: DIGEST, Size: 5 } }],
    ['Podman', { status: `1: digest: ${DIGEST} size: 738` }],
  ])('that is %s tells the digest of what it pushed', async (_what, line) => {
    reply = says({ status: 'The push refers to repository [h/shop/web]' }, line);
    expect(await engine(ann).push('h.example.org/shop/web:1', waiting)).toEqual({ digest: DIGEST });
    expect(seen[0]?.url.href).toBe('http://engine/images/h.example.org/shop/web/push?tag=1');
    expect(decoded(seen[0]?.headers['x-registry-auth'])).toEqual({
      username: 'ann',
      password: ann.kind === 'password' && ann.password,
      serveraddress: 'h.example.org',
    });
  });

  it('gets an identity token as such, and a header also where there is no login', async () => {
    reply = says({ aux: { Digest: DIGEST } });
    await engine({ kind: 'identity-token', token: 'canary-t' }).push('shop/web:1', waiting);
    await engine().push('shop/web:1', waiting);
    expect(seen.map(({ headers }) => decoded(headers['x-registry-auth']))).toEqual([
      { identitytoken: 'canary-t', serveraddress: 'https://index.docker.io/v1/' },
      { serveraddress: 'https://index.docker.io/v1/' },
    ]);
  });

  it('that tells no digest may have pushed: that is read back, not sent again', async () => {
    reply = says({ status: 'Pushed', id: 'a' });
    await expect(engine().push('shop/web:1', waiting)).rejects.toMatchObject({ kind: 'unknown-outcome' });
    expect(seen).toHaveLength(1);
  });

  it.each(['shop/web', '../x:1', 'shop/web:1?x', 'a b:1'])('is never asked to push %j', async (image) => {
    await expect(engine().push(image, waiting)).rejects.toMatchObject({ code: 'image-invalid' });
    expect(seen).toEqual([]);
  });

  it('that hangs up is an error, and one that is silent is given up', async () => {
    reply = (response) => {
      response.writeHead(200).write('{"status":"x"}\n');
      setImmediate(() => response.destroy());
    };
    await expect(engine().push('shop/web:1', waiting)).rejects.toMatchObject({ kind: 'unavailable' });
    const stop = new AbortController();
    reply = () => stop.abort();
    await expect(engine().push('shop/web:1', { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await expect(engine().inspect('shop/web:1', { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('that no address leads to is a mistake of what is set', () => {
    expect(() => dockerImages({ host: 'no address', logins: async () => undefined })).toThrow(
      expect.objectContaining({ code: 'containers-host', kind: 'invalid' }),
    );
  });
});
