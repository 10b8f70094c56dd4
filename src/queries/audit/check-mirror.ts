import type { MirrorRecord } from '../../domain/record/ledger-entry.js';
import {
  folderPrefix,
  whyNotHeld,
  type KvLayout,
  type MirrorFolder,
  type MirrorRef,
} from '../../domain/source/kv-layout.js';
import { parseMirrorChanges, parseMirrorRef } from '../../domain/source/mirror-ref.js';
import type { TreeEntry } from '../../domain/source/tree.js';
import { blobId } from '../../domain/source/tree-id.js';
import type { JobRepository } from '../../ports/job-repository.js';
import { isMirrored, type Evidence, type EvidenceEntry } from './evidence.js';
import type { Findings } from './findings.js';

export interface MirrorAudit {
  layout: KvLayout;
  /** Folders of the environment, as configured. */
  layers: readonly string[];
  repository: JobRepository;
  /** What the ledger says that the mirror wrote last. */
  record: MirrorRecord | undefined;
  /** Commits of the environment's branch. */
  commits: ReadonlyMap<string, unknown>;
}

/** `.ref` against Git and against the ledger, then every value below `config/` against the file that it is a copy of. */
export async function checkMirror(
  evidence: Evidence,
  audit: MirrorAudit,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const { layout, record } = audit;
  const { ref, changes } = evidence;
  const writing = changes === undefined ? undefined : parseMirrorChanges(changes.value);
  if (writing?.state === 'writing')
    findings.add(
      '.ref',
      layout.changes,
      `a pass of the mirror to ${writing.to} is under way, or was cut off`,
      {
        expected: 'the end of a pass: look again when it has ended',
      },
    );
  if (ref === undefined) {
    if (record !== undefined)
      findings.add('.ref', layout.ref, 'it is gone', { expected: `the revision ${record.revision}` });
    else findings.skip('.ref', 'nothing was mirrored yet');
    return;
  }
  const parsed = parseMirrorRef(ref.value);
  if ('reason' in parsed) {
    findings.add('.ref', layout.ref, `it can't be read: ${parsed.reason}`);
    return;
  }
  const { mirrorRef } = parsed;
  checkRecord(mirrorRef, ref, audit, findings);
  const files = await filesInGit(mirrorRef, audit, findings, signal);
  if (files !== undefined) checkValues(evidence.values, mirrorRef, files, audit, findings);
}

function checkRecord(
  { revision, folders }: MirrorRef,
  ref: EvidenceEntry,
  { layout, layers, record, commits }: MirrorAudit,
  findings: Findings,
): void {
  const at = layout.ref;
  const names = folders.map(({ folder }) => folder);
  findings.same(
    '.ref',
    at,
    'it is made of other folders than the environment',
    layers.join('\n'),
    names.join('\n'),
  );
  for (const { folder, prefix } of folders)
    findings.same('.ref', at, `the keys of "${folder}"`, folderPrefix(layout, names, folder), prefix);
  if (!commits.has(revision))
    findings.add('.ref', at, 'its revision is no commit of the environment', { found: revision });
  if (record === undefined) {
    findings.notes.push('the ledger has no pass of the mirror, so that .ref is compared with Git only');
    return;
  }
  findings.same('.ref', at, 'its revision is not the one that the ledger says', record.revision, revision);
  findings.same(
    '.ref',
    at,
    'its trees are not those that the ledger says',
    record.trees.map(({ folder, tree }) => `${tree} ${folder}`).join('\n'),
    folders.map(({ folder, tree }) => `${tree} ${folder}`).join('\n'),
  );
  // A pass that only repairs values leaves it as it is, at a lower index than the pass itself.
  if (ref.modifyIndex > record.index)
    findings.add('.ref', at, 'it was written since the last pass of the mirror that the ledger knows', {
      expected: `index ${record.index} in Consul`,
      found: `index ${ref.modifyIndex}`,
    });
}

/** A file as Git has it, with the folder that it is in. */
interface GitFile {
  entry: TreeEntry;
  folder: MirrorFolder;
}

/** By key. Undefined where `.ref` does not name what is in Git. */
async function filesInGit(
  { revision, folders }: MirrorRef,
  { layout, repository }: MirrorAudit,
  findings: Findings,
  signal: AbortSignal,
): Promise<Map<string, GitFile> | undefined> {
  const files = new Map<string, GitFile>();
  let readable = true;
  for (const folder of folders) {
    const tree = await repository.treeId(revision, folder.folder, { signal });
    findings.same(
      '.ref',
      layout.ref,
      `its tree of "${folder.folder}" is not that of its revision`,
      tree,
      folder.tree,
    );
    if (tree === undefined) {
      readable = false;
      continue;
    }
    const { entries } = await repository.readTree(revision, folder.folder, { signal });
    findings.same('.ref', layout.ref, 'its number of files', String(entries.length), String(folder.files));
    for (const entry of entries) files.set(folder.prefix + entry.path, { entry, folder });
    checkExceptions(folder, entries, layout, findings);
  }
  return readable ? files : undefined;
}

/** What `.ref` says that KV does not hold, or holds with another mode, must be so in Git. */
function checkExceptions(
  { exceptions, prefix }: MirrorFolder,
  entries: readonly TreeEntry[],
  { ref }: KvLayout,
  findings: Findings,
): void {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path, mode, id } of exceptions) {
    const entry = byPath.get(path);
    const git = entry === undefined ? undefined : `${entry.mode} ${entry.id}`;
    findings.same('.ref', ref, `what it says of ${prefix}${path}`, git, `${mode} ${id}`);
  }
  const named = new Set(exceptions.map(({ path }) => path));
  for (const { path, mode } of entries)
    if (mode !== '100644' && !named.has(path))
      findings.add('.ref', ref, `it does not say that ${prefix}${path} is no plain file`, { expected: mode });
}

function checkValues(
  values: readonly EvidenceEntry[],
  mirrorRef: MirrorRef,
  files: ReadonlyMap<string, GitFile>,
  { layout }: MirrorAudit,
  findings: Findings,
): void {
  const byKey = new Map(values.map((entry) => [String(entry.key), entry]));
  const absent = new Set(
    mirrorRef.folders.flatMap(({ prefix, exceptions }) =>
      exceptions.filter(({ held }) => !held).map(({ path }) => prefix + path),
    ),
  );
  for (const [key, { entry, folder }] of files) {
    const value = byKey.get(key);
    if (absent.has(key)) {
      // Said to be left out although nothing keeps it from being held: that would hide it from readers.
      if (whyNotHeld(entry) === undefined && entry.mode === '100644' && (entry.size ?? 0) < 1024)
        findings.add('.ref', layout.ref, `it says that Consul can't hold ${key}, which it can`);
      continue;
    }
    if (value === undefined)
      findings.add('kv value', key, 'it is missing', { expected: `the blob ${entry.id}` });
    else if (!isMirrored(value))
      findings.add('kv value', key, 'somebody else wrote it: the mark of the mirror is gone');
    else
      findings.same(
        'kv value',
        key,
        'its value is not the file in Git',
        entry.id,
        blobId(value.value, folder.format),
      );
  }
  for (const [key, value] of byKey)
    if (isMirrored(value) && !files.has(key)) findings.add('kv value', key, 'Git has no such file');
}
