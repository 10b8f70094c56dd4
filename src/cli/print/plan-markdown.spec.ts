import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { input, job, LENIENT, live } from '../../../test/builders/plan-input.js';
import { makePlan } from '../../domain/plan/make-plan.js';
import type { Plan } from '../../domain/plan/plan.js';
import type { Planned } from '../planned.js';
import { planMarkdown } from './plan-markdown.js';

const marker = '<!-- towline plan test -->';
const limit = 65_536;
const plan = makePlan(
  input({
    desired: [job('web', { image: 'shop/web:2' }), job('new')],
    live: [live('web', { image: 'shop/web:1' }, { ownerLabel: 'test' })],
  }),
  LENIENT,
);
const planned = (more: Partial<Plan> = {}, rest: Partial<Planned> = {}): Planned => ({
  plan: { ...plan, ...more },
  diagnostics: [],
  unreadable: [],
  ...rest,
});
const page = (given: Planned, most = limit): string => planMarkdown(given, { limit: most, marker });

/** The page without everything that stands as code: what could still mention, link, or be HTML. */
function outsideOfCode(text: string): string {
  return text
    .replace(/^(`{3,})diff\n[^]*?\n\1$/gm, '')
    .replace(/<code>[^<]*<\/code>/g, '')
    .replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
}

describe('a plan as a comment', () => {
  it('says what is done, and folds the fields of each change', () => {
    expect(page(planned())).toMatchInlineSnapshot(`
      "<!-- towline plan test -->
      ### Plan for \`test\`

      **1 to create, 1 to update** at \`aaaaaaaaaa\`, plan \`d44c4ece5adc\`

      <details><summary>create <code>plain:new</code></summary>

      \`new in Git\`, in \`new.json\`

      </details>

      <details><summary>update <code>plain:web</code></summary>

      \`changed in Git\`, in \`web.json\`

      \`\`\`diff
        /
      - {"id":"web","image":"shop/web:1"}
      + {"id":"web","image":"shop/web:2"}
      \`\`\`

      </details>
      "
    `);
  });

  it('says that nothing is to be done', () => {
    expect(page(planned({ changes: [] }))).toContain('**Nothing to do**: all jobs are as in Git at `');
  });

  it('says what holds it, and what opens that', () => {
    const held = planned({
      decisions: [
        {
          gate: 'approval',
          name: 'two of ops',
          verdict: 'held',
          refs: [job('web').ref],
          reason: 'needs 1 approval',
        },
        {
          gate: 'freeze',
          name: 'weekend',
          verdict: 'held',
          refs: [],
          reason: 'from Fri 16:00',
          opensAt: '2026-03-30T06:00:00Z',
        },
        { gate: 'veto', name: 'shop/web:2', verdict: 'held', refs: [], reason: 'vetoed' },
        { gate: 'radius', name: '*', verdict: 'passed', refs: [], reason: '2 of 5' },
      ],
    });
    const text = page(held);
    expect(text).toContain(
      `- **held** by approval \`two of ops\`, 1 job: \`needs 1 approval\`; opened by \`towline approve ${plan.id} --env test\``,
    );
    expect(text).toContain('opens by itself `2026-03-30T06:00:00Z`');
    expect(text).toContain('opened by `towline lift shop/web:2 --env test`');
    expect(text).toContain('- **passed** by radius `*`, 0 jobs: `2 of 5`');
  });

  it('tells of mistakes, and of schedulers that could not be read', () => {
    const text = page(
      planned(
        {},
        {
          unreadable: ['marathon: it does not answer'],
          diagnostics: [
            {
              code: 'x/y',
              severity: 'error',
              message: 'it is <b>broken</b>',
              place: { file: 'a`b.json', line: 1 },
            },
          ],
        },
      ),
    );
    expect(text).toContain('- could not be read: `marathon: it does not answer`');
    expect(text).toContain('- error at ``a`b.json:1:1``: `it is <b>broken</b>`');
  });

  it('never exceeds what a comment may hold, and counts what it leaves out', () => {
    const [first] = plan.changes;
    const many = Array.from({ length: 400 }, (_, n) => ({ ...first!, ref: `plain:job-${n}` as never }));
    const text = page(planned({ changes: many }), 20_000);
    expect(text.length).toBeLessThanOrEqual(20_000);
    const [, shortened, omitted] =
      /cut|: (\d+) changes are shown without their fields, (\d+) are not shown/.exec(text) ?? [];
    const whole = text.match(/<details>/g)?.length ?? 0;
    expect(whole).toBeGreaterThan(10);
    expect(whole + Number(shortened) + Number(omitted)).toBe(400);
  });

  it('lets no word from outside mention anybody, link, or be HTML', () => {
    const evil = fc
      .array(
        fc.constantFrom(
          '@all ',
          '`',
          '``',
          '```',
          '<b>',
          '</details>',
          '-->',
          '\n',
          '\r',
          '#1 ',
          '[x](http://e)',
          '\u202e',
          '\\',
          '&lt;',
          '\ud83d\ude00',
        ),
        { minLength: 1, maxLength: 12 },
      )
      .map((parts) => `EVIL${parts.join('')}EVIL`);
    fc.assert(
      fc.property(evil, evil, evil, (id, value, reason) => {
        const change = { ...plan.changes[0]!, ref: `plain:${id}` as never, reason };
        const text = page(
          planned(
            {
              changes: [
                { ...change, fields: [{ pointer: `/${id}`, before: value, after: { [id]: value } }] },
              ],
              decisions: [{ gate: 'freeze', name: id, verdict: 'held', refs: [], reason }],
            },
            {
              unreadable: [reason],
              diagnostics: [{ code: 'x', severity: 'error', message: value, place: { file: id } }],
            },
          ),
        );
        expect(text).toContain('EVIL');
        expect(outsideOfCode(text)).not.toMatch(/EVIL|@|http|<b>|\u202e/);
        expect(text.match(/<details>/g)).toHaveLength(1);
        expect(outsideOfCode(text).match(/<\/details>/g)).toHaveLength(1);
      }),
    );
  });
});
