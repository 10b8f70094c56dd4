import { expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { printDiagnostics } from '../../src/cli/print/diagnostics.js';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';

const schedulers = new Map(
  [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
);

/** What a person sees of these files. */
function shown(files: Record<string, string>): string {
  const manifests = Object.entries(files).map(([path, text]) => parseManifest(path, Buffer.from(text)));
  const stream = new PassThrough();
  printDiagnostics(validateManifests(manifests, schedulers).diagnostics, stream);
  return `\n${String(stream.read() ?? 'nothing is wrong\n')}`;
}

const APP = 'id: /shop/web\ncmd: exec ./web\ncpus: 0.5\nmem: 128\n';
const JOB = 'name: report\ncommand: ./report\nschedule: R/2026-01-01T03:00:00Z/P1D\n';

/** What people get wrong, as they get it wrong. */
const MISTAKES: Record<string, Record<string, string>> = {
  'a misspelt field': { 'web.yaml': `${APP}instnaces: 3\n` },
  'a number as text': { 'web.yaml': `${APP}instances: "3"\n` },
  'an environment variable that is a number': { 'web.yaml': `${APP}env:\n  PORT: 8080\n` },
  'cmd and args': { 'web.yaml': `${APP}args: [./web]\n` },
  'an id in upper case': { 'web.yaml': APP.replace('/shop/web', '/Shop/Web') },
  'a comma too many': { 'web.json': '{\n  "id": "/shop/web",\n  "cmd": "exec ./web",\n}\n' },
  'a key twice': { 'web.yaml': `${APP}mem: 256\n` },
  'a tab for indentation': { 'web.yaml': `${APP}labels:\n\towner: shop\n` },
  'port mappings without a network': {
    'web.yaml': `${APP}container:\n  docker: { image: 'shop/web:1' }\n  portMappings: [{ containerPort: 80 }]\n`,
  },
  'a health check of a port that is not there': {
    'web.yaml': `${APP}portDefinitions: [{ port: 0 }]\nhealthChecks: [{ path: /health, portIndex: 1 }]\n`,
  },
  'a constraint in lower case': { 'web.yaml': `${APP}constraints: [[hostname, unique]]\n` },
  'a dependency with a slip': {
    'web.yaml': `${APP}dependencies: [/shop/databse]\n`,
    'db.yaml': APP.replace('/shop/web', '/shop/database'),
  },
  'dependencies in a circle': {
    'web.yaml': `${APP}dependencies: [/shop/db]\n`,
    'db.yaml': `${APP.replace('/shop/web', '/shop/db')}dependencies: [/shop/web]\n`,
  },
  'the same job twice': { 'web.yaml': APP, 'copy/web.yaml': APP },
  'a cron expression': { 'report.yaml': JOB.replace(/schedule: .*/, 'schedule: 0 3 * * *') },
  'a start without an offset': {
    'report.yaml': JOB.replace('2026-01-01T03:00:00Z', '2026-01-01T03:00:00'),
  },
  'a parent with a slip': {
    'mail.yaml': 'name: mail\ncommand: ./mail\nparents: [reprot]\n',
    'report.yaml': JOB,
  },
  'a schedule and parents': {
    'report.yaml': `${JOB}parents: [export]\n`,
    'export.yaml': JOB.replace('report', 'export'),
  },
  'a file that holds no job': { 'package.json': '{ "name": "web", "version": "1.0.0" }\n' },
  'a secret that is not declared': { 'web.yaml': `${APP}env:\n  PASSWORD: { secret: db }\n` },
  'an image that moves': { 'web.yaml': `${APP}container: { docker: { image: 'shop/web:latest' } }\n` },
};

it.each(Object.entries(MISTAKES))('%s', (_what, files) => {
  expect(shown(files)).toMatchSnapshot();
});
