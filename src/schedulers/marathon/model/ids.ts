/** One label of a segment; labels are joined by dots (reference: marathon.md §2.1). Linear for any input. */
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** What the last segment must not be (1.8 and later). */
const RESERVED = new Set(['restart', 'tasks', 'versions']);

/**
 * The absolute form of an id, seen from a group: one slash in front, none doubled, none at the end, `.` and `..` resolved
 * (`..` above the root stays there), as Marathon makes it of any id that it is sent.
 */
export function absoluteId(id: string, base = '/'): string {
  const parts = id.startsWith('/') ? [] : base.split('/').filter((p) => p !== '');
  for (const part of id.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/**
 * Why Marathon refuses an id as it is written; undefined where it does not. `..` may lead out of a group, a lone `.` is
 * refused (reference: marathon.md §2.1; §6: upper case is refused, double slashes collapse).
 */
export function idProblem(id: string): { problem: string; fix: string } | undefined {
  const parts = id.split('/').filter((p) => p !== '');
  const last = parts.at(-1);
  if (last === undefined) return { problem: 'it names no job', fix: 'For example: /shop/web' };
  const bad = parts.find((part) => part !== '..' && !part.split('.').every((label) => LABEL.test(label)));
  if (bad !== undefined)
    return {
      problem: `${JSON.stringify(bad)} may hold lower-case letters, digits, dashes and dots only, and begins and ends with a letter or digit`,
      fix: suggestion(id),
    };
  if (last === '..') return { problem: 'it ends in ".."', fix: 'Name the job itself.' };
  return RESERVED.has(last)
    ? { problem: `${JSON.stringify(last)} is reserved by Marathon`, fix: 'Give the last part another name.' }
    : undefined;
}

/** The group that a job is in: `/shop` for `/shop/web`, `/` for `/web`. */
export function parentOf(id: string): string {
  const at = id.lastIndexOf('/');
  return at <= 0 ? '/' : id.slice(0, at);
}

/** Every group around a job but the root, from the top: `/a`, `/a/b` for `/a/b/c`. */
export function groupsAround(id: string): string[] {
  const parts = id.split('/').slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`);
}

/** The top-level group of a job, whose name may be its role; undefined where it is in the root. */
export function topGroup(id: string): string | undefined {
  return groupsAround(id)[0];
}

/** The same id in letters that Marathon takes. */
function suggestion(id: string): string {
  const parts = id.split('/').map((part) =>
    part === '..'
      ? part
      : part
          .toLowerCase()
          .split('.')
          .map((label) => label.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''))
          .filter((label) => label !== '')
          .join('.'),
  );
  const text = parts.filter((part, at) => part !== '' || at === 0).join('/');
  return text.length > 1 && text.length <= 200 ? `Write ${text}.` : 'For example: /shop/web';
}
