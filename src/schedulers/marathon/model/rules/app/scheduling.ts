import { instancesOf } from '../facts.js';
import { listAt, numberAt, objectAt, olderThan, textAt, textsAt, type Rule } from '../rule.js';
import { checkConstraint, OPERATORS, unknownOperator } from '../shared/constraint.js';
import { checkLimits } from '../shared/limits.js';
import { checkAcceptedRoles, checkRole } from '../shared/roles.js';
import { checkUnreachable, checkUnreachableText } from '../shared/unreachable.js';

/** Where and how often an app runs, and what its labels promise (reference: marathon.md §3). */
export const SCHEDULING_RULES: readonly Rule[] = [
  {
    code: 'marathon/constraint',
    summary: 'constraints are [field, OPERATOR, value] with an operator that Marathon knows, in upper case',
    check: (app, report) =>
      listAt(app, 'constraints').forEach((constraint, index) => {
        const at = `/constraints/${index}`;
        const [field, operator, value] = textsAt({ constraint }, 'constraint');
        if (field === undefined || operator === undefined) return;
        if (!OPERATORS.includes(operator)) return unknownOperator(operator, report, at);
        checkConstraint(field, operator, value, (message, fix) => report(at, message, fix));
      }),
  },
  {
    code: 'marathon/unreachable',
    summary: 'inactiveAfterSeconds is at most expungeAfterSeconds',
    check: (app, report) => checkUnreachable(app, '', report),
  },
  {
    code: 'marathon/unreachable-text',
    severity: 'warning',
    summary: 'any text as unreachableStrategy means "disabled"',
    check: (app, report) => checkUnreachableText(app, '', report),
  },
  {
    code: 'marathon/role',
    summary: "a role is Marathon's own or the name of the top-level group",
    check: checkRole,
  },
  {
    code: 'marathon/accepted-roles',
    summary: 'acceptedResourceRoles holds "*" and the role of the job only',
    check: (app, report, context) =>
      checkAcceptedRoles({ job: app, accepted: app, at: '/acceptedResourceRoles' }, report, context),
  },
  {
    code: 'marathon/limits',
    summary: 'resource limits are at least what is requested',
    check: (app, report) =>
      checkLimits({ limits: objectAt(app, 'resourceLimits'), requests: app, at: '' }, report),
  },
  {
    code: 'marathon/single-instance',
    summary: 'MARATHON_SINGLE_INSTANCE_APP needs at most one instance and an upgradeStrategy of 0/0',
    check: (app, report) => {
      if (textAt(objectAt(app, 'labels'), 'MARATHON_SINGLE_INSTANCE_APP') !== 'true') return;
      if (instancesOf(app) > 1)
        report('/instances', 'a single-instance app has one instance at most', 'Write 1.');
      const strategy = objectAt(app, 'upgradeStrategy');
      if (
        numberAt(strategy, 'minimumHealthCapacity') !== 0 ||
        numberAt(strategy, 'maximumOverCapacity') !== 0
      )
        report(
          '/upgradeStrategy',
          'a single-instance app needs an upgradeStrategy of 0/0',
          'Write "upgradeStrategy": {"minimumHealthCapacity": 0, "maximumOverCapacity": 0}.',
        );
    },
  },
  {
    code: 'marathon/migration-labels',
    summary: 'DCOS_MIGRATION_API_VERSION is v1 and comes with two more labels',
    check: (app, report) => {
      const labels = objectAt(app, 'labels');
      const version = textAt(labels, 'DCOS_MIGRATION_API_VERSION') ?? '';
      if (version === '') return;
      if (version !== 'v1')
        report('/labels/DCOS_MIGRATION_API_VERSION', 'DCOS_MIGRATION_API_VERSION must be v1', 'Write "v1".');
      for (const name of ['DCOS_PACKAGE_FRAMEWORK_NAME', 'DCOS_MIGRATION_API_PATH'])
        if ((textAt(labels, name) ?? '') === '')
          report('/labels', `DCOS_MIGRATION_API_VERSION needs the label ${name}`, 'Add it.');
    },
  },
  {
    code: 'marathon/too-new',
    severity: 'warning',
    summary: 'fields that the server is too old for are silently ignored',
    check: (app, report, context) => {
      for (const [name, minor] of [
        ['networks', 5],
        ['role', 9],
        ['resourceLimits', 10],
      ] as const)
        if (app[name] !== undefined && olderThan(context, 1, minor))
          report(
            `/${name}`,
            `Marathon ${context.version ?? ''} ignores ${name}, which came with 1.${minor}`,
            'Remove it, or update Marathon.',
          );
    },
  },
];
