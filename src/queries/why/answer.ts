import type { JobRef } from '../../domain/job/job-ref.js';
import type { HistoryJob } from '../history.js';
import type { WhyLink } from './link.js';

export interface WhyAnswer {
  /** What was asked for, as it was understood. */
  subject: 'job' | 'task' | 'container' | 'image' | 'pass';
  /** A job's reference, an image, or the id of an entry. */
  name: string;
  ref?: JobRef;
  environment: string;
  links: WhyLink[];
  /** Of an entry of the ledger: its jobs, and what is live of it now. */
  jobs?: JobOfPass[];
}

/** A job of a pass, and what is live of it now. */
export interface JobOfPass extends HistoryJob {
  now: 'live' | 'replaced' | 'deleted' | 'not sent';
  /** In words. */
  text: string;
}
