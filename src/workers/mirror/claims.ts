import { kvLayout, type KvKey, type KvLayout } from '../../domain/source/kv-layout.js';
import { parseMirrorRef } from '../../domain/source/mirror-ref.js';
import type { KvStore, Waiting } from '../../ports/kv-store.js';
import { TowlineError } from '../../runtime/errors.js';

/** A prefix that somebody writes: a mirror by its name, or Towline itself (''). */
export interface Claim {
  name: string;
  prefix: string;
}

/**
 * Who writes where: Towline below its root, and every mirror that has a `.ref`, also those that other processes run. All
 * their keys carry the same mark, so without this one mirror would delete another one's keys. `also`: where environments
 * keep their keys, as far as they are known; one may lie outside of the root.
 */
export async function readClaims(
  kv: KvStore,
  root: string,
  { also = [], ...waiting }: Waiting & { also?: readonly string[] },
): Promise<Claim[]> {
  const home = `${root}mirrors/`;
  const refs = (await kv.keys(home, waiting)).filter((key) => key.endsWith('/.ref')) as KvKey[];
  const claims: Claim[] = [root, ...also].map((prefix) => ({ name: '', prefix }));
  for (const { key, value } of (await kv.getMany(refs, waiting)).values()) {
    const parsed = parseMirrorRef(value);
    const name = key.slice(home.length, -'/.ref'.length);
    if ('mirrorRef' in parsed)
      for (const { prefix } of parsed.mirrorRef.folders) claims.push({ name, prefix });
  }
  return claims;
}

/** The prefixes below a mirror's own that are not its to write. */
export async function claimedBelow(
  claims: readonly Claim[],
  { kv, root, layout, signal }: { kv: KvStore; root: string; layout: KvLayout; signal: AbortSignal },
): Promise<string[]> {
  const others = claims.filter(({ name }) => name !== layout.environment);
  for (const { name, prefix } of others)
    if (prefix === layout.config) await refuseTwin(kv, { name, root, layout, signal });
  return others
    .map(({ prefix }) => prefix)
    .filter((prefix) => prefix !== layout.config && prefix.startsWith(layout.config));
}

/** Two mirrors of one prefix would undo each other's work. One that nobody runs any more has only left its name. */
async function refuseTwin(
  kv: KvStore,
  { name, root, layout, signal }: { name: string; root: string; layout: KvLayout; signal: AbortSignal },
): Promise<void> {
  const lock = await kv.get(kvLayout(root, name).lock('mirror'), { signal });
  if (lock?.session === undefined) return;
  throw new TowlineError(
    'mirror-claimed',
    'refused',
    `the keys below ${layout.config} are written by the mirror ${name}, which is at work; nothing was written`,
    { help: 'Give each mirror a prefix of its own, or stop the other one.' },
  );
}
