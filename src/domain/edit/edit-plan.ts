import type { JobRef } from '../job/job-ref.js';
import type { JobPlace } from '../job/validate/job-places.js';
import type { Schedulers } from '../job/validate/stated-jobs.js';
import type { FieldRule } from '../plan/field-rules.js';
import type { Veto } from '../plan/policy.js';
import type { ObjectId, Revision } from '../source/revision.js';
import type { LayerTree, TreeChange } from '../source/tree.js';
import type { FileEdit } from './edit-manifest.js';
import type { EditRequest } from './request.js';

/** What a folder has to become so that it is again as it was. */
export interface FolderChanges {
  folder: string;
  changes: TreeChange[];
}

export interface EditObserved {
  environment: string;
  branch: string;
  /** The tip of the branch. */
  revision: Revision;
  request: EditRequest;
  places: readonly JobPlace[];
  models: Schedulers;
  /** Files of the last layer: what is changed there concerns no other environment. */
  own: ReadonlySet<string>;
  shared: readonly string[];
  ignoreFields: readonly FieldRule[];
  /** Of a rollback: undefined where there is nothing to go back to. */
  back?: WayBack;
}

/** From the tip to what was before. */
export interface WayBack {
  to: Revision;
  folders: FolderChanges[];
  /** The jobs as they would be again. */
  then: readonly JobPlace[];
  /** The folders of the tip, in order, and those of that revision. */
  treesNow: readonly LayerTree[];
  treesThen: readonly LayerTree[];
  /** What is on record as not to be deployed. */
  vetoes: readonly Veto[];
}

/** One commit that is to be made. */
export interface EditPlan {
  environment: string;
  branch: string;
  /** The tip that it is made for. */
  revision: Revision;
  edits: FileEdit[];
  /** Files that become what they were: the blob, or null where there was none. */
  restores: Map<string, ObjectId | null>;
  jobs: JobRef[];
  /** What is put on record as not to be deployed again, before the commit is made. */
  vetoes: Veto[];
  subject: string;
  /** What changes, a line each. */
  lines: string[];
  /** Why it can't be done. */
  refused?: { code: RefusalCode; message: string; help: string };
}

export type RefusalCode = 'job-unknown' | 'edit-refused';

/** True where Git states it already. */
export function nothingToEdit({ edits, restores, refused }: EditPlan): boolean {
  return refused === undefined && edits.length === 0 && restores.size === 0;
}

export function unknownJob(observed: EditObserved, name: string, found: readonly JobPlace[]): EditPlan {
  return {
    ...empty(observed),
    refused: {
      code: 'job-unknown',
      message:
        found.length === 0
          ? `${observed.environment} states no job "${name}"`
          : `"${name}" may be ${found.map(({ job }) => job.ref).join(' or ')}`,
      help: `towline render ${observed.environment} shows all of them.`,
    },
  };
}

export function refusedPlan(plan: EditPlan, message: string, help: string): EditPlan {
  return {
    ...plan,
    edits: [],
    restores: new Map(),
    vetoes: [],
    refused: { code: 'edit-refused', message, help },
  };
}

export function empty({ environment, branch, revision }: EditObserved): EditPlan {
  return {
    environment,
    branch,
    revision,
    edits: [],
    restores: new Map(),
    jobs: [],
    vetoes: [],
    subject: '',
    lines: [],
  };
}
