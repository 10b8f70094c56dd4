import type { Doc, Job } from './types.js';

/** The lenient reader: unknown keys dropped, numbers out of text, null turned into text or false, defaults filled in. */
export function deserialise(input: Doc, now: number): Job | string {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return 'Can not deserialize';
  if (input['name'] === undefined) return 'java.lang.NullPointerException: name';
  const text = (name: string, otherwise: string): string =>
    input[name] === undefined ? otherwise : input[name] === null ? 'null' : String(input[name]);
  const flag = (name: string, otherwise: boolean): boolean =>
    input[name] === undefined ? otherwise : input[name] === true || input[name] === 'true';
  const number = (name: string, otherwise: number): number => {
    const value = Number(input[name] ?? 0);
    return Number.isNaN(value) || value === 0 ? otherwise : value;
  };
  const list = (name: string): unknown[] => (Array.isArray(input[name]) ? input[name] : []);
  for (const name of ['environmentVariables', 'fetch']) {
    if (
      input[name] !== undefined &&
      input[name] !== null &&
      !Array.isArray(input[name]) &&
      typeof input[name] === 'object'
    )
      return `java.lang.ClassCastException: ${name}`;
    if (list(name).some((entry) => typeof entry !== 'object' || entry === null))
      return `java.lang.ClassCastException: ${name}`;
  }
  const constraints = list('constraints').filter(
    (c) => Array.isArray(c) && ['EQUALS', 'LIKE', 'UNLIKE'].includes(String(c[1])),
  );
  const container = containerOf(input['container']);
  if (typeof container === 'string') return container;
  const job: Job = {
    name: text('name', ''),
    command: text('command', ''),
    shell: flag('shell', true),
    executor: text('executor', ''),
    executorFlags: text('executorFlags', ''),
    taskInfoData: text('taskInfoData', ''),
    retries: input['retries'] === undefined ? 2 : Number(input['retries']),
    owner: text('owner', ''),
    ownerName: text('ownerName', ''),
    description: text('description', ''),
    cpus: number('cpus', 0.1),
    mem: number('mem', 128),
    disk: number('disk', 256),
    disabled: flag('disabled', false),
    softError: flag('softError', false),
    dataProcessingJobType: flag('dataProcessingJobType', false),
    highPriority: flag('highPriority', false),
    concurrent: flag('concurrent', false),
    maxCompletionTime: number('maxCompletionTime', 0),
    runAsUser: text('runAsUser', 'root'),
    arguments: list('arguments'),
    uris: list('uris'),
    fetch: list('fetch').map((f) => ({
      output_file: '',
      executable: false,
      cache: false,
      extract: true,
      ...(f as Doc),
    })),
    environmentVariables: list('environmentVariables'),
    constraints,
    successCount: Number(input['successCount'] ?? 0),
    errorCount: Number(input['errorCount'] ?? 0),
    errorsSinceLastSuccess: Number(input['errorsSinceLastSuccess'] ?? 0),
    lastSuccess: text('lastSuccess', ''),
    lastError: text('lastError', ''),
    ...(container === undefined ? {} : { container }),
  };
  if ('parents' in input) return { ...job, parents: [...new Set(list('parents').map(String))] };
  // Neither schedule nor parents: once, now.
  return {
    ...job,
    schedule:
      input['schedule'] === undefined ? `R1/${new Date(now).toISOString()}/PT1M` : text('schedule', ''),
    scheduleTimeZone: text('scheduleTimeZone', ''),
  };
}

/** Without an image the container is ignored, and the job runs on the host. */
function containerOf(value: unknown): Doc | string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const container = value as Doc;
  if (typeof container['image'] !== 'string') return undefined;
  if (
    container['network'] !== undefined &&
    !['HOST', 'BRIDGE', 'USER'].includes(String(container['network']))
  )
    return `java.util.NoSuchElementException: No value found for '${String(container['network'])}'`;
  const { persistent: _persistent, ...known } = container;
  return {
    parameters: [],
    forcePullImage: false,
    networkInfos: [],
    ...known,
    type: String(container['type'] ?? 'DOCKER').toUpperCase(),
    network: container['network'] ?? 'HOST',
    volumes: Array.isArray(container['volumes'])
      ? (container['volumes'] as Doc[]).map(({ persistent: _p, ...v }) => v)
      : [],
  };
}
