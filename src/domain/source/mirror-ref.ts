import { isObject, type Json } from './json.js';
import type { MirrorChanges, MirrorException, MirrorFolder, MirrorRef } from './kv-layout.js';
import { parseObjectId, parseRevision } from './revision.js';

/** What `.ref` says, or why it says nothing that can be trusted. KV is outside: everything is checked. */
export function parseMirrorRef(bytes: Uint8Array): { mirrorRef: MirrorRef } | { reason: string } {
  const value = parseJson(bytes);
  if (!isObject(value)) return { reason: 'it is not a JSON object' };
  if (value['version'] !== 1)
    return { reason: `its version is ${JSON.stringify(value['version'])}, expected 1` };
  const revision = typeof value['revision'] === 'string' ? parseRevision(value['revision']) : undefined;
  if (revision === undefined) return { reason: 'its revision is not a full commit id' };
  if (typeof value['branch'] !== 'string') return { reason: 'it names no branch' };
  const folders = Array.isArray(value['folders']) ? value['folders'].map(parseFolder) : [];
  if (folders.length === 0) return { reason: 'it names no folder' };
  const whole = folders.filter((f): f is MirrorFolder => f !== undefined);
  if (whole.length !== folders.length) return { reason: 'one of its folders is not complete' };
  return { mirrorRef: { version: 1, revision, branch: value['branch'], folders: whole } };
}

/** What `.changes` says; undefined where it says nothing of use (it is only a hint). */
export function parseMirrorChanges(bytes: Uint8Array): MirrorChanges | undefined {
  const value = parseJson(bytes);
  if (!isObject(value) || value['version'] !== 1) return undefined;
  const { state, from, to, keys } = value;
  const toRevision = typeof to === 'string' ? parseRevision(to) : undefined;
  const fromRevision = typeof from === 'string' ? parseRevision(from) : null;
  if ((state !== 'writing' && state !== 'done') || toRevision === undefined || fromRevision === undefined)
    return undefined;
  const list = Array.isArray(keys) && keys.every((k) => typeof k === 'string') ? keys : null;
  return { version: 1, state, from: fromRevision, to: toRevision, keys: list };
}

function parseFolder(value: Json): MirrorFolder | undefined {
  if (!isObject(value)) return undefined;
  const { folder, prefix, tree, files, format, exceptions } = value;
  const id = typeof tree === 'string' ? parseObjectId(tree) : undefined;
  if (typeof folder !== 'string' || typeof prefix !== 'string' || id === undefined) return undefined;
  if (typeof files !== 'number' || (format !== 'sha1' && format !== 'sha256')) return undefined;
  if (!Array.isArray(exceptions)) return undefined;
  const parsed = exceptions.map(parseException);
  const whole = parsed.filter((e): e is MirrorException => e !== undefined);
  if (whole.length !== parsed.length) return undefined;
  return { folder, prefix, tree: id, files, format, exceptions: whole };
}

function parseException(value: Json): MirrorException | undefined {
  if (!isObject(value)) return undefined;
  const { path, pathHex, mode, id, held, reason } = value;
  const object = typeof id === 'string' ? parseObjectId(id) : undefined;
  if (typeof path !== 'string' || object === undefined || typeof held !== 'boolean') return undefined;
  if (mode !== '100644' && mode !== '100755' && mode !== '120000' && mode !== '160000') return undefined;
  return {
    path,
    mode,
    id: object,
    held,
    ...(typeof pathHex === 'string' ? { pathHex } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

function parseJson(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    return undefined;
  }
}
