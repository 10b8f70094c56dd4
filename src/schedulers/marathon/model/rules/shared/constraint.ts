import type { Report } from '../rule.js';

export const OPERATORS = ['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'];

const INTEGER = /^[+-]?\d+$/;

/** What Marathon refuses of a constraint whose operator it knows (reference: marathon.md §3; SchedulingValidation). */
export function checkConstraint(
  field: string,
  operator: string,
  value: string | undefined,
  report: (message: string, fix: string) => void,
): void {
  const example = (text: string): string =>
    `For example ${JSON.stringify([field || 'rack_id', operator, text])}.`;
  if (field === '') report('the constraint names no field', 'For example "hostname".');
  switch (operator) {
    case 'UNIQUE':
      if (value !== undefined) report('UNIQUE takes no value', 'Remove the value.');
      return;
    case 'GROUP_BY':
      if (value !== undefined && !INTEGER.test(value))
        report(
          'the value of GROUP_BY is a whole number',
          'Write how many groups there are, or leave it out.',
        );
      return;
    case 'MAX_PER':
      if (value === undefined || !INTEGER.test(value)) report('MAX_PER needs a whole number', example('2'));
      return;
    case 'IS':
      if (!/^[a-zA-Z0-9_/.-]*$/.test(value ?? ''))
        report('IS takes a plain value only', 'Use letters, digits, "/", ".", "_" and "-", or LIKE.');
      return;
    case 'LIKE':
    case 'UNLIKE':
      if (value === undefined) report(`${operator} needs a regular expression`, example('rack-[12]'));
      else if (!isRegularExpression(value))
        report(`${JSON.stringify(value)} is no regular expression`, 'Check its brackets and repetitions.');
      return;
    default:
  }
}

/**
 * Whether Java could compile it, as far as a glance can tell: only what is broken in both dialects is refused. Quoting and
 * groups that JavaScript lacks are let through.
 */
export function isRegularExpression(text: string): boolean {
  if (/\\Q|\(\?(?![:=!<])/.test(text)) return true;
  try {
    // Java knows possessive repetitions (`a*+`), JavaScript does not.
    new RegExp(text.replace(/([*+?}])\+/g, '$1'));
    return true;
  } catch {
    return false;
  }
}

/** Where the operator is none at all. */
export function unknownOperator(operator: string, report: Report, at: string): void {
  const upper = operator.toUpperCase();
  report(
    at,
    `${JSON.stringify(operator)} is no constraint operator`,
    OPERATORS.includes(upper)
      ? `Write ${upper}: Marathon fails over other letters.`
      : `Use one of ${OPERATORS.join(', ')}.`,
  );
}
