import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAbout, proposalBranch, propose, type MergeRequest, type ProposalBranch } from './proposal.js';

describe('a proposal', () => {
  const request = (state: MergeRequest['state'], about = 'shop/web:1.1.0', id = 7): MergeRequest => ({
    id,
    state,
    url: `https://forge/${id}`,
    title: 'Promote',
    body: `web.yaml: a -> b\r\n\r\nTowline-Release: ${about}\r\n`,
  });
  const message = 'Promote\n\nweb.yaml: a -> b\n\nTowline-Release: shop/web:1.1.0\nTowline-Pass: 1\n';
  const tip = (text = message, ours = true) => ({ revision: 'a'.repeat(40) as never, message: text, ours });
  const branch = 'towline/promote/production/shop-web-1';
  const older = message.replaceAll('1.1.0', '1.0.0');

  it.each<[what: string, Omit<ProposalBranch, 'branch'>, asked: boolean, object | string]>([
    ['is made', { requests: [] }, false, { push: true }],
    [
      'was pushed, and a crash kept the request from being made',
      { tip: tip(), requests: [] },
      false,
      { push: false },
    ],
    [
      'stands',
      { tip: tip(message.replace('Pass: 1', 'Pass: 2')), requests: [request('open')] },
      false,
      'waits to be merged',
    ],
    ['stands, where nobody can be asked', { tip: tip() }, false, 'waits to be merged'],
    [
      'takes the place of an older one',
      { tip: tip(older), requests: [request('open', 'shop/web:1.0.0')] },
      false,
      { push: true, request: { id: 7 }, expected: tip().revision },
    ],
    [
      'comes after a merged one',
      { tip: tip(older), requests: [request('merged', 'shop/web:1.0.0')] },
      false,
      { push: true },
    ],
    [
      'comes after a closed one of another release',
      { tip: tip(older), requests: [request('closed', 'shop/web:1.0.0')] },
      false,
      { push: true },
    ],
    ['was closed', { tip: tip(), requests: [request('closed')] }, false, 'a person said no'],
    [
      'was closed long ago',
      { tip: tip(older), requests: [request('merged', 'shop/web:1.0.0', 9), request('closed')] },
      false,
      'a person said no',
    ],
    [
      'was closed, and a person asks for it',
      { tip: tip(), requests: [request('closed')] },
      true,
      { push: false },
    ],
    ['was merged and taken back', { requests: [request('merged')] }, false, 'taken back since'],
    [
      'has a commit of somebody else on its branch',
      { tip: tip(message, false), requests: [request('open')] },
      false,
      'somebody else has committed',
    ],
  ])('%s', (_what, facts, asked, expected) => {
    const made = propose({ message, release: 'shop/web:1.1.0', asked }, { branch, ...facts });
    if (typeof expected === 'string') expect(made).toMatchObject({ why: expect.stringContaining(expected) });
    else expect(made).toMatchObject({ branch, ...expected });
  });

  it('is about a release that its text names on a line of its own', () => {
    expect(isAbout({ body: 'x\r\nTowline-Release: a:1\r\n' }, 'a:1')).toBe(true);
    expect(isAbout({ body: 'x Towline-Release: a:1 y' }, 'a:1')).toBe(false);
    expect(isAbout({ body: 'Towline-Release: a:10' }, 'a:1')).toBe(false);
  });

  it('has a branch that git takes, and one of its own for every image', () => {
    const part = fc.constantFrom(
      'a',
      'b.',
      '..',
      '/',
      '-',
      '_',
      ':5000',
      '.lock',
      '@{',
      '~',
      '^',
      ' ',
      'é',
      '\u0007',
      '[',
      '\\',
    );
    const images = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(images, (names) => {
        const branches = names.map((name) => proposalBranch('production', name));
        expect(new Set(branches).size).toBe(names.length);
        for (const each of branches) expect(each).toMatch(/^towline\/promote\/production\/[a-z0-9_-]+$/);
        for (const each of branches) expect(each).not.toMatch(/\/-/);
      }),
    );
    expect(proposalBranch('production', 'x'.repeat(400)).length).toBeLessThan(200);
  });
});
