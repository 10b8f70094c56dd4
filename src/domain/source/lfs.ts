/** Git LFS keeps a file elsewhere and a small text in its place (git-lfs specification, version 1). */
const POINTER = 'version https://git-lfs.github.com/spec/v1\n';
/** The specification says that a pointer is shorter than this. */
export const MOST_POINTER_BYTES = 1024;

export function isLfsPointer(bytes: Uint8Array): boolean {
  if (bytes.byteLength >= MOST_POINTER_BYTES || bytes.byteLength < POINTER.length) return false;
  return new TextDecoder('latin1').decode(bytes.subarray(0, POINTER.length)) === POINTER;
}

/** True where some files may be kept elsewhere. */
export function namesLfs(gitattributes: Uint8Array): boolean {
  return /\bfilter=lfs\b/.test(new TextDecoder('latin1').decode(gitattributes));
}
