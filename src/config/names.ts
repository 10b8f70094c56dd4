import { unaddressable } from '../domain/source/kv-layout.js';

/** Why git would refuse a branch name, by the rules of git-check-ref-format; undefined where it would not. */
export function branchProblem(name: string): string | undefined {
  if (name.startsWith('-')) return 'it begins with "-"';
  if (name.startsWith('refs/')) return 'it is a full ref';
  if (name === 'HEAD' || name === '@') return 'git means something else by it';
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name))
    return 'it holds a space, a control character or one of ~^:?*[\\';
  if (name.includes('..') || name.includes('@{') || name.includes('//')) return 'it holds "..", "@{" or "//"';
  if (name === '' || name.startsWith('/') || name.endsWith('/') || name.endsWith('.'))
    return 'its first or last character is not allowed';
  if (name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock')))
    return 'a part begins with "." or ends with ".lock"';
  return undefined;
}

/** Why two branches can't be there at once: they are the same, or one would have to be the other's folder. */
export function branchesClash(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

/** Why a text is no folder of a repository; '' is its root. */
export function folderProblem(folder: string): string | undefined {
  if (folder === '') return undefined;
  if (/[\u0000-\u001f\u007f\u00a0]/.test(folder)) return 'it holds a control character or a no-break space';
  if (folder.includes('\\')) return 'folders are separated by "/"';
  const parts = folder.split('/');
  if (parts.includes('..') || parts.includes('.')) return 'it holds "." or ".."';
  if (parts.includes('')) return 'it holds an empty part';
  return parts.some((part) => part.toLowerCase() === '.git') ? "it is git's own" : undefined;
}

/** Why Consul can't hold keys below a prefix. */
export function prefixProblem(prefix: string): string | undefined {
  return prefix === '/' ? 'it is empty' : unaddressable(prefix.replace(/\/$/, ''))?.replace('its name', 'it');
}
