import { olderThan, type Rule } from './rule.js';
import { checkDependencyIds } from './shared/dependency-ids.js';

/** Rules for the attributes of a group. */
export const GROUP_RULES: readonly Rule[] = [
  {
    code: 'marathon/dependency-id',
    summary: 'dependencies are ids of apps or groups',
    check: checkDependencyIds,
  },
  {
    code: 'marathon/too-new',
    severity: 'warning',
    summary: 'fields that the server is too old for are silently ignored',
    check: (group, report, context) => {
      if (group['enforceRole'] !== undefined && olderThan(context, 1, 9))
        report(
          '/enforceRole',
          `Marathon ${context.version ?? ''} ignores enforceRole, which came with 1.9`,
          'Remove it, or update Marathon.',
        );
    },
  },
];
