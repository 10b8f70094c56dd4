import type { JsonObject } from '../../../../../domain/source/json.js';
import { containerType, instancesOf } from '../facts.js';
import { numberAt, objectAt, repeated, textAt, type Report, type Rule } from '../rule.js';
import { featureOff, reportFeature } from '../shared/secrets.js';
import { eachVolume } from './volumes.js';

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const OPTION = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\/[A-Za-z0-9](?:[-A-Za-z0-9._:]*[A-Za-z0-9])?$/;
/** Access modes of csi that several instances can share. */
const SHAREABLE = new Set(['MULTI_NODE_READER_ONLY', 'MULTI_NODE_SINGLE_WRITER', 'MULTI_NODE_MULTI_WRITER']);

/** Volumes that somebody else provides (reference: marathon.md §3; DVDIProvider, CSIProvider). */
export const EXTERNAL_VOLUME_RULES: readonly Rule[] = [
  {
    code: 'marathon/external-provider',
    summary: 'the provider of an external volume is dvdi or csi',
    check: (app, report) =>
      eachExternal(app, ({ external, at }) => {
        const provider = textAt(external, 'provider');
        if (provider !== undefined && provider !== 'dvdi' && provider !== 'csi')
          report(
            `${at}/external/provider`,
            `the provider ${JSON.stringify(provider)} is not known`,
            'Use "dvdi" or "csi".',
          );
      }),
  },
  {
    code: 'marathon/external-dvdi',
    summary:
      'a dvdi volume has a name, the option dvdi/driver, one instance; in DOCKER no other option and no size',
    check: (app, report) => {
      const found = ofProvider(app, 'dvdi');
      found.forEach((volume) => checkDvdi(app, volume, report));
      if (found.length === 0) return;
      if (instancesOf(app) > 1)
        report('/instances', 'an app with a dvdi volume has one instance at most', 'Write 1.');
      if ((numberAt(objectAt(app, 'upgradeStrategy'), 'maximumOverCapacity') ?? 0) > 0)
        report('/upgradeStrategy/maximumOverCapacity', 'must be 0 with a dvdi volume', 'Write 0.');
    },
  },
  {
    code: 'marathon/external-csi',
    summary: 'a csi volume has a name, plugin and capability; instances and mode fit its access mode',
    check: (app, report) => ofProvider(app, 'csi').forEach((volume) => checkCsi(app, volume, report)),
  },
  {
    code: 'marathon/external-unique',
    summary: 'an external volume is used once in an app',
    check: (app, report) => {
      const all = externals(app);
      for (const { at, value } of repeated(all.map(({ external }) => textAt(external, 'name'))))
        report(
          `${all[at]?.at ?? ''}/external/name`,
          `the volume ${JSON.stringify(value)} is there twice`,
          'Keep one of them.',
        );
    },
  },
  {
    code: 'marathon/external-feature',
    summary: 'external volumes need the feature external_volumes',
    check: (app, report, context) => {
      if (featureOff(context, 'external_volumes'))
        eachExternal(app, ({ at }) => reportFeature('external_volumes', 'external volumes need', at, report));
    },
  },
];

interface External {
  volume: JsonObject;
  external: JsonObject;
  at: string;
}

function externals(app: JsonObject): External[] {
  const found: External[] = [];
  eachVolume(app, (volume, at) => {
    const external = objectAt(volume, 'external');
    if (external !== undefined) found.push({ volume, external, at });
  });
  return found;
}

function eachExternal(app: JsonObject, visit: (found: External) => void): void {
  externals(app).forEach(visit);
}

function ofProvider(app: JsonObject, provider: string): External[] {
  return externals(app).filter(({ external }) => textAt(external, 'provider') === provider);
}

/** Names of external volumes that no other app may use (DVDI: not shared; CSI: not shareable), with their places. */
export function exclusiveVolumes(app: JsonObject): { key: string; name: string; at: string }[] {
  return externals(app).flatMap(({ volume, external, at }) => {
    const [provider, name] = [textAt(external, 'provider') ?? '', textAt(external, 'name')];
    const mode = accessMode(external);
    const shared =
      provider === 'csi'
        ? SHAREABLE.has(mode) && (mode !== 'MULTI_NODE_SINGLE_WRITER' || textAt(volume, 'mode') === 'RO')
        : external['shared'] === true;
    return name === undefined || shared
      ? []
      : [{ key: `${provider} ${name}`, name, at: `${at}/external/name` }];
  });
}

function checkDvdi(app: JsonObject, { volume, external, at }: External, report: Report): void {
  const options = objectAt(external, 'options');
  if (textAt(external, 'name') === undefined)
    report(`${at}/external`, 'a dvdi volume needs a name', 'Add "name".');
  const driver = textAt(options, 'dvdi/driver');
  if (driver === undefined || !LABEL.test(driver))
    report(
      `${at}/external${driver === undefined ? '' : '/options'}`,
      'a dvdi volume needs the option dvdi/driver',
      'For example "options": {"dvdi/driver": "rexray"}.',
    );
  for (const name of Object.keys(options ?? {}))
    if (!OPTION.test(name))
      report(
        `${at}/external/options`,
        `${JSON.stringify(name)} is no name of an option`,
        'For example "dvdi/iops".',
      );
  if (containerType(app) === 'DOCKER') {
    if (external['size'] !== undefined)
      report(`${at}/external/size`, 'Docker containers do not create external volumes', 'Remove size.');
    if (Object.keys(options ?? {}).some((name) => name !== 'dvdi/driver'))
      report(
        `${at}/external/options`,
        'in Docker containers dvdi/driver is the only option',
        'Remove the others.',
      );
  } else if (textAt(volume, 'mode') === 'RO')
    report(`${at}/mode`, 'in MESOS containers an external volume is RW', 'Write "RW".');
}

function checkCsi(app: JsonObject, { volume, external, at }: External, report: Report): void {
  if (textAt(external, 'name') === undefined)
    report(`${at}/external`, 'a csi volume needs a name', 'Add "name".');
  const options = objectAt(external, 'options');
  for (const name of ['pluginName', 'capability'])
    if (options?.[name] === undefined)
      report(
        `${at}/external${options === undefined ? '' : '/options'}`,
        `a csi volume needs the option ${name}`,
        'Add it.',
      );
  const mode = accessMode(external);
  if (mode === '') return;
  const writes = textAt(volume, 'mode') === 'RW';
  if (instancesOf(app) > 1 && (!SHAREABLE.has(mode) || (writes && mode === 'MULTI_NODE_SINGLE_WRITER')))
    report('/instances', `an app with a volume of access mode ${mode} has one instance at most`, 'Write 1.');
  if (writes && mode.endsWith('READER_ONLY'))
    report(`${at}/mode`, `a volume of access mode ${mode} is RO`, 'Write "RO".');
}

function accessMode(external: JsonObject): string {
  return textAt(objectAt(objectAt(external, 'options'), 'capability'), 'accessMode') ?? '';
}
