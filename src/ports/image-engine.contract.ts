import { afterEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { EngineLine, ImageBuild, ImageEngine } from './image-engine.js';

/** What a suite of engines is run on. */
export interface EngineUnderTest {
  engine: ImageEngine;
  /** An image with a shell at /bin/sh and busybox' commands. */
  base: string;
  /** A registry that lets everybody in. */
  open: string;
  /** One that wants a login, which the engine has. */
  closed: string;
  /** An address where nothing answers. */
  gone: string;
}

/** What every engine behind the port must do. */
export function imageEngineContract(under: () => EngineUnderTest): void {
  describe('an engine of images', () => {
    const waiting = { signal: AbortSignal.timeout(120_000) };
    const folders: string[] = [];
    const names: string[] = [];
    afterEach(async () => {
      for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
      for (const name of names.splice(0)) await under().engine.remove(name, waiting);
    });

    const named = (registry?: string): string => {
      const name = `${registry === undefined ? '' : `${registry}/`}contract/${randomUUID()}:1`;
      names.push(name);
      return name;
    };
    const contextOf = async (files: Record<string, string>): Promise<string> => {
      const folder = await mkdtemp(path.join(os.tmpdir(), 'tl-context-'));
      folders.push(folder);
      for (const [name, text] of Object.entries(files)) {
        await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await writeFile(path.join(folder, name), text);
      }
      return folder;
    };
    const buildOf = (context: string, name: string, more: Partial<ImageBuild> = {}): ImageBuild => ({
      context,
      dockerfile: 'Dockerfile',
      names: [name],
      buildArgs: {},
      labels: {},
      pull: false,
      cache: true,
      builder: 'engine',
      stamp: 0,
      ...more,
    });
    const built = async (dockerfile: string, more: Partial<ImageBuild> = {}, name = named()) => {
      const lines: EngineLine[] = [];
      const context = await contextOf({ Dockerfile: `FROM ${under().base}\n${dockerfile}\n` });
      const { id } = await under().engine.build(buildOf(context, name, more), {
        ...waiting,
        onLine: (line) => lines.push(line),
      });
      return { id, name, lines };
    };

    it('builds, with arguments and labels, and tells what the steps say', async () => {
      const { id, name, lines } = await built('ARG GREETING\nRUN echo "said: $GREETING"', {
        buildArgs: { GREETING: 'a = "b"' },
        labels: { 'org.opencontainers.image.revision': 'abc' },
      });
      expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(lines.map(({ text }) => text)).toContain('said: a = "b"');
      expect(await under().engine.inspect(name, waiting)).toMatchObject({
        id,
        names: [name],
        digests: [],
        labels: { 'org.opencontainers.image.revision': 'abc' },
      });
      expect(await under().engine.inspect(id, waiting)).toMatchObject({ names: [name] });
    });

    it('sends a context as it is: links, what may be run, and nothing that is ignored', async () => {
      const folder = await contextOf({
        Dockerfile: `FROM ${under().base}\nCOPY . /src\nRUN find /src | sort; readlink /src/link; cat "/src/$(printf 'n\\303\\244me')"\n`,
        '.dockerignore': '# comment\nsecret*\n!secret.sample\nDockerfile\n',
        'secret.key': 'x',
        'secret.sample': 'y',
        näme: 'umlaut\n',
        [`deep/${'long-'.repeat(30)}/file`]: 'z',
      });
      await symlink('deep', path.join(folder, 'link'));
      const lines: string[] = [];
      await under().engine.build(buildOf(folder, named()), {
        ...waiting,
        onLine: ({ text }) => lines.push(text),
      });
      expect(lines).toContain('/src/secret.sample');
      expect(lines).toContain(`/src/deep/${'long-'.repeat(30)}/file`);
      expect(lines).toContain('deep');
      expect(lines).toContain('umlaut');
      expect(lines.join()).not.toMatch(/secret\.key|\/src\/Dockerfile/);
    });

    it('the same files make the same image, whenever they were written', async () => {
      const build = async (): Promise<string> => {
        const folder = await contextOf({
          Dockerfile: `FROM ${under().base}\nCOPY a b /src/\n`,
          a: '1',
          b: '2',
        });
        return (await under().engine.build(buildOf(folder, named()), waiting)).id;
      };
      expect(await build()).toBe(await build());
    });

    it('builds one stage of several, from a Dockerfile with another name', async () => {
      const folder = await contextOf({
        'ci/Image': `FROM ${under().base} AS one\nLABEL stage=one\nFROM one AS two\nLABEL stage=two\n`,
      });
      const name = named();
      await under().engine.build(buildOf(folder, name, { dockerfile: 'ci/Image', target: 'one' }), waiting);
      expect((await under().engine.inspect(name, waiting))?.labels).toMatchObject({ stage: 'one' });
    });

    it('a step that fails is an error, with what was said before it', async () => {
      await expect(built('RUN echo before the fall; exit 3')).rejects.toMatchObject({
        code: 'image-build',
        kind: 'refused',
        message: expect.stringContaining('returned a non-zero code: 3'),
        details: expect.arrayContaining(['before the fall']),
      });
    });

    it('a base image that is nowhere is an error', async () => {
      const folder = await contextOf({ Dockerfile: `FROM ${under().gone}/no/such:1\n` });
      await expect(under().engine.build(buildOf(folder, named()), waiting)).rejects.toMatchObject({
        code: 'image-build',
        message: expect.stringContaining(under().gone),
      });
    });

    it('a Dockerfile that can not be read, or is not there, is an error', async () => {
      await expect(built('NONSENSE')).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(/unknown instruction/i),
      });
      const folder = await contextOf({});
      await expect(under().engine.build(buildOf(folder, named()), waiting)).rejects.toMatchObject({
        code: 'image-context',
      });
      await expect(
        under().engine.build(buildOf(folder, named(), { dockerfile: '../Dockerfile' }), waiting),
      ).rejects.toMatchObject({ code: 'image-context' });
    });

    it('ends a build that is given up', async () => {
      const stop = new AbortController();
      const folder = await contextOf({
        Dockerfile: `FROM ${under().base}\nRUN echo it runs; sleep 300; echo ${randomUUID()}\n`,
      });
      const building = under().engine.build(buildOf(folder, named()), {
        signal: stop.signal,
        onLine: ({ text }) => {
          if (text === 'it runs') stop.abort();
        },
      });
      await expect(building).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('gives an image another name', async () => {
      const { id, name } = await built('LABEL other=yes');
      const other = named();
      await under().engine.tag(name, other, waiting);
      expect((await under().engine.inspect(other, waiting))?.id).toBe(id);
      await expect(under().engine.tag(named(), other, waiting)).rejects.toMatchObject({ kind: 'refused' });
      await expect(under().engine.tag(name, 'not a name', waiting)).rejects.toMatchObject({
        code: 'image-invalid',
      });
    });

    it.each(['open', 'closed'] as const)('pushes to a registry that is %s, and again', async (which) => {
      const name = named(under()[which]);
      await built('LABEL pushed=yes', {}, name);
      const { digest } = await under().engine.push(name, waiting);
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await under().engine.push(name, waiting)).toEqual({ digest });
      expect((await under().engine.inspect(name, waiting))?.digests).toEqual([
        `${name.slice(0, name.lastIndexOf(':'))}@${digest}`,
      ]);
    });

    it('a push that is refused is an error, and so is a registry that is gone', async () => {
      const gone = named(under().gone);
      await built('LABEL gone=yes', {}, gone);
      await expect(under().engine.push(gone, waiting)).rejects.toMatchObject({
        code: 'image-push',
        kind: 'refused',
        message: expect.stringContaining(under().gone),
      });
      await expect(under().engine.push(named(under().open), waiting)).rejects.toMatchObject({
        kind: 'refused',
      });
    });

    it('knows nothing of what is not there', async () => {
      expect(await under().engine.inspect(named(), waiting)).toBeUndefined();
      await under().engine.remove(named(), waiting);
    });
  });
}
