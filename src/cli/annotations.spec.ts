import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { reportsAsked, withCommands, writeReports } from './annotations.js';
import type { Io } from './io.js';
import type { Checked } from './print/reports/index.js';

const hostile: Checked[] = [
  {
    name: 'production',
    files: ['jobs/::error::x.json'],
    jobs: 0,
    diagnostics: [
      {
        code: 'marathon/type',
        severity: 'error',
        message: 'a\n::add-mask::b\r::error::c%0A',
        place: { file: 'jobs/::error::x,line=1:\n.json', line: 3, column: 4 },
      },
    ],
  },
];

describe('reports of findings', () => {
  it.each([
    [{ annotate: 'auto' }, { GITHUB_ACTIONS: 'true' }, { commands: true, files: [] }],
    [{ annotate: 'auto' }, {}, { commands: false, files: [] }],
    [{}, { GITHUB_ACTIONS: 'true' }, { commands: false, files: [] }],
    [
      { annotate: 'auto' },
      { GITLAB_CI: 'true' },
      { commands: false, files: [{ file: 'gl-code-quality-report.json', form: 'gitlab' }] },
    ],
    [
      { annotate: 'gitlab', report: ['q.json', 'j.xml', 's.sarif', 't.sarif.json'] },
      {},
      {
        commands: false,
        files: [
          { file: 'q.json', form: 'gitlab' },
          { file: 'j.xml', form: 'junit' },
          { file: 's.sarif', form: 'sarif' },
          { file: 't.sarif.json', form: 'sarif' },
        ],
      },
    ],
  ] as const)('are asked for by flags, and by the CI that this runs in: %j in %j', (flags, env, asked) => {
    expect(reportsAsked(flags, env)).toEqual(asked);
  });

  it('need a name that says what they are', () => {
    expect(() => reportsAsked({ report: ['report.txt'] }, {})).toThrow(
      expect.objectContaining({ code: 'report-form' }),
    );
  });

  it('let no text around them be a command', () => {
    let text = '';
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    });
    withCommands(true, hostile, { stdout } as unknown as Io, () => stdout.write('::set-env name=X::y\n'));
    const [stop, said, go, command, ...rest] = text.split(/\r\n|\r|\n/);
    const token = /^::stop-commands::([0-9a-f-]{36})$/.exec(stop ?? '')?.[1];
    expect([said, go]).toEqual(['::set-env name=X::y', `::${token}::`]);
    expect(command).toBe(
      '::error file=jobs/%3A%3Aerror%3A%3Ax%2Cline=1%3A%0A.json,line=3,col=4,title=marathon/type' +
        '::a%0A::add-mask::b%0D::error::c%250A',
    );
    expect(rest).toEqual(['']);
  });

  it('are written to their files, or it is said why not', async () => {
    const cwd = await mkdtemp(path.join(os.tmpdir(), 'towline-reports-'));
    try {
      const { files } = reportsAsked({ report: ['q.json', 'j.xml'] }, {});
      await writeReports(files, hostile, { cwd });
      expect(JSON.parse(await readFile(path.join(cwd, 'q.json'), 'utf8'))).toMatchObject([
        { severity: 'major', location: { path: 'jobs/::error::x,line=1:\n.json', lines: { begin: 3 } } },
      ]);
      expect(await readFile(path.join(cwd, 'j.xml'), 'utf8')).toContain('<testsuite name="production"');
      await expect(
        writeReports([{ file: 'none/q.json', form: 'gitlab' }], hostile, { cwd }),
      ).rejects.toMatchObject({ code: 'report-unwritable' });
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  });
});
