import { describe, expect, it } from '@jest/globals';
import { placeText } from '../domain/source/diagnostic.js';
import type { GatesConfig } from './config.js';
import { loadConfig } from './load.js';

const load = (text: string) =>
  loadConfig({
    file: { path: 'towline.yaml', bytes: Buffer.from(text) },
    env: {},
    flags: {},
    readSecret: async () => '',
    readFile: async () => undefined,
  });
const gatesOf = async (text: string, name = 'production'): Promise<GatesConfig> => {
  const result = await load(text);
  if ('diagnostics' in result) throw new Error(result.diagnostics.map((d) => d.message).join('; '));
  const found = result.config.environments.find((environment) => environment.name === name);
  if (found === undefined) throw new Error(`no environment ${name}`);
  return found.gates;
};
const findings = async (text: string): Promise<string[]> => {
  const result = await load(text);
  return 'config' in result ? [] : result.diagnostics.map((d) => `${placeText(d.place)} ${d.message}`);
};
/** `all` at the top level, `own` in production; staging has none of its own. */
const file = (all: string, own = ''): string =>
  `version: 1\n${all === '' ? '' : `gates: ${all}\n`}environments:\n  production:\n    schedulers: { marathon: { url: "http://m:8080" } }\n${own === '' ? '' : `    gates: ${own}\n`}  staging:\n    schedulers: { marathon: { url: "http://m:8080" } }\n`;
const WEEKEND = '{ name: weekend, from: Fri 16:00, to: Mon 08:00, zone: Europe/Berlin }';
const weekend = { name: 'weekend', from: 'Fri 16:00', to: 'Mon 08:00', zone: 'Europe/Berlin', jobs: [] };

describe('gates in towline.yaml', () => {
  it('are none where nothing is said of them', async () => {
    expect(await gatesOf(file(''))).toEqual({
      freezes: [],
      approvals: [],
      breakGlass: { from: [], signed: false, maxMinutes: 60 },
    });
  });

  it('are read with their defaults: an approval is signed, and not by an author', async () => {
    const text = file(
      `{ freezes: [${WEEKEND}], approvals: [{ name: two, required: 2, actions: [delete, create] }, { name: all, signed: false, authorMayApprove: true, from: [ann@x], jobs: ['/shop/**'], minChanges: 5 }], radius: { maxCount: 20 }, breakGlass: { from: [eve@x], signed: true, maxMinutes: 30 } }`,
    );
    expect(await gatesOf(text)).toEqual({
      freezes: [weekend],
      approvals: [
        {
          name: 'two',
          required: 2,
          from: [],
          authorMayApprove: false,
          signed: true,
          jobs: [],
          actions: ['create', 'delete'],
          minChanges: 1,
        },
        {
          name: 'all',
          required: 1,
          from: ['ann@x'],
          authorMayApprove: true,
          signed: false,
          jobs: ['/shop/**'],
          actions: [],
          minChanges: 5,
        },
      ],
      radius: { maxCount: 20, maxShare: 1 },
      breakGlass: { from: ['eve@x'], signed: true, maxMinutes: 30 },
    });
  });

  it('of an environment take the place of those for all, part by part', async () => {
    const text = file(
      `{ freezes: [${WEEKEND}], radius: { maxCount: 20 } }`,
      '{ freezes: [], radius: { maxShare: 0.5 } }',
    );
    expect(await gatesOf(text)).toMatchObject({
      freezes: [],
      radius: { maxCount: Number.MAX_SAFE_INTEGER, maxShare: 0.5 },
    });
    expect(await gatesOf(text, 'staging')).toMatchObject({ freezes: [weekend], radius: { maxCount: 20 } });
  });

  it.each([
    [
      '{ freezes: [{ name: a, from: Fri 16:00, to: 08:00, zone: UTC }] }',
      'towline.yaml:2:52 "Fri 16:00" and "08:00" are not of the same form',
    ],
    [
      '{ freezes: [{ name: a, from: Frei 16:00, to: Mon 08:00, zone: UTC }] }',
      'towline.yaml:2:37 "Frei 16:00" is no time of a window',
    ],
    [
      '{ freezes: [{ name: a, from: 08:00, to: 08:00, zone: UTC }] }',
      'towline.yaml:2:48 it ends when it begins',
    ],
    [
      '{ freezes: [{ name: a, from: 08:00, to: 09:00, zone: Europe/Bern }] }',
      'towline.yaml:2:61 there is no time zone "Europe/Bern"',
    ],
    ['{ freezes: [{ name: a, from: 08:00, to: 09:00 }] }', 'towline.yaml:2:20 "zone" is missing'],
    [`{ freezes: [${WEEKEND}, ${WEEKEND}] }`, 'towline.yaml:2:100 there are two of the name "weekend"'],
    [
      '{ approvals: [{ name: a, required: 2, from: [ann@x, Ann@X] }] }',
      'towline.yaml:2:52 2 approvals are needed, and only 1 may give one',
    ],
    ['{ approvals: [{ name: a, actions: [destroy] }] }', 'towline.yaml:2:43 '],
    ['{ radius: {} }', 'towline.yaml:2:18 '],
    ['{ breakglass: {} }', 'towline.yaml:2:10 '],
  ])('%s is refused: %s', async (gates, expected) => {
    const found = await findings(file(gates));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('are refused in an environment at their place there', async () => {
    expect(
      await findings(file('', '{ freezes: [{ name: a, from: "1:00", to: "25:00", zone: UTC }] }')),
    ).toEqual(['towline.yaml:5:53 "25:00" is no time of a window']);
  });
});
