/** The parts of the chain, in words for people. */
export const AUDIT_LAYERS = [
  'job repository',
  'kv value',
  '.ref',
  'ledger commit',
  'ledger tree',
  'trailer',
  'live',
  'release',
  'signature',
  'plan',
] as const;

export type AuditLayer = (typeof AUDIT_LAYERS)[number];

/** A link that does not hold. */
export interface Finding {
  layer: AuditLayer;
  /** The commit, key or job that it is about. */
  at: string;
  /** For people: what does not hold. */
  what: string;
  expected?: string;
  found?: string;
}

/** Something that could not be looked at, and why. Nothing is proven of it. */
export interface NotLookedAt {
  layer: AuditLayer;
  reason: string;
}

/** Collects what does not hold, up to a number. */
export class Findings {
  readonly all: Finding[] = [];
  readonly notLookedAt: NotLookedAt[] = [];
  /** Worth saying, and no broken link. */
  readonly notes: string[] = [];

  constructor(readonly most: number) {}

  /** As many as were wanted: there is no need to look on. */
  get enough(): boolean {
    return this.all.length >= this.most;
  }

  add(layer: AuditLayer, at: string, what: string, more: { expected?: string; found?: string } = {}): void {
    if (!this.enough) this.all.push({ layer, at, what, ...more });
  }

  /** Compares two texts and tells where they differ. */
  same(
    layer: AuditLayer,
    at: string,
    what: string,
    expected: string | undefined,
    found: string | undefined,
  ): void {
    if (expected !== found)
      this.add(layer, at, what, { expected: expected ?? '(nothing)', found: found ?? '(nothing)' });
  }

  skip(layer: AuditLayer, reason: string): void {
    this.notLookedAt.push({ layer, reason });
  }
}
