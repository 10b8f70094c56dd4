import type { Asked } from '../plan/asked.js';
import type { Revision } from '../source/revision.js';

/** What a person wants to have changed in Git. Jobs are named by reference or id. */
export type EditRequest = { asked: Asked } & (
  | { verb: 'scale'; job: string; instances: number }
  | { verb: 'pause runs' | 'resume runs'; job: string }
  | {
      verb: 'set image';
      job: string;
      image: string;
      /** Name of the image that it takes the place of, where a job has several. */
      from?: string;
    }
  | {
      verb: 'rollback';
      /** Absent: everything of the environment. */
      job?: string;
      /** Absent: the last revision that ended well and is another one. */
      to?: Revision;
      /** What is done about folders that other environments are made of as well. */
      shared?: 'include' | 'leave';
      /** False: what is gone back from may come again. */
      veto?: boolean;
    }
);
