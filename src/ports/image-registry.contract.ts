import { describe, expect, it } from '@jest/globals';
import type { ImageRegistry } from './image-registry.js';

/** What a suite of registries is run on. */
export interface RegistryUnderTest {
  registry: ImageRegistry;
  /** The same without a login. */
  nobody: ImageRegistry;
  /** With a login that is refused. */
  wrong: ImageRegistry;
  /** `NAME:TAG` that an open registry and one that wants a login have, each with its digest. */
  open: { image: string; digest: string };
  closed: { image: string; digest: string };
  /** An address where nothing answers. */
  gone: string;
}

/** What every way to ask registries must do. */
export function imageRegistryContract(under: () => RegistryUnderTest): void {
  describe('registries', () => {
    const waiting = { signal: AbortSignal.timeout(60_000) };

    it.each(['open', 'closed'] as const)('tell the digest of an image, where it is %s', async (which) => {
      const { registry } = under();
      const { image, digest } = under()[which];
      expect(await registry.digest(image, waiting)).toBe(digest);
      const name = image.slice(0, image.lastIndexOf(':'));
      expect(await registry.digest(`${name}@${digest}`, waiting)).toBe(digest);
      expect(await registry.digest(`${image}@${digest}`, waiting)).toBe(digest);
    });

    it('have no other tag, image or digest', async () => {
      const { registry, open } = under();
      const name = open.image.slice(0, open.image.lastIndexOf(':'));
      expect(await registry.digest(`${name}:none`, waiting)).toBeUndefined();
      expect(await registry.digest(`${name}/none:1`, waiting)).toBeUndefined();
      expect(await registry.digest(`${name}@sha256:${'0'.repeat(64)}`, waiting)).toBeUndefined();
    });

    it('let nobody in without a login, or with a wrong one: that is never "it has none"', async () => {
      const { nobody, wrong, closed, open } = under();
      for (const image of [closed.image, `${closed.image}-none`]) {
        await expect(nobody.digest(image, waiting)).rejects.toMatchObject({
          code: 'registry-denied',
          kind: 'refused',
        });
        await expect(wrong.digest(image, waiting)).rejects.toMatchObject({ code: 'registry-denied' });
      }
      expect(await nobody.digest(open.image, waiting)).toBe(open.digest);
    });

    it('that are gone are an error', async () => {
      const { registry, gone } = under();
      await expect(registry.digest(`${gone}/shop/web:1`, waiting)).rejects.toMatchObject({
        code: 'registry-unavailable',
        kind: 'unavailable',
        message: expect.stringContaining(gone),
      });
    });

    it('are asked only for what can be an image', async () => {
      const { registry } = under();
      for (const image of ['', 'shop/web', '../etc:1', 'host/a/../b:1', 'host/a:1?x', 'host/a b:1'])
        await expect((async () => registry.digest(image, waiting))()).rejects.toMatchObject({
          code: 'image-invalid',
        });
    });
  });
}
