import type { Plan } from '../domain/plan/plan.js';
import type { Diagnostic } from '../domain/source/diagnostic.js';

/** A plan with what was found on the way to it. */
export interface Planned {
  plan: Plan;
  diagnostics: Diagnostic[];
  unreadable: string[];
}
