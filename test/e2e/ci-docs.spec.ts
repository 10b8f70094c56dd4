import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { chmod, readFile, symlink, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

const project = path.resolve(import.meta.dirname, '../..');
const DIGEST = `sha256:${'d'.repeat(64)}`;

/** Blocks of docs/ci.md that are run as they stand there. */
async function blocks(): Promise<string[]> {
  const page = await readFile(path.join(project, 'docs/ci.md'), 'utf8');
  return [...page.matchAll(/^<!-- run -->\n```sh\n([^]*?)^```$/gm)].map(([, block = '']) => block);
}

/** Engine and registry are played: there may be none on this machine. */
const towline = (world: World): string => `#!/bin/sh
case "$1 \${2:-}" in
'image build') exit 0 ;;
'image push') printf '{"pushed": [{"image": "%s", "digest": "${DIGEST}"}]}\\n' "$6"; exit 0 ;;
esac
if [ "$1" = release ]; then set -- release --digest "$3" -- "$6"; fi
exec '${process.execPath}' '${world.program}' --config '${world.configFile}' "$@"
`;

withServer('consul', 'the page about CI', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    const bin = path.join(world.folder, 'bin');
    await mkdir(bin);
    await writeFile(path.join(bin, 'towline'), towline(world));
    await chmod(path.join(bin, 'towline'), 0o755);
    await symlink(path.join(project, 'hooks/ci/shell/towline-ci.sh'), path.join(bin, 'towline-ci'));
    world.processes.env['PATH'] = `${bin}:${world.processes.env['PATH'] ?? ''}`;
    const config = await readFile(world.configFile, 'utf8');
    await world.write({
      'towline.yaml': config.replace('\n  test:\n', '\n  production:\n'),
      'jobs/web.json': idle('/shop/web', {
        container: { type: 'DOCKER', docker: { image: 'registry.example.org/shop/web:1.4.1' } },
      }),
      '.gitignore': '.towline/\ntowline-*\ntowline.env\n',
    });
    await world.push('What we have');
  }, 60_000);
  afterAll(async () => world?.close(), 60_000);

  it('has blocks that do what it says, one after the other', async () => {
    await world.processes.start(
      process.execPath,
      [world.program, '--config', world.configFile, 'run', 'mirror', 'deploy', '--no-server'],
      { cwd: world.folder, logFile: path.join(world.folder, 'daemon.log') },
    );
    const said: string[] = [];
    for (const block of await blocks()) {
      const { code, stdout, stderr } = await world.processes.run('sh', ['-euc', block], { cwd: world.work });
      expect({ block, code, stdout, stderr }).toMatchObject({ code: 0 });
      said.push(stdout);
    }
    const [checked, released, promoted, waited, put] = said;
    expect(said).toHaveLength(5);
    expect(checked).toMatch(/0 errors[^]*production at [0-9a-f]{10}/);
    expect(released).toContain('registry.example.org/shop/web:1.4.2');
    expect(promoted).toMatch(/is promoted as [0-9a-f]{40}\nproduction: [0-9a-f]{10} is live/);
    expect(waited).toContain('is live');
    expect(put).toBe('true');
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    expect(await readFile(path.join(world.work, 'jobs/web.json'), 'utf8')).toContain(
      'registry.example.org/shop/web:1.4.2',
    );
    expect((await world.towline('promote', 'registry.example.org/shop/web:1.4.3', '--dry-run')).code).toBe(2);
  }, 120_000);
});
