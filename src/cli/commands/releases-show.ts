import { parseRelease } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import { parseImageRef } from '../../domain/job/image-ref.js';
import { askedText } from '../../domain/plan/asked.js';
import type { Veto } from '../../domain/plan/policy.js';
import { releaseKey } from '../../domain/source/kv-layout.js';
import { oneLine } from '../../domain/source/one-line.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { table } from '../print/table.js';

interface Held {
  environment: string;
  veto: Veto;
}

/** The newest release of an image with all that is known of it, and the vetoes that hold it. */
export async function run([image = '']: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const release = await releaseOf(image, session, io.signal);
    const vetoes = await vetoesOf(release, session, io.signal);
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify({ release, vetoes }, null, 2));
    else for (const line of table(rowsOf(release, vetoes))) writeLine(io.stdout, line);
    return EXIT.done;
  });
}

async function releaseOf(image: string, session: Session, signal: AbortSignal): Promise<Release> {
  const { name } = parseImageRef(image) ?? {};
  if (name === undefined)
    throw new TowlineError('image-invalid', 'invalid', `"${image}" is no name of an image`, {
      help: 'Write it as in towline releases list, for example shop/web.',
    });
  const key = releaseKey(session.config.consul.prefix, name);
  const entry = await (await session.kv()).get(key, { signal });
  if (entry === undefined)
    throw new TowlineError('release-unknown', 'invalid', `no release of ${name} was announced`, {
      help: 'towline releases list shows all; towline release IMAGE:TAG announces one.',
    });
  const parsed = parseRelease(name, entry.value);
  if ('release' in parsed) return parsed.release;
  throw new TowlineError('release-unknown', 'invalid', `${key} is no release: ${oneLine(parsed.reason)}`, {
    help: 'Announce it again with towline release; docs/images.md says what may stand there.',
  });
}

async function vetoesOf(release: Release, session: Session, signal: AbortSignal): Promise<Held[]> {
  const name = `${release.image}:${release.tag}`;
  const held: Held[] = [];
  for (const environment of session.config.environments) {
    const { state } = await (await session.ledger(environment)).head({ signal });
    for (const veto of Object.values(state?.vetoes ?? {}))
      if (veto.kind === 'release' && veto.name === name) held.push({ environment: environment.name, veto });
  }
  return held;
}

function rowsOf(release: Release, vetoes: readonly Held[]): [string, string][] {
  const { image, tag, digest, sourceCommit, sourceRepository, buildUrl, by, at } = release;
  const rows: [string, string | undefined][] = [
    ['release', `${image}:${tag}`],
    ['digest', digest],
    ['commit', sourceCommit],
    ['repository', sourceRepository],
    ['build', buildUrl],
    ['by', by],
    ['at', at === '' ? undefined : at],
    ...vetoes.map(({ environment, veto }): [string, string] => [`vetoed in ${environment}`, askedText(veto)]),
  ];
  return rows.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, oneLine(value)]],
  );
}
