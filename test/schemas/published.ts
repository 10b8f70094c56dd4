import { configSchema } from '../../src/config/index.js';
import { ledgerStateSchema } from '../../src/domain/record/schema.js';
import { releaseSchema } from '../../src/domain/release/schema.js';
import { jobSchema } from '../../src/schedulers/chronos/model/schema.js';
import { appSchema } from '../../src/schedulers/marathon/model/schema/app.js';
import { groupSchema } from '../../src/schedulers/marathon/model/schema/group.js';
import { podSchema } from '../../src/schedulers/marathon/model/schema/pod.js';

/** Schemas that are published for editors, by file name. Their source is the code that validates with them. */
const SOURCES: Record<string, object> = {
  'towline.json': configSchema,
  'marathon-app.json': appSchema,
  'marathon-group.json': groupSchema,
  'marathon-pod.json': podSchema,
  'chronos-job.json': jobSchema,
  'release.json': releaseSchema,
  'ledger-state.json': ledgerStateSchema,
};

/** What stands in each file of schemas/. */
export function publishedSchemas(): Map<string, string> {
  return new Map(Object.entries(SOURCES).map(([name, schema]) => [name, `${JSON.stringify(plain(schema), null, 2)}\n`]));
}

/** `explain` is a keyword of ours; for editors it becomes the description. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const { explain, ...rest } = value as Record<string, unknown>;
  const described = typeof explain === 'string' && rest['description'] === undefined ? { description: explain } : {};
  return Object.fromEntries(Object.entries({ ...rest, ...described }).map(([key, member]) => [key, plain(member)]));
}
