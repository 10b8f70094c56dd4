/** A Docker image reference, split: `registry:5000/shop/web:1.2@sha256:…`. */
export interface ImageRef {
  /** Name with registry host and port where given, without tag and digest: `registry:5000/shop/web`. */
  name: string;
  tag?: string;
  /** `sha256:<64 hex>`. */
  digest?: string;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;

/**
 * Parses an image reference by the grammar of distribution/reference: the first component is a registry host only if it
 * holds a `.` or `:` or is `localhost`; a digest wins over a tag. Undefined where the text is none.
 */
export function parseImageRef(text: string): ImageRef | undefined {
  let rest = text;
  let digest: string | undefined;
  let tag: string | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!DIGEST.test(digest)) return undefined;
  }
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!TAG.test(tag)) return undefined;
  }
  if (rest.length === 0 || rest.length > 255 || !validName(rest)) return undefined;
  return { name: rest, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** `name:tag@digest`, whichever parts there are. */
export function imageRefText(ref: ImageRef): string {
  return (
    ref.name +
    (ref.tag === undefined ? '' : `:${ref.tag}`) +
    (ref.digest === undefined ? '' : `@${ref.digest}`)
  );
}

/**
 * What a reference names as a release: `name:tag`. Without a tag that is `latest`, unless a digest says which one it is:
 * then it names none.
 */
export function releaseName(text: string): string | undefined {
  const { name, tag, digest } = parseImageRef(text) ?? {};
  if (name === undefined || (tag === undefined && digest !== undefined)) return undefined;
  return `${name}:${tag ?? 'latest'}`;
}

function validName(name: string): boolean {
  const parts = name.split('/');
  const first = parts[0] ?? '';
  const hasHost = parts.length > 1 && (/[.:]/.test(first) || first === 'localhost');
  if (hasHost && !HOST.test(first)) return false;
  const path = hasHost ? parts.slice(1) : parts;
  return path.length > 0 && path.every((part) => COMPONENT.test(part));
}

/** True where a reference can name another image tomorrow: no digest, and no tag or `latest`. False for what is none. */
export function moves(text: string): boolean {
  const ref = parseImageRef(text);
  return ref !== undefined && ref.digest === undefined && (ref.tag === undefined || ref.tag === 'latest');
}
