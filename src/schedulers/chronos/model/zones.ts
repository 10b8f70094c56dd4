import { DateTime, IANAZone } from 'luxon';

/** Short names and the regions that Java takes them for, with their summer time (Joda-Time, DateTimeZone). */
export const JAVA_ZONES: Readonly<Record<string, string>> = {
  ACT: 'Australia/Darwin',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  ART: 'Africa/Cairo',
  AST: 'America/Anchorage',
  BET: 'America/Sao_Paulo',
  BST: 'Asia/Dhaka',
  CAT: 'Africa/Harare',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Addis_Ababa',
  ECT: 'CET',
  EST: 'America/New_York',
  HST: 'Pacific/Honolulu',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  MIT: 'Pacific/Apia',
  MST: 'America/Denver',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SST: 'Pacific/Guadalcanal',
  VST: 'Asia/Ho_Chi_Minh',
};

/** The tz database's name of a zone; undefined where Java would take GMT without a word. */
export function knownZone(zone: string): string | undefined {
  if (Object.hasOwn(JAVA_ZONES, zone)) return JAVA_ZONES[zone];
  return IANAZone.isValidZone(zone) ? zone : undefined;
}

/** Years in which a zone is looked at: rules for its clock hardly change sooner. */
const YEARS = { from: '2025-01-01', to: '2029-01-01' };
/** No zone changes its clock and changes it back within this time. */
const STEP_MS = 7 * 24 * 3_600_000;

/** One change of a clock: by how many minutes, forward or back, and at which minute of the day it stood before. */
interface ClockChange {
  minutes: number;
  at: number;
}

const known = new Map<string, readonly ClockChange[]>();

/** How the clock of a zone is put forward and back; empty where it never is. */
export function clockChanges(zone: string): readonly ClockChange[] {
  const found = known.get(zone) ?? changesOf(zone);
  known.set(zone, found);
  return found;
}

/** True where a time of day is left out on some day, because the clock is put forward over it. */
export function isLeftOut(zone: string, minuteOfDay: number): boolean {
  return clockChanges(zone).some(({ minutes, at }) => minuteOfDay >= at && minuteOfDay < at + minutes);
}

function changesOf(zone: string): ClockChange[] {
  const offset = (ms: number): number => DateTime.fromMillis(ms, { zone }).offset;
  const [from, to] = [YEARS.from, YEARS.to].map((day) => DateTime.fromISO(day, { zone: 'UTC' }).toMillis());
  const changes: ClockChange[] = [];
  for (let ms = from ?? 0; ms < (to ?? 0); ms += STEP_MS) {
    let [low, high] = [ms, ms + STEP_MS];
    const before = offset(low);
    if (before === offset(high)) continue;
    while (high - low > 60_000) {
      const middle = low + Math.floor((high - low) / 120_000) * 60_000;
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    const wall = DateTime.fromMillis(high, { zone: 'UTC' }).plus({ minutes: before });
    changes.push({ minutes: offset(high) - before, at: wall.hour * 60 + wall.minute });
  }
  return changes;
}
