import { parseImageRef } from '../domain/job/image-ref.js';
import { TowlineError } from '../runtime/errors.js';

/** `IMAGE:TAG[@DIGEST]` of a command line. */
export function imageArgument(text: string): { image: string; tag: string; digest?: string } {
  const parsed = parseImageRef(text);
  if (parsed?.tag === undefined) {
    throw new TowlineError('image-invalid', 'invalid', `"${text}" is no image reference with a tag`, {
      help: 'Write it as NAME:TAG, for example shop/web:1.4.2; NAME may begin with a registry.',
    });
  }
  return {
    image: parsed.name,
    tag: parsed.tag,
    ...(parsed.digest === undefined ? {} : { digest: parsed.digest }),
  };
}

/** A name of an image that an engine may have: NAME, NAME:TAG, NAME@DIGEST, or an id. */
export function imageName(text: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(text) || parseImageRef(text) !== undefined) return text;
  throw new TowlineError('image-invalid', 'invalid', `"${text}" is no image`, {
    help: 'Write it as NAME:TAG, for example shop/web:1.4.2, or as its id.',
  });
}
