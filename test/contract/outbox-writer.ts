import { fileOutbox } from '../../src/outbox/index.js';
import { pushEvent } from '../builders/push-event.js';

// Adds large events to a target, one after another, until it is killed; says each that is kept.
const [folder = '', target = ''] = process.argv.slice(2);
const outbox = fileOutbox({ folder, clock: { now: () => Date.now(), sleep: async () => undefined } });
for (let n = 1; ; n++) {
  const event = pushEvent(String(n).padStart(4, '0'), 5000);
  await outbox.add(target, [event]);
  process.stdout.write(`${event.id}\n`);
}
