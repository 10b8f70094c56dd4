import { pointer } from '../../../../../domain/source/json.js';
import {
  rolloutOf,
  SECONDS_LABEL,
  SHARE_LABEL,
  STRATEGIES,
  STRATEGY_LABEL,
  whyAlone,
} from '../../rollout.js';
import { objectAt, textAt, type Rule } from '../rule.js';

/** What an app can ask of Towline by its labels. */
export const ROLLOUT_RULES: readonly Rule[] = [
  {
    code: 'marathon/rollout',
    summary: `${STRATEGY_LABEL} is ${STRATEGIES.join(' or ')}, with a share above 0 and at most 1 and whole seconds, of an app that can stand beside itself`,
    check: (app, report) => {
      const labels = objectAt(app, 'labels');
      const asked = textAt(labels, STRATEGY_LABEL);
      if (asked === undefined) return;
      const at = (label: string): string => pointer('labels', label);
      const alone = whyAlone(app);
      if (!(STRATEGIES as readonly string[]).includes(asked))
        report(
          at(STRATEGY_LABEL),
          `there is no strategy ${JSON.stringify(asked)}`,
          `Write ${STRATEGIES.join(' or ')}.`,
        );
      else if (alone !== undefined && rolloutOf(app) !== undefined)
        report(
          at(STRATEGY_LABEL),
          `there can't be a second app beside it: ${alone}`,
          'Take the label off: Marathon replaces it task by task.',
        );
      const share = textAt(labels, SHARE_LABEL);
      if (share !== undefined && !(Number(share) > 0 && Number(share) <= 1))
        report(at(SHARE_LABEL), 'the share is no number above 0 and at most 1', 'Write "0.1" for a tenth.');
      const seconds = textAt(labels, SECONDS_LABEL);
      if (seconds !== undefined && !/^\d{1,5}$/.test(seconds))
        report(at(SECONDS_LABEL), 'it is no number of seconds', 'Write "60" for a minute.');
    },
  },
  {
    code: 'marathon/rollout-together',
    summary: `${STRATEGY_LABEL} does not count where apps are changed together (deploy.together)`,
    severity: 'warning',
    check: (app, report, { together = [] }) => {
      const id = textAt(app, 'id') ?? '';
      const group = together.find((each) => each === '/' || id.startsWith(`${each}/`));
      if (group === undefined || rolloutOf(app) === undefined) return;
      report(
        pointer('labels', STRATEGY_LABEL),
        `what is below ${group} is changed as one, and strategies do not count there`,
        'Take the label off, or take the group out of deploy.together.',
      );
    },
  },
];
