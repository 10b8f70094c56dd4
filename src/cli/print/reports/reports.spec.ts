import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import { REPORTS, type Checked } from './index.js';

const error: Diagnostic = {
  code: 'marathon/unknown-field',
  severity: 'error',
  message: 'unknown field "instnaces"',
  fix: 'Did you mean "instances"?',
  place: { file: 'jobs/web.json', line: 4, column: 3, pointer: '/instnaces' },
};
const warning: Diagnostic = {
  code: 'marathon/latest-tag',
  severity: 'warning',
  message: 'a <moving> tag & more',
  place: { file: 'jobs/a b.yaml', line: 7, column: 12, pointer: '/container/docker/image' },
};
const sets: Checked[] = [
  {
    name: 'production',
    files: ['jobs/web.json', 'jobs/a b.yaml', 'jobs/fine.yaml'],
    jobs: 2,
    diagnostics: [warning, error],
  },
];
const hostile = fc.string({ unit: 'binary', maxLength: 60 });
const diagnostics = fc.array(
  fc.record({
    code: fc.constantFrom('marathon/type', 'chronos/name'),
    severity: fc.constantFrom('error', 'warning'),
    message: hostile,
    place: fc.record({ file: hostile, line: fc.integer({ min: 1, max: 9 }), column: fc.constant(1) }),
  }),
  { maxLength: 4 },
) as fc.Arbitrary<Diagnostic[]>;

describe('a GitHub report', () => {
  it('is one command a finding', () => {
    expect(REPORTS.github(sets)).toBe(
      '::warning file=jobs/a b.yaml,line=7,col=12,title=marathon/latest-tag::a <moving> tag & more\n' +
        '::error file=jobs/web.json,line=4,col=3,title=marathon/unknown-field::unknown field "instnaces"%0ADid you mean "instances"?\n',
    );
  });

  it('lets no message and no file name begin a command of its own', () => {
    fc.assert(
      fc.property(diagnostics, (found) => {
        const lines = REPORTS.github([{ name: 'x', files: [], jobs: 0, diagnostics: found }]).split(
          /\r\n|\r|\n/,
        );
        expect(lines).toHaveLength(found.length + 1);
        for (const [at, { severity }] of found.entries())
          expect(lines[at]).toMatch(new RegExp(`^::${severity} file=`));
      }),
    );
  });
});

describe('a GitLab report', () => {
  it('names rule, place and weight', () => {
    expect(JSON.parse(REPORTS.gitlab(sets))).toEqual([
      expect.objectContaining({
        check_name: 'marathon/latest-tag',
        severity: 'minor',
        location: { path: 'jobs/a b.yaml', lines: { begin: 7 } },
      }),
      expect.objectContaining({ check_name: 'marathon/unknown-field', severity: 'major' }),
    ]);
  });

  it('has fingerprints that are its own and stay when lines above are inserted', () => {
    const prints = (found: Diagnostic[]): string[] =>
      (
        JSON.parse(REPORTS.gitlab([{ name: 'x', files: [], jobs: 0, diagnostics: found }])) as {
          fingerprint: string;
        }[]
      ).map(({ fingerprint }) => fingerprint);
    const moved = { ...error, place: { ...error.place, line: 40 } };
    expect(prints([moved])).toEqual(prints([error]));
    expect(new Set(prints([error, moved, warning])).size).toBe(3);
  });
});

describe('a JUnit report', () => {
  it('has a case for each file, failed where it has errors', () => {
    const xml = REPORTS.junit(sets);
    expect(xml).toContain('<testsuite name="production" tests="3" failures="1" errors="0">');
    expect(xml).toContain('<testcase classname="production" name="jobs/fine.yaml" file="jobs/fine.yaml"/>');
    expect(xml).toContain(
      '<failure type="marathon/unknown-field" message="unknown field &quot;instnaces&quot;">',
    );
    expect(xml).toContain('<system-out>jobs/a b.yaml:7:12: warning a &lt;moving&gt; tag &amp; more');
  });

  it('is well-formed whatever a manifest holds', () => {
    fc.assert(
      fc.property(diagnostics, (found) => {
        const xml = REPORTS.junit([{ name: 'x', files: [], jobs: 0, diagnostics: found }]);

        expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
        const open: string[] = [];
        for (const [, close, name = '', , self] of xml.matchAll(
          /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g,
        )) {
          if (close === '/') expect(open.pop()).toBe(name);
          else if (self !== '/') open.push(name);
        }
        expect(open).toEqual([]);
        expect(xml.replace(/<[^>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#\d+;)/);
      }),
    );
  });
});

describe('a SARIF report', () => {
  it('holds the rules that were broken and a result for each finding', () => {
    const { version, runs } = JSON.parse(REPORTS.sarif(sets)) as {
      version: string;
      runs: { tool: { driver: { rules: { id: string }[] } }; results: object[] }[];
    };
    expect(version).toBe('2.1.0');
    expect(runs[0]?.tool.driver.rules.map(({ id }) => id)).toEqual([
      'marathon/latest-tag',
      'marathon/unknown-field',
    ]);
    expect(runs[0]?.results).toMatchObject([
      {
        ruleId: 'marathon/latest-tag',
        ruleIndex: 0,
        level: 'warning',
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'jobs/a%20b.yaml' },
              region: { startLine: 7, startColumn: 12 },
            },
          },
        ],
      },
      { ruleId: 'marathon/unknown-field', ruleIndex: 1, level: 'error' },
    ]);
  });
});
