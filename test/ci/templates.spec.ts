import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { readFileSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Processes } from '../scenario/processes.js';
import { ACTION, COMPONENT, COMPONENT_HEADER, PIPELINE, WORKFLOW } from './schemas.js';

const project = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
const SCRIPT = read('hooks/ci/shell/towline-ci.sh');
const STEPS = [...SCRIPT.matchAll(/^([a-z]+)\) [a-z_]+ ;;$/gm)].map(([, name = '']) => name);
const SETTINGS = new Set(SCRIPT.match(/TOWLINE_CI_[A-Z_]*[A-Z]/g));

/** The members of the templates that are looked at here; the schemas say that they are of these types. */
interface Header {
  spec: { inputs: Record<string, { default?: string } | null> };
}
interface Job {
  script?: string[];
  extends?: string;
  needs?: string[];
  variables?: Record<string, string>;
}
interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}
interface Action {
  inputs: Record<string, unknown>;
  outputs: Record<string, { value: string }>;
  runs: { steps: Step[] };
}

function parsed(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => {
    if ('errors' in document && document.errors.length > 0) throw new Error(String(document.errors[0]));
    return document.toJS() as unknown;
  });
}
function misfits(schema: object, value: unknown): unknown {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
  return validate(value) ? [] : validate.errors;
}
const stepsCalled = (text: string): string[] =>
  [...text.matchAll(/towline-ci ([a-z]+)/g)].map(([, s = '']) => s);

/** Runs shell of a template with a towline-ci (or a script) that writes down how it was called. */
async function runShell(
  lines: readonly string[],
  env: Record<string, string> = {},
  files: Record<string, string> = {},
) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'towline-template-'));
  try {
    writeFileSync(path.join(folder, 'towline-ci'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${folder}/record'\n`);
    for (const name of ['towline', 'npm']) writeFileSync(path.join(folder, name), '#!/bin/sh\nexit 9\n');
    for (const name of ['towline-ci', 'towline', 'npm']) chmodSync(path.join(folder, name), 0o755);
    writeFileSync(path.join(folder, 'record'), '');
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    const processes = new Processes({ PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...env });
    const { code, stderr } = await processes.run('sh', ['-ec', lines.join('\n')], { cwd: folder });
    const calls = readFileSync(path.join(folder, 'record'), 'utf8').split('\n').filter(Boolean);
    return { code, stderr, calls };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the script of CI', () => {
  it('has the five steps, and every setting of it is explained', () => {
    expect(STEPS).toEqual(['validate', 'plan', 'release', 'promote', 'wait']);
    const page = read('docs/ci.md').replace(
      /`TOWLINE_CI_FORGE`, `_FORGE_URL`, `_PROJECT`, `_REQUEST`/,
      ['FORGE', 'FORGE_URL', 'PROJECT', 'REQUEST'].map((name) => `\`TOWLINE_CI_${name}\``).join(' '),
    );
    for (const name of SETTINGS) expect(page).toContain(`\`${name}\``);
  });
});

describe.each(['towline', 'towline-image'])('the GitLab component %s', (name) => {
  const text = read(`hooks/ci/gitlab/templates/${name}.yml`);
  const [header, jobs] = parsed(text) as [Header, Record<string, Job>];

  it('is a header with inputs, and jobs', () => {
    expect(parsed(text)).toHaveLength(2);
    expect(misfits(COMPONENT_HEADER, header)).toEqual([]);
    expect(misfits(COMPONENT, jobs)).toEqual([]);
  });

  it('uses every input, and no other; none of them in shell', () => {
    const used = [...text.matchAll(/\$\[\[ inputs\.([a-z-]+) \]\]/g)].map(([, input]) => input);
    expect([...new Set(used)].sort()).toEqual(Object.keys(header.spec.inputs).sort());
    for (const job of Object.values(jobs)) expect(JSON.stringify(job.script ?? [])).not.toContain('$[[');
  });

  it('extends what is there, and sets what the script knows', () => {
    for (const job of Object.values(jobs)) {
      if (job.extends !== undefined) expect(Object.keys(jobs)).toContain(job.extends);
      for (const each of job.needs ?? []) expect(Object.keys(jobs)).toContain(each);
      for (const variable of Object.keys(job.variables ?? {}).filter((v) => v.startsWith('TOWLINE_CI_')))
        expect(SETTINGS).toContain(variable);
    }
  });

  it('calls the steps', async () => {
    const called: string[] = [];
    for (const job of Object.values(jobs).filter(({ script }) => script !== undefined)) {
      const revision = { 'towline.env': `TOWLINE_CI_REVISION=${'a'.repeat(40)}\n` };
      const { code, stderr, calls } = await runShell(job.script ?? [], {}, revision);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      called.push(...calls);
    }
    expect(called).toEqual(
      name === 'towline' ? ['validate', 'plan', 'wait'] : ['release', 'promote', 'wait'],
    );
  });

  it('waits for no promotion that was not needed', async () => {
    const script = jobs['towline-promote']?.script ?? ['towline-ci promote'];
    expect(await runShell(script, {}, { 'towline.env': '' })).toMatchObject({ code: 0, calls: ['promote'] });
  });
});

describe('the GitLab example', () => {
  const [pipeline] = parsed(read('hooks/ci/gitlab/gitlab-ci.yml')) as [
    { include: { inputs: Record<string, string> }[]; stages: string[] },
  ];
  const [header] = parsed(read('hooks/ci/gitlab/templates/towline.yml')) as [Header];

  it('includes the component with inputs that it has, and has its stages', () => {
    expect(misfits(PIPELINE, pipeline)).toEqual([]);
    const { inputs } = header.spec;
    const given = pipeline.include[0]?.inputs ?? {};
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
    for (const [input, about] of Object.entries(inputs))
      if (about?.default === undefined) expect(given).toHaveProperty([input]);
    for (const stage of ['stage-check', 'stage-wait'])
      expect(pipeline.stages).toContain(given[stage] ?? inputs[stage]?.default);
  });
});

describe('the GitHub action', () => {
  const text = read('.github/actions/towline/action.yml');
  const [action] = parsed(text) as [Action];
  const [build, step] = action.runs.steps;

  it('is a composite one with inputs and outputs that it uses', () => {
    expect(misfits(ACTION, action)).toEqual([]);
    const used = [...text.matchAll(/\$\{\{ inputs\.([a-z-]+) \}\}/g)].map(([, input]) => input);
    expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort());
    for (const [output, { value }] of Object.entries(action.outputs)) {
      expect(value).toBe(`\${{ steps.step.outputs.${output} }}`);
      expect(SCRIPT).toContain(`tell ${output} `);
    }
  });

  it('puts no expression into shell, and sets what the script knows', () => {
    for (const { run } of action.runs.steps) expect(run).not.toContain('${{');
    for (const name of Object.keys(step?.env ?? {}).filter((n) => n.startsWith('TOWLINE_CI_')))
      expect(SETTINGS).toContain(name);
  });

  it('calls the script of its own repository', async () => {
    const file = path.join(project, '.github/actions/towline');
    const wrong = await runShell([step?.run ?? ''], { GITHUB_ACTION_PATH: file, TOWLINE_STEP: 'no; exit 0' });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('which step?') });
    // A towline on the PATH (here one that fails) is not built.
    const built = await runShell([build?.run ?? 'exit 1'], { GITHUB_ACTION_PATH: file });
    expect(built).toMatchObject({ code: 0 });
    const asked = await runShell([step?.run ?? ''], {
      GITHUB_ACTION_PATH: file,
      TOWLINE_STEP: 'wait',
      GITHUB_SHA: 'a',
    });
    expect(asked).toMatchObject({ code: 9 });
  });

  it.each(['workflow', 'image-workflow'])('is called as it is in %s.yml', (name) => {
    const [workflow] = parsed(read(`hooks/ci/github/${name}.yml`)) as [
      { jobs: Record<string, { steps: Step[] }> },
    ];
    expect(misfits(WORKFLOW, workflow)).toEqual([]);
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const ours = steps.filter(({ uses }) => String(uses).includes('/towline/'));
    expect(ours.length).toBeGreaterThan(2);
    for (const { uses, with: given = {} } of ours) {
      expect(uses).toBe('OWNER/towline/.github/actions/towline@v1');
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
      expect(STEPS).toContain(given['step']);
    }
  });
});

describe('the Jenkins library', () => {
  const library = read('hooks/ci/jenkins/vars/towline.groovy');
  const names = new Map(
    [...library.matchAll(/(\w+): '(TOWLINE_CI_\w+)'/g)].map(([, key = '', value = '']) => [key, value]),
  );
  const steps = /def steps = \[(.*)\]/.exec(library)?.[1]?.match(/[a-z]+/g);

  it('knows the steps and the settings of the script', () => {
    expect(steps).toEqual(STEPS);
    for (const variable of names.values()) expect(SETTINGS).toContain(variable);
  });

  it('puts nothing but the name of a step into shell', async () => {
    const shell = [...library.matchAll(/(?:sh|script:) (['"])(.*?)\1(?=\)|$)/gm)].map(
      ([, quote, text = '']) => ({ quote, text }),
    );
    expect(shell.map(({ text }) => text)).toEqual(['rm -f -- "$TOWLINE_CI_OUTPUT"', 'towline-ci ${step}']);
    for (const { quote, text } of shell) if (quote === "'") expect(text).not.toContain('${');
    for (const step of STEPS) {
      const lines = shell.map(({ text }) => text.replace('${step}', step));
      expect(await runShell(lines, { TOWLINE_CI_OUTPUT: 'x.env' })).toMatchObject({ code: 0, calls: [step] });
    }
  });

  it.each(['Jenkinsfile', 'Jenkinsfile.image'])('is called as it is in %s', (name) => {
    const text = read(`hooks/ci/jenkins/${name}`);
    const calls = [...text.matchAll(/towline\('([a-z]+)'([^)]*)\)/g)];
    expect(calls.length).toBeGreaterThan(2);
    for (const [, step, rest = ''] of calls) {
      expect(STEPS).toContain(step);
      for (const [, setting] of rest.matchAll(/, (\w+):/g)) expect([...names.keys()]).toContain(setting);
    }
    for (const [open, close] of [
      ['{', '}'],
      ['(', ')'],
      ['[', ']'],
    ] as const)
      expect(text.split(open).length).toBe(text.split(close).length);
  });
});

describe('docs/ci.md', () => {
  const page = read('docs/ci.md');

  it('shows the files as they are', () => {
    const shown = [...page.matchAll(/^<!-- file: (\S+) -->\n```\w+\n([^]*?)^```$/gm)];
    expect(shown).toHaveLength(3);
    for (const [, file = '', text] of shown) expect({ file, text }).toEqual({ file, text: read(file) });
  });

  it('names steps that there are', () => {
    const shell = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([block]) => block).join('');
    expect([...new Set(stepsCalled(shell))].sort()).toEqual([...STEPS].sort());
    expect(page.match(/^<!-- run -->$/gm)?.length).toBe(page.match(/^```sh$/gm)?.length);
  });
});
