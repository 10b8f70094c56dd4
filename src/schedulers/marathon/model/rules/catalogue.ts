import { READING_RULES } from '../jobs-of.js';
import { APP_RULES } from './app/index.js';
import { GROUP_RULES } from './group.js';
import { POD_RULES } from './pod/index.js';
import { SET_RULES } from './set/index.js';

/** What the check against the schemas can find. */
const SCHEMA_RULES = [
  { code: 'marathon/type', summary: 'a value has another type than Marathon reads' },
  { code: 'marathon/required', summary: 'a field is missing' },
  { code: 'marathon/unknown-field', summary: 'a field is not known: an error where it looks like a slip' },
  { code: 'marathon/enum', summary: 'a value is not one of the few that are allowed' },
  { code: 'marathon/range', summary: 'a number is too small or too large' },
  { code: 'marathon/length', summary: 'a text is too short or too long' },
  { code: 'marathon/count', summary: 'a list has too few or too many entries' },
  { code: 'marathon/pattern', summary: 'a text has the wrong form' },
  { code: 'marathon/name', summary: 'the name of a field or variable has the wrong form' },
  { code: 'marathon/form', summary: 'a value fits none of the forms that are allowed' },
  { code: 'marathon/null', summary: 'a null counts as absent' },
  { code: 'marathon/more', summary: 'there are more findings than are shown' },
];

/** Every rule, once, in the order of their codes. */
export const CATALOGUE: readonly { code: string; summary: string }[] = [
  ...new Map(
    [...SCHEMA_RULES, ...READING_RULES, ...APP_RULES, ...POD_RULES, ...GROUP_RULES, ...SET_RULES].map(
      ({ code, summary }) => [code, { code, summary }],
    ),
  ).values(),
].sort((a, b) => (a.code < b.code ? -1 : 1));
