/** What breaks a rule, where the finding must stand, and the nearest thing that does not. */
export interface RuleCase {
  code: string;
  /** Laid over the base of the kind. */
  bad: object;
  /** Pointer of the finding, from the job. */
  at: string;
  good: object;
  /** Settings of the environment; `version` is the server's. */
  settings?: Record<string, string>;
  /** ISO 8601; absent: no rule may look at the time. */
  now?: string;
  /** Groups that are changed as one. */
  together?: string[];
}

/** The same for rules over several jobs: the finding stands in the first. */
export interface SetCase {
  code: string;
  bad: object[];
  at: string;
  good: object[];
}
