import { parseAnchor } from '../../domain/record/anchor.js';
import type { KvLayout } from '../../domain/source/kv-layout.js';
import type { Evidence } from './evidence.js';
import type { Findings } from './findings.js';
import type { WalkedLedger } from './walk-ledger.js';

/**
 * The entry that a worker wrote last, as Consul has it, must be one of the ledger. A branch that was rewritten as a whole,
 * with numbers and ids that fit, does not hold it.
 */
export function checkAnchor(
  { anchor }: Evidence,
  { layout, branch }: { layout: KvLayout; branch: string },
  { entries }: WalkedLedger,
  findings: Findings,
): void {
  const numbered = [...entries.values()].some((number) => number !== undefined);
  if (anchor === undefined) {
    if (numbered)
      findings.add('ledger commit', layout.ledger, 'Consul does not say which entry is the newest', {
        expected: `an entry of ${branch}`,
      });
    else
      findings.skip('ledger commit', 'its entries have no numbers, and Consul does not know the newest one');
    return;
  }
  const parsed = parseAnchor(anchor.value);
  if ('reason' in parsed) {
    findings.add('ledger commit', layout.ledger, `it can't be read: ${parsed.reason}`);
    return;
  }
  const { commit, sequence, branch: named } = parsed.anchor;
  findings.same('ledger commit', layout.ledger, 'it is of another branch', branch, named);
  if (!entries.has(commit)) {
    findings.add(
      'ledger commit',
      layout.ledger,
      `the ledger has not the entry ${commit}: it was rewritten, or cut off`,
      {
        expected: `entry ${sequence}, ${commit}`,
        found: lastOf(entries),
      },
    );
    return;
  }
  findings.same(
    'ledger commit',
    layout.ledger,
    `the number of the entry ${commit}`,
    String(sequence),
    String(entries.get(commit)),
  );
  const after = [...entries.keys()].length - [...entries.keys()].indexOf(commit) - 1;
  if (after > 0) findings.notes.push(`${after} entries came after the one that Consul names`);
}

/** An entry that a person has kept the id of. */
export function checkKept(id: string, { entries }: WalkedLedger, findings: Findings): void {
  const found = [...entries.keys()].some((each) => each.startsWith(id));
  if (!found)
    findings.add(
      'ledger commit',
      id,
      'the ledger does not hold this entry any more: it was rewritten, or cut off',
      {
        found: lastOf(entries),
      },
    );
}

function lastOf(entries: WalkedLedger['entries']): string {
  const last = [...entries].at(-1);
  return last === undefined
    ? 'no entries'
    : `the newest entry is ${last[1] ?? 'one without a number'}, ${last[0]}`;
}
