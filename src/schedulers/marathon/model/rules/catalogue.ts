import { schemaRules } from '../../../../domain/job/validate/schema-rules.js';
import { READING_RULES } from '../jobs-of.js';
import { APP_RULES } from './app/index.js';
import { GROUP_RULES } from './group.js';
import { POD_RULES } from './pod/index.js';
import { SET_RULES } from './set/index.js';

/** What is found while a definition is read. */
const NULL_RULE = { code: 'marathon/null', summary: 'a null counts as absent' };

/** Every rule, once, in the order of their codes. */
export const CATALOGUE: readonly { code: string; summary: string }[] = [
  ...new Map(
    [
      ...schemaRules('marathon'),
      NULL_RULE,
      ...READING_RULES,
      ...APP_RULES,
      ...POD_RULES,
      ...GROUP_RULES,
      ...SET_RULES,
    ].map(({ code, summary }) => [code, { code, summary }]),
  ).values(),
].sort((a, b) => (a.code < b.code ? -1 : 1));
