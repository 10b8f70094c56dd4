export {
  demandsOn,
  judgePush,
  type CommitFacts,
  type Demands,
  type ProtectedPaths,
  type PushFinding,
  type PushPolicy,
  type RefFacts,
} from './judge.js';
export {
  eventRef,
  eventsOf,
  isWanted,
  MOST_EVENTS,
  parsePushEvent,
  type EventFilter,
  type EventRef,
  type PushEvent,
} from './push-event.js';
export { actionOf, branchOf, parsePushedRefs, tagOf, type PushedRef, type RefAction } from './pushed-ref.js';
