import type { Json } from '../../../../domain/source/json.js';
import type { Report } from './rule.js';

const OPERATORS = ['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'];

/** Operators are upper-case here: lower-case ones slip through Marathon's schema and end as a 500 (reference §1.1). */
export function checkConstraint([field, operator, value]: readonly Json[], at: string, report: Report): void {
  const given = typeof operator === 'string' ? operator : '';
  if (!OPERATORS.includes(given)) {
    report(
      at,
      `"${given}" is no constraint operator`,
      OPERATORS.includes(given.toUpperCase())
        ? `Write ${given.toUpperCase()}.`
        : `Use one of ${OPERATORS.join(', ')}.`,
    );
    return;
  }
  const text = typeof value === 'string' ? value : undefined;
  if (given === 'UNIQUE' && text !== undefined) report(at, 'UNIQUE takes no value', 'Remove it.');
  if (given === 'GROUP_BY' && text !== undefined && !/^\d+$/.test(text))
    report(at, 'the value of GROUP_BY is a number', 'Write how many groups there are, or leave it out.');
  if (given === 'MAX_PER' && (text === undefined || !/^\d+$/.test(text)))
    report(at, 'MAX_PER needs a number', `For example ["${String(field)}", "MAX_PER", "2"].`);
  if (given === 'IS' && (text === undefined || !/^[\w/.-]*$/.test(text)))
    report(at, 'IS needs a plain value', 'Letters, digits, "/", ".", "_" and "-".');
  if (given === 'LIKE' || given === 'UNLIKE') {
    if (text === undefined)
      report(
        at,
        `${given} needs a regular expression`,
        `For example ["${String(field)}", "${given}", "rack-[12]"].`,
      );
    else if (!isRegularExpression(text))
      report(at, `"${text}" is no regular expression`, 'Check its brackets.');
  }
}

/** Java's regular expressions, as far as a glance can tell: brackets that do not close are wrong in every dialect. */
function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text.replace(/\(\?[a-z]+\)|[*+?]\+/g, (m) => (m.startsWith('(') ? '' : m.slice(0, 1))));
    return true;
  } catch {
    return false;
  }
}
