import type { JsonObject } from '../../../../../domain/source/json.js';
import { numberAt, type Report } from '../rule.js';

/** Limits are at least what is requested; requests have defaults. */
export function checkLimits(
  { limits, requests, at }: { limits: JsonObject | undefined; requests: JsonObject | undefined; at: string },
  report: Report,
): void {
  for (const [name, preset] of [
    ['cpus', 1],
    ['mem', 128],
  ] as const) {
    const [limit, request] = [numberAt(limits, name), numberAt(requests, name) ?? preset];
    if (limit !== undefined && limit < request)
      report(
        `${at}/resourceLimits/${name}`,
        `the limit of ${name} (${limit}) is below the request (${request})`,
        `Write ${request} or more, or "unlimited".`,
      );
  }
}
