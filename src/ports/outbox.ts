import type { PushEvent } from '../domain/push/index.js';

/** An event that waits for its target. */
export interface WaitingEvent {
  /** Orders the events of a target. */
  key: string;
  event: PushEvent;
}

/** An event that will not be sent any more. */
export interface AsideEvent extends WaitingEvent {
  reason: string;
}

/** Events that are on disk until their targets have taken them. */
export interface Outbox {
  /** Keeps events for a target, behind all that wait; when this returns they outlive a crash. */
  add(target: string, events: readonly PushEvent[]): Promise<void>;
  /** Targets that have something waiting or set aside. */
  targets(): Promise<string[]>;
  /** Oldest first. */
  waiting(target: string): Promise<WaitingEvent[]>;
  aside(target: string): Promise<AsideEvent[]>;
  /** Where something lies that was an event, and can't be read any more: it holds up no others, and is not forgotten. */
  unreadable(target: string): Promise<string[]>;
  /** The target has it. */
  done(target: string, key: string): Promise<void>;
  /** It can never be sent, for a reason that people read. */
  setAside(target: string, key: string, reason: string): Promise<void>;
  /** One that was set aside waits again, in its old place, and as long as a new one may. */
  again(target: string, key: string): Promise<void>;
  /** Runs `work` as the only sender of this outbox; undefined where another one is at work. */
  alone<T>(work: () => Promise<T>): Promise<{ result: T } | undefined>;
}
