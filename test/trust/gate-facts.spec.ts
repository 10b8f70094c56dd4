import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPolicy, type ApprovalRule, type GatePolicy } from '../../src/domain/plan/policy.js';
import type { LedgerState } from '../../src/domain/record/ledger-entry.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import { gitSignatures, gitStore } from '../../src/git/index.js';
import { gitLedger } from '../../src/ledger/index.js';
import { documentText, STATE_FILE } from '../../src/domain/record/ledger-files.js';
import type { JobRepository } from '../../src/ports/job-repository.js';
import type { Ledger } from '../../src/ports/ledger.js';
import type { Signatures } from '../../src/ports/signatures.js';
import { readGateFacts } from '../../src/queries/gate-facts.js';
import { sleep } from '../../src/runtime/abort.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { SshSigner } from '../fakes/ssh-signer.js';
import { withServer } from '../servers/index.js';

const signal = AbortSignal.timeout(120_000);
const signersFile = '.towline/allowed_signers';
const PLAN = `sha256:${'1'.repeat(64)}`;
const start = Date.UTC(2026, 0, 1);
const prune = { enabled: true, maxCount: 10, maxShare: 0.3, allowed: false };
const rule: ApprovalRule = {
  name: 'two-people',
  required: 1,
  from: [],
  authorMayApprove: false,
  signed: true,
  jobs: [],
  actions: [],
  minChanges: 1,
};
const policyWith = (breakGlass: Partial<GatePolicy['breakGlass']> = {}): GatePolicy => ({
  ...openPolicy(prune),
  approvals: [rule],
  breakGlass: { from: [], signed: true, maxMinutes: 60, ...breakGlass },
});
const clockAt = (now: number) => ({ now: () => now, sleep });

describe('facts for gates, where nothing is on record that has to be looked at', () => {
  it('cost nothing: neither the ledger nor the repository is asked', async () => {
    const untouched = <T extends object>(): T =>
      new Proxy({} as T, {
        get: (_, name) => {
          throw new Error(`${String(name)} was asked for`);
        },
      });
    const sources = {
      ledger: untouched<Ledger>(),
      repository: untouched<JobRepository>(),
      signatures: untouched<Signatures>(),
      policy: policyWith(),
      layers: [''],
      clock: clockAt(start),
      log: silentLog(),
    };
    const about = { state: undefined, revision: 'a'.repeat(40) as Revision };
    expect(await readGateFacts(sources, about, signal)).toEqual({ approvals: [], vetoes: [], authors: [] });
  });
});

withServer('ssh-keygen', 'facts for gates, from a ledger', () => {
  const sandbox = new GitSandbox();
  const signer = new SshSigner();
  const author = { name: 'Towline', email: 'towline@localhost' };
  const store = gitStore({ location: sandbox.work, storeDir: sandbox.root, author, log: silentLog() });
  const signatures = gitSignatures({
    repository: store,
    signers: { file: signersFile, keys: '.towline/keys' },
    log: silentLog(),
  });
  const ledger = gitLedger({ store, branch: 'ledger/test', environment: 'test', author });
  const keys: Record<string, string> = {};
  let [first, second]: Revision[] = [];
  let tip: Revision | undefined;
  let minutes = 0;

  const at = (): number => start + minutes * 60_000;
  const revisionOf = (given: Revision | undefined): Revision => given ?? ('' as Revision);
  /** An entry, as its trailers and its signature have it. */
  const entry = async (
    revision: Revision | undefined,
    trailers: readonly string[],
    { key, state = {} }: { key?: string; state?: Partial<LedgerState> } = {},
  ): Promise<ObjectId> => {
    minutes += 1;
    const whole: LedgerState = {
      version: 1,
      environment: 'test',
      revision: revisionOf(revision),
      trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
      pass: 'p',
      jobs: {},
      intents: [],
      ...state,
    };
    const commit = await store.writeCommit(
      {
        parents: tip === undefined ? [] : [tip],
        files: new Map([[STATE_FILE, Buffer.from(documentText(JSON.parse(JSON.stringify(whole))))]]),
        message: `An entry\n\n${[...trailers, `Towline-Revision: ${revisionOf(revision)}`].join('\n')}\n`,
        author,
        at: at(),
        ...(key === undefined
          ? {}
          : {
              sign: true,
              settings: new Map([
                ['gpg.format', 'ssh'],
                ['user.signingkey', keys[key] ?? ''],
              ]),
            }),
      },
      { signal },
    );
    await store.publish('ledger/test', commit, { expected: tip, runHooks: false, signal });
    tip = commit;
    return commit as string as ObjectId;
  };
  const outcome = (revision: Revision | undefined, ...more: string[]) =>
    entry(revision, ['Towline-Phase: outcome', 'Towline-Outcome: applied', ...more]);
  const approve = (revision: Revision | undefined, by: string, key?: string, plan = PLAN) =>
    entry(
      revision,
      ['Towline-Phase: order', 'Towline-Order: approve', `Towline-Approves: ${plan}`, `Towline-By: ${by}`],
      key === undefined ? {} : { key },
    );
  const iso = (): string => new Date(at()).toISOString();
  const read = async (state: Partial<LedgerState>, revision: Revision | undefined, policy = policyWith()) => {
    const { state: now } = await ledger.head({ signal });
    if (now === undefined) throw new Error('no ledger');
    const sources = {
      ledger,
      repository: store,
      signatures,
      policy,
      layers: [''],
      clock: clockAt(at()),
      log: silentLog(),
    };
    return readGateFacts(sources, { state: { ...now, ...state }, revision: revisionOf(revision) }, signal);
  };
  const hint = (plan = PLAN) => ({ plan, by: 'somebody', at: iso() });
  const signersText = (...names: string[]): string =>
    names.map((name) => `${name}@example.org ${signer.publicKey(keys[name] ?? '')}\n`).join('');

  beforeAll(async () => {
    for (const name of ['ann', 'bob', 'eve']) keys[name] = signer.key(name);
    sandbox.write({ [signersFile]: signersText('ann', 'bob'), 'jobs/web.yaml': 'id: /web\n' });
    first = sandbox.commit('First') as Revision;
    sandbox.write({ [signersFile]: signersText('ann', 'bob', 'eve'), 'jobs/web.yaml': 'id: /web\ncmd: x\n' });
    second = sandbox.commit('Second\n\nCo-authored-by: Bob <bob@example.org>\nTowline-By: carl') as Revision;
    await outcome(first);
  });
  afterAll(async () => {
    await signatures.close();
    await store.close();
    signer.remove();
    sandbox.remove();
  });

  it('tell an approval with who signed it, and one that is not signed with who it says that it is by', async () => {
    const signed = await approve(second, 'whoever', 'ann');
    const hints = [hint()];
    const plain = await approve(second, 'dora');
    hints.push(hint());
    const { approvals } = await read({ approvals: hints }, second);
    expect(approvals).toEqual([
      expect.objectContaining({ plan: PLAN, by: 'dora', signed: false, commit: plain }),
      expect.objectContaining({ plan: PLAN, by: 'ann@example.org', signed: true, commit: signed }),
    ]);
  });

  it('leave out an approval that the state does not tell of: it was used, or is of another plan', async () => {
    const hints = [hint()];
    await approve(second, 'ann', 'ann');
    expect(
      (await read({ approvals: [{ ...hint(), plan: `sha256:${'2'.repeat(64)}` }] }, second)).approvals,
    ).toEqual([]);
    expect((await read({ approvals: hints }, second)).approvals).toHaveLength(1);
    expect((await read({ approvals: [hint()] }, second)).approvals).toHaveLength(1);
    const before = hint();
    await approve(second, 'used up', 'bob');
    await approve(second, 'ann', 'ann');
    expect((await read({ approvals: [before, hint()] }, second)).approvals).toMatchObject([
      { by: 'ann@example.org' },
      { by: 'ann@example.org' },
    ]);
  });

  it('let nobody approve the change that makes them a signer, also where the rest of it is deployed', async () => {
    await approve(second, 'eve', 'eve');
    expect((await read({ approvals: [hint()] }, second)).approvals).toEqual([]);
    await outcome(second, 'Towline-Gate: held approval two-people (1 job): one more is needed');
    await approve(second, 'eve', 'eve');
    expect((await read({ approvals: [hint()] }, second)).approvals).toEqual([]);
    await approve(second, 'bob', 'bob');
    expect((await read({ approvals: [hint()] }, second)).approvals).toMatchObject([
      { by: 'bob@example.org' },
    ]);
  });

  it('name the authors of what is not deployed whole, by all that commits say of them', async () => {
    await approve(second, 'ann', 'ann');
    const { authors } = await read({ approvals: [hint()] }, second);
    expect(authors).toEqual(['ann@example.org', 'bob@example.org', 'carl']);
    sandbox.git('config', 'gpg.format', 'ssh');
    sandbox.git('config', 'user.signingkey', keys['eve'] ?? '');
    sandbox.git('-c', 'user.email=nobody@example.org', 'commit', '-q', '-S', '--allow-empty', '-m', 'Third');
    const third = sandbox.git('rev-parse', 'HEAD') as Revision;
    expect((await read({ approvals: [hint()] }, third)).authors).toContain('eve@example.org');
    expect((await read({ approvals: [hint()] }, third, { ...policyWith(), approvals: [] })).authors).toEqual(
      [],
    );
  });

  it('let a signer approve who was one before', async () => {
    await outcome(second, 'Towline-Gate: passed approval two-people (1 job): bob');
    await approve(second, 'eve', 'eve');
    const facts = await read({ approvals: [hint()] }, second);
    expect(facts.approvals).toMatchObject([{ by: 'eve@example.org', signed: true }]);
    expect(facts.authors).toEqual([]);
  });

  it('have the glass broken only by who may, signed where it must be, and for no longer than allowed', async () => {
    const broken = async (key?: string, until = 30) => {
      const end = new Date(at() + (until + 1) * 60_000).toISOString();
      const trailers = [
        'Towline-Phase: order',
        'Towline-Order: break-glass',
        `Towline-Until: ${end}`,
        'Towline-By: ann@example.org',
      ];
      await entry(second, trailers, key === undefined ? {} : { key });
      return { breakGlass: { by: 'ann@example.org', at: iso(), until: end, reason: 'fire' } };
    };
    const by = async (state: Partial<LedgerState>, breakGlass: Partial<GatePolicy['breakGlass']>) =>
      (await read(state, second, policyWith(breakGlass))).breakGlass?.by;
    const signed = await broken('bob');
    expect(await by(signed, {})).toBe('bob@example.org');
    expect(await by(signed, { from: ['bob@example.org'] })).toBe('bob@example.org');
    expect(await by(signed, { from: ['ann@example.org'] })).toBeUndefined();
    const forged = {
      breakGlass: { ...signed.breakGlass, until: new Date(at() + 59 * 60_000).toISOString() },
    };
    expect(await by(forged, {})).toBeUndefined();
    const plain = await broken();
    expect(await by(plain, {})).toBeUndefined();
    expect(await by(plain, { signed: false, from: ['ann@example.org'] })).toBe('ann@example.org');
    expect(await by(plain, { signed: false })).toBe('ann@example.org');
    const long = await broken('bob', 600);
    expect(await by(long, {})).toBe('bob@example.org');
    minutes += 60;
    expect(await by(long, {})).toBeUndefined();
  });
});
