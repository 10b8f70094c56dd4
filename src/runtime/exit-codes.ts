/** Exit codes of every command; documented in docs/exit-codes.md. */
export const EXIT = {
  done: 0,
  error: 1,
  /** `plan`, `drift`: there are changes. */
  changes: 2,
  /** A gate or a failed deployment holds something back. */
  held: 3,
  /** `audit verify`: a link of the chain does not hold. */
  broken: 4,
  /** `wait`: something of the revision does not run. */
  failed: 5,
  /** `wait`: the branch went on without the revision. */
  superseded: 6,
  /** `wait`: it is still being deployed when time is over. */
  timeout: 7,
  /** `wait`: no revision has reached the environment when time is over. */
  nothingMirrored: 8,
  sigint: 130,
  sigterm: 143,
} as const;
