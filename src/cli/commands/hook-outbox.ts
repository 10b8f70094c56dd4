import { oneLine } from '../../domain/source/one-line.js';
import type { Outbox } from '../../ports/outbox.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { createLog } from '../../runtime/log.js';
import { loop } from '../../runtime/loop.js';
import { systemClock } from '../../runtime/system-clock.js';
import { sendOutbox } from '../../workers/send/index.js';
import { repositoryAt } from '../hook/repository-at.js';
import { openPinned, type HookPlace } from '../hook/session.js';
import { outboxOf, targetsOf, type HookFlags } from '../hook/targets.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags, HookFlags {
  again?: boolean;
  /** In ms; absent: once. */
  every?: number;
}

/** `hook flush`: sends what waits. Exit 1 where something is left or was set aside. With `--every` it goes on until it is stopped. */
export async function flush(args: string[], flags: Flags, io: Io): Promise<number> {
  const { every, ...once } = flags;
  if (every === undefined) return flushOnce(args, flags, io);
  // The configuration is read anew each time, as a hook does it.
  const round = async (signal: AbortSignal): Promise<void> =>
    void (await flushOnce(args, once, { ...io, signal }));
  const log = await createLog({ level: flags.logLevel ?? 'info', pretty: false, stream: io.stderr });
  await loop({ log, signal: io.signal, round, wait: (signal) => systemClock.sleep(every, signal) });
  return EXIT.done;
}

async function flushOnce([target = '']: string[], flags: Flags, io: Io): Promise<number> {
  const { gitDir: location } = await repositoryAt(target, io);
  const place: HookPlace = { location, quarantine: false, flags, io };
  const pinned = await openPinned(place);
  try {
    const outbox = outboxOf(location);
    const targets = await targetsOf(pinned, place, flags);
    if (flags.again === true)
      for (const { name } of targets)
        for (const { key } of await outbox.aside(name)) await outbox.again(name, key);
    const triggers = await Promise.all(targets.map((each) => each.trigger()));
    const log =
      pinned?.log ?? (await createLog({ level: flags.logLevel ?? 'info', pretty: false, stream: io.stderr }));
    const sent = await sendOutbox({ outbox, triggers, clock: systemClock, log, signal: io.signal });
    if (sent === undefined) {
      writeLine(io.stdout, 'another sender is at work; it sends what waits');
      return EXIT.done;
    }
    for (const { target: name, sent: count, setAside, left, reason } of sent) {
      if (count + setAside + left === 0) continue;
      const why = reason === undefined ? '' : `: ${oneLine(reason)}`;
      writeLine(io.stdout, `${name}: ${count} sent, ${left} left, ${setAside} set aside${why}`);
    }
    const lost = await unreadableIn(outbox);
    for (const line of lost) writeLine(io.stdout, line);
    return sent.some(({ left, setAside }) => left + setAside > 0) || lost.length > 0 ? EXIT.error : EXIT.done;
  } finally {
    await pinned?.close();
  }
}

/** `hook status`: what waits to be sent, and what never will be. */
export async function status([target = '']: string[], flags: Flags, io: Io): Promise<number> {
  const { gitDir: location } = await repositoryAt(target, io);
  const outbox = outboxOf(location);
  const targets = [];
  for (const name of await outbox.targets())
    targets.push({
      target: name,
      waiting: (await outbox.waiting(name)).map(({ event }) => event),
      aside: (await outbox.aside(name)).map(({ event, reason }) => ({ ...event, reason })),
      unreadable: await outbox.unreadable(name),
    });
  if (flags.output === 'json') {
    writeLine(io.stdout, JSON.stringify({ repository: location, targets }, null, 2));
    return EXIT.done;
  }
  const busy = targets.filter(({ waiting, aside }) => waiting.length + aside.length > 0);
  const lost = await unreadableIn(outbox);
  if (busy.length + lost.length === 0) writeLine(io.stdout, 'nothing waits; everything was sent');
  for (const { target: name, waiting, aside } of busy) {
    writeLine(io.stdout, `${name}: ${waiting.length} waiting, ${aside.length} set aside`);
    for (const { at, refs } of waiting) writeLine(io.stdout, `  waiting  ${at}  ${refText(refs)}`);
    for (const { at, refs, reason } of aside)
      writeLine(io.stdout, `  aside    ${at}  ${refText(refs)}  ${oneLine(reason)}`);
  }
  for (const line of lost) writeLine(io.stdout, line);
  if (busy.some(({ aside }) => aside.length > 0))
    writeLine(io.stdout, 'What was set aside is tried again by: towline hook flush --again REPO.git');
  return EXIT.done;
}

/** A line for each event that can't be read any more, until somebody has looked at it and deleted it. */
async function unreadableIn(outbox: Outbox): Promise<string[]> {
  const lines = [];
  for (const name of await outbox.targets())
    for (const file of await outbox.unreadable(name))
      lines.push(`${name}: an event can't be read and is not sent: ${oneLine(file)}`);
  return lines;
}

function refText(refs: readonly { name: string }[]): string {
  const more = refs.length > 1 ? ` and ${refs.length - 1} more` : '';
  return `${oneLine(refs[0]?.name ?? '')}${more}`;
}
