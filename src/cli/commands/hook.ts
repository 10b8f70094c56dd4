import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { EnvironmentConfig } from '../../config/config.js';
import { hasErrors, type Diagnostic } from '../../domain/source/diagnostic.js';
import { isZeroId, parseRevision, short, type Revision } from '../../domain/source/revision.js';
import { declaredJobs } from '../../queries/declared.js';
import { layersAt } from '../../queries/revision-files.js';
import { messageOf, TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { mirrorWorker, type MirrorResult } from '../../workers/mirror/index.js';
import { openSession, type Session } from '../compose.js';
import { gitConfigValue } from '../git-config.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { countText, printDiagnostics } from '../print/diagnostics.js';
import { UNREAD, type GivenFile } from '../settings.js';
import { mirrorText } from '../mirror-passes.js';
import { mirrorOptions } from '../worker-options.js';

interface Flags extends GlobalFlags {
  notify?: string;
  wait?: boolean;
}

interface HookSession extends Session {
  /** The configuration came with the push. */
  pushed: boolean;
}

/** One line of a hook's standard input. */
interface PushedRef {
  from: string;
  to: string;
  name: string;
}

/** `pre-receive`: refuses the whole push when one environment's manifests would not be valid after it. */
export async function preReceive(_args: string[], flags: Flags, io: Io): Promise<number> {
  return check(await readRefs(io), flags, io);
}

/** `update REF OLD NEW`: the same for one ref; the rest of the push goes through. */
export async function update(
  [name = '', from = '', to = '']: string[],
  flags: Flags,
  io: Io,
): Promise<number> {
  return check([{ from, to, name }], flags, io);
}

async function check(refs: readonly PushedRef[], flags: Flags, io: Io): Promise<number> {
  let code: number = EXIT.done;
  for (const { name, to } of refs) {
    const revision = parseRevision(to);
    if (!name.startsWith('refs/heads/') || revision === undefined || isZeroId(to)) continue;
    const session = await openAt(revision, flags, io, { quarantine: true });
    if (session === undefined) continue;
    try {
      const branch = name.slice('refs/heads/'.length);
      for (const environment of session.environments().filter((e) => e.branch === branch)) {
        if (!(await isValid(environment, revision, session, io))) code = EXIT.error;
      }
    } finally {
      await session.close();
    }
  }
  if (code !== EXIT.done) writeLine(io.stderr, 'towline: the push is refused; nothing was changed');
  return code;
}

async function isValid(
  environment: EnvironmentConfig,
  revision: Revision,
  session: Session,
  io: Io,
): Promise<boolean> {
  const { signal } = io;
  const repository = await session.repository();
  const layers = await layersAt(repository, revision, environment.layers, signal);
  const { diagnostics, jobs, rejected } = declaredJobs(layers, session.models(environment), {
    rules: environment.rules,
  });
  for (const job of [...jobs, ...rejected]) session.secrets(environment).learn(job);
  const errors: Diagnostic[] = diagnostics.filter((d) => d.severity === 'error');
  printDiagnostics(errors, io.stderr);
  writeLine(
    io.stderr,
    `towline: ${environment.name} at ${short(revision)}: ${jobs.length} valid jobs, ${countText(diagnostics)}`,
  );
  return !hasErrors(diagnostics);
}

/**
 * `post-receive`: starts the next worker. With a webhook to notify, a running towline looks at once; else the mirror
 * runs in a process of its own. The push does not wait for either, because git's client waits for every process that
 * holds the hook's output (reference: edges.md §7). `--wait` mirrors in the foreground.
 */
export async function postReceive(_args: string[], flags: Flags, io: Io): Promise<number> {
  const refs = (await readRefs(io)).filter(({ name, to }) => name.startsWith('refs/heads/') && !isZeroId(to));
  const location = path.resolve(io.cwd, io.env['GIT_DIR'] ?? '.');
  const notify = flags.notify ?? (await gitConfigValue(location, 'towline.notify', io));
  const apart: PushedRef[] = [];
  for (const ref of refs) {
    const revision = parseRevision(ref.to);
    if (revision === undefined) continue;
    const session = await openAt(revision, flags, io, { quarantine: false });
    if (session === undefined) continue;
    const branch = ref.name.slice('refs/heads/'.length);
    const names = session
      .environments()
      .filter((e) => e.branch === branch)
      .map((e) => e.name);
    try {
      if (names.length === 0) continue;
      if (notify !== undefined) {
        const { webhookSecret } = session.config.server;
        await tell(notify, names, webhookSecret === UNREAD ? undefined : webhookSecret, io);
        continue;
      }
      refuseUntrusted(session, io);
      if (flags.wait === true) await mirrorNow(names, session, io);
      else {
        writeLine(io.stderr, `towline: mirroring ${names.join(', ')}; log in ${logOf(location)}`);
        apart.push(ref);
      }
    } finally {
      await session.close();
    }
  }
  if (apart.length > 0) await runApart(apart, location, flags, io);
  return EXIT.done;
}

/**
 * A configuration that came with the push says what is deployed; it does not decide where secrets of this machine go, and
 * which of its files are secrets. Those stand in a configuration that is pinned on the server, or in its environment.
 */
function refuseUntrusted({ config: { consul }, pushed }: HookSession, { env }: Io): void {
  if (!pushed) return;
  const named = consul.token === UNREAD;
  const sent = consul.token !== undefined || consul.auth !== undefined;
  const ownAddress = (env['CONSUL_HTTP_ADDR'] ?? '') !== '';
  if (!named && (!sent || ownAddress)) return;
  throw new TowlineError(
    'hook-unpinned',
    'refused',
    named
      ? "the pushed towline.yaml names a file for Consul's token, which a push may not"
      : "this machine's rights in Consul would be sent to an address that the push names",
    {
      help: 'Pin the configuration on the server: towline hook install REPO.git --towline-config FILE. Or give the hook CONSUL_HTTP_ADDR and CONSUL_HTTP_TOKEN.',
    },
  );
}

/** The webhook is a hint; when nobody answers, the daemon's next look finds the push all the same. */
async function tell(
  url: string,
  names: readonly string[],
  secret: string | undefined,
  io: Io,
): Promise<void> {
  for (const name of names) {
    try {
      const target = new URL(`${url.replace(/\/+$/, '')}/${encodeURIComponent(name)}`);
      const body = JSON.stringify({ environment: name });
      const answer = await fetch(target, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(secret === undefined ? {} : { 'x-hub-signature-256': signatureOf(body, secret) }),
        },
        body,
        signal: AbortSignal.any([io.signal, AbortSignal.timeout(5000)]),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      writeLine(io.stderr, `towline: ${name} will be mirrored`);
    } catch (error) {
      writeLine(
        io.stderr,
        `towline: ${url} could not be told of the push (${messageOf(error)}); the next poll finds it`,
      );
    }
  }
}

/** As GitHub signs; the server checks it over the raw body. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

async function mirrorNow(names: readonly string[], session: Session, io: Io): Promise<void> {
  for (const environment of session.environments(names)) {
    const worker = mirrorWorker(await mirrorOptions(session, environment));
    const say = (result: MirrorResult): void =>
      writeLine(io.stderr, `towline: ${environment.name}: ${mirrorText(result)}`);
    // First what was pushed, which takes no longer in a large repository; then everything, where nobody waits for it.
    say(await worker.once({ signal: io.signal, trigger: 'hook', full: false }));
    const whole = await worker.once({ signal: io.signal, trigger: 'hook' });
    if (whole.kind === 'applied') say(whole);
  }
}

function logOf(location: string): string {
  return path.join(location, 'towline', 'post-receive.log');
}

/** This hook once more, waiting, in a process that holds nothing of the push. */
async function runApart(refs: readonly PushedRef[], location: string, flags: Flags, io: Io): Promise<void> {
  await mkdir(path.dirname(logOf(location)), { recursive: true });
  const logFile = await open(logOf(location), 'a');
  const program = process.argv[1];
  if (program === undefined) throw new Error('the running program has no path');
  const config = flags.config === undefined ? [] : ['--config', flags.config];
  try {
    const child = spawn(process.execPath, [program, ...config, 'hook', 'post-receive', '--wait'], {
      cwd: io.cwd,
      detached: true,
      stdio: ['pipe', logFile.fd, logFile.fd],
      env: { ...io.env },
    });
    const { stdin } = child;
    if (stdin === null) throw new Error('a pipe was asked for');
    stdin.end(refs.map(({ from, to, name }) => `${from} ${to} ${name}\n`).join(''));
    await once(stdin, 'finish');
    stdin.destroy();
    child.unref();
  } finally {
    await logFile.close();
  }
}

/** A session inside the bare repository, configured by its own setting or by towline.yaml in the pushed revision. */
async function openAt(
  revision: Revision,
  flags: Flags,
  io: Io,
  { quarantine }: { quarantine: boolean },
): Promise<HookSession | undefined> {
  const location = path.resolve(io.cwd, io.env['GIT_DIR'] ?? '.');
  const repository = { location, quarantine };
  const config = await configFile(location, flags, io);
  if (config !== undefined)
    return { ...(await openSession({ ...flags, config }, io, { repository })), pushed: false };
  const given = await configAt(revision, location, io, quarantine);
  if (given === undefined) {
    writeLine(
      io.stderr,
      'towline: no towline.yaml at the root of the pushed revision and no git config towline.config; nothing was checked',
    );
    return undefined;
  }
  return { ...(await openSession(flags, io, { repository, given, secrets: false })), pushed: true };
}

async function configFile(location: string, flags: Flags, io: Io): Promise<string | undefined> {
  return flags.config ?? io.env['TOWLINE_CONFIG'] ?? (await gitConfigValue(location, 'towline.config', io));
}

async function configAt(
  revision: Revision,
  location: string,
  io: Io,
  quarantine: boolean,
): Promise<GivenFile | undefined> {
  const { gitStore } = await import('../../git/index.js');
  const { silentLog } = await import('../../runtime/log.js');
  const author = { name: 'Towline', email: 'towline@localhost' };
  const read = async (name: string): Promise<Uint8Array | undefined> => {
    const store = gitStore({ location, storeDir: location, author, log: silentLog(), quarantine });
    try {
      return await store.readFile(revision, name, { signal: io.signal });
    } finally {
      await store.close();
    }
  };
  const bytes = await read('towline.yaml');
  return bytes === undefined ? undefined : { path: 'towline.yaml', bytes, home: location, read };
}

async function readRefs({ stdin }: Io): Promise<PushedRef[]> {
  const refs: PushedRef[] = [];
  for await (const line of createInterface({ input: stdin })) {
    const [from, to, ...name] = line.split(' ');
    if (from !== undefined && to !== undefined && name.length > 0)
      refs.push({ from, to, name: name.join(' ') });
  }
  return refs;
}
