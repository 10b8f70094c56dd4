import { expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import type { EngineLine } from '../../ports/image-engine.js';
import { engineProgress } from './engine-progress.js';

const lines: EngineLine[] = [
  { text: 'The push refers to repository [shop/web]' },
  { id: 'aa', text: 'Preparing' },
  { id: 'bb', text: 'Preparing' },
  { id: 'aa', text: 'Pushing', progress: { current: 500_000, total: 1_000_000 } },
  { id: 'bb', text: 'Pushing', progress: { current: 1_000_000, total: 3_000_000 } },
  { id: 'aa', text: 'Pushed' },
  { id: 'bb', text: 'Pushing', progress: { current: 3_100_000, total: 3_000_000 } },
  { id: 'bb', text: 'Pushed' },
  { text: '1.0: digest: sha256:abc' },
];

function shown(isTTY: boolean): string {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 40 });
  const progress = engineProgress({ stderr });
  lines.forEach((line) => progress.onLine(line));
  progress.close();
  return String(stderr.read());
}

it('a log has a line for each thing that happens to a layer', () => {
  expect(shown(false).split('\n')).toEqual([
    'The push refers to repository [shop/web]',
    ...['aa: Preparing', 'bb: Preparing', 'aa: Pushing', 'bb: Pushing', 'aa: Pushed', 'bb: Pushed'],
    '1.0: digest: sha256:abc',
    '',
  ]);
});

it('a terminal has one line that moves, and is cleared of it in the end', () => {
  expect(shown(true).split('\r\u001b[K')).toEqual([
    'The push refers to repository [shop/web]\naa: Preparing\nbb: Preparing\nPushing 1 layer, 0.5 MB of 1.0 MB (50 %',
    'Pushing 2 layers, 1.5 MB of 4.0 MB (37 ',
    'aa: Pushed\nPushing 1 layer, 3.1 MB of 3.1 MB (100 ',
    'bb: Pushed\n1.0: digest: sha256:abc\n',
  ]);
});
