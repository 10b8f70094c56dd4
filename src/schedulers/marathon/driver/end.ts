import type { Outcome } from '../../../domain/record/outcome.js';

/** How a change ended, without what every outcome has. */
export type End = Pick<Outcome, 'state' | 'message'> &
  Partial<Pick<Outcome, 'sent' | 'version' | 'deploymentId' | 'httpStatus' | 'replan'>>;
