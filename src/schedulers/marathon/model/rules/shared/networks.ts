import type { ModelContext } from '../../../../../domain/job/scheduler-model.js';
import type { JsonObject } from '../../../../../domain/source/json.js';
import { modeOf } from '../facts.js';
import { objectAt, objectsAt, repeated, textAt, textsAt, type Report, type Rule } from '../rule.js';

/** Networks of apps and pods follow the same rules (reference: marathon.md §3; NetworkValidation). */
export const NETWORK_RULES: readonly Rule[] = [
  {
    code: 'marathon/networks',
    summary:
      'one host network, or one bridge, or container networks, each once; names only for container networks',
    check: checkNetworks,
  },
  {
    code: 'marathon/network-unnamed',
    severity: 'warning',
    summary: 'a container network without a name is refused where the server has no default name',
    check: (spec, report, { settings }: ModelContext) => {
      if (settings['defaultNetworkName'] !== undefined) return;
      objectsAt(spec, 'networks').forEach((network, at) => {
        if (modeOf(textAt(network, 'mode')) === 'container' && textAt(network, 'name') === undefined)
          report(
            `/networks/${at}`,
            'the container network has no name',
            'Add "name": without it, the server needs --default_network_name. For a bridge, add "mode": "container/bridge".',
          );
      });
    },
  },
];

function checkNetworks(spec: JsonObject, report: Report): void {
  const networks = objectsAt(spec, 'networks');
  const modes = networks.map((n) => modeOf(textAt(n, 'mode')));
  if (networks.length > 1 && modes.some((m) => m !== 'container'))
    report(
      '/networks',
      'a host or bridge network stands alone',
      'Keep that one, or container networks only.',
    );
  networks.forEach((network, at) => {
    if (modes[at] !== 'container' && textAt(network, 'name') !== undefined)
      report(`/networks/${at}/name`, `a ${modes[at]} network has no name`, 'Remove the name.');
    if (modes[at] === 'host' && Object.keys(objectAt(network, 'labels') ?? {}).length > 0)
      report(`/networks/${at}/labels`, 'a host network has no labels', 'Remove them.');
  });
  const containers = networks.map((n, at) =>
    modes[at] === 'container' ? (textAt(n, 'name') ?? '') : undefined,
  );
  for (const { at, value } of repeated(containers))
    report(
      `/networks/${at}`,
      value === ''
        ? 'only one network may have no name'
        : `the network ${JSON.stringify(value)} is there twice`,
      'Keep one of them.',
    );
}

/** What a port (mapping or endpoint) may say of networks. */
export function checkPortNetworks(
  { spec, port, at }: { spec: JsonObject; port: JsonObject; at: string },
  report: Report,
): void {
  const networks = objectsAt(spec, 'networks');
  const names = networks.flatMap((n) => textAt(n, 'name') ?? []);
  const chosen = textsAt(port, 'networkNames');
  chosen.forEach((name, index) => {
    if (!names.includes(name))
      report(
        `${at}/networkNames/${index}`,
        `no network is called ${JSON.stringify(name)}`,
        names.length === 0
          ? 'Name it in networks.'
          : `Use ${names.map((n) => JSON.stringify(n)).join(' or ')}.`,
      );
  });
  const many = networks.filter((n) => modeOf(textAt(n, 'mode')) === 'container').length > 1;
  if (many && port['hostPort'] !== undefined && chosen.length !== 1)
    report(
      at,
      'with several networks a hostPort needs exactly one of networkNames',
      `Add "networkNames": [${JSON.stringify(names[0] ?? 'NAME')}].`,
    );
}
