import { isObject, valueAt, type Json, type JsonObject, type Pointer } from '../../../domain/source/json.js';
import { asSet } from './normalise/values.js';
import { objectAt } from './rules/rule.js';

/**
 * Fits the normal form of the live definition to what Git leaves to the server: whatever the server chose there is as
 * wanted (reference: marathon.md §2.3 rules 6, 9, 11). Changes `found`, never `wanted`.
 */
export function yieldToServer(wanted: JsonObject, found: JsonObject): void {
  yieldRoles(wanted, found);
  for (const name of ['maxLaunchDelaySeconds', 'unreachableStrategy', 'enforceRole'])
    if (wanted[name] === undefined && isDefault(name, found[name])) delete found[name];
  const [backoff, live] = [wanted, found].map((s) => objectAt(objectAt(s, 'scheduling') ?? {}, 'backoff'));
  if (live !== undefined && backoff?.['maxLaunchDelay'] === undefined)
    if (isDefault('maxLaunchDelaySeconds', live['maxLaunchDelay'])) delete live['maxLaunchDelay'];
  takePorts(wanted, found, '/portDefinitions', 'port');
  takePorts(wanted, found, '/container/portMappings', 'servicePort');
  takeNetworkNames(wanted, found);
}

/** The server fills in a role; 1.9 also strips accepted roles that are foreign to it, and puts `*` where none is left. */
function yieldRoles(wanted: JsonObject, found: JsonObject): void {
  const accepted = wanted['acceptedResourceRoles'];
  if (Array.isArray(accepted)) {
    const own = accepted.filter((role) => role === '*' || role === found['role']);
    const kept = own.length === 0 ? ['*'] : own;
    if (JSON.stringify(asSet(kept)) === JSON.stringify(found['acceptedResourceRoles']))
      found['acceptedResourceRoles'] = accepted;
  }
  if (wanted['role'] === undefined) delete found['role'];
}

/** Defaults that differ between versions of the server (reference: marathon.md §2.1); any of them counts as "not set". */
function isDefault(name: string, value: Json | undefined): boolean {
  if (value === undefined) return true;
  if (name === 'enforceRole') return value === false;
  if (name === 'maxLaunchDelaySeconds') return value === 300 || value === 3600;
  if (!isObject(value)) return value === 'disabled';
  const pair = `${String(value['inactiveAfterSeconds'])}/${String(value['expungeAfterSeconds'])}`;
  return pair === '0/0' || pair === '300/600';
}

/** Port 0 asks for any port; the server re-uses the ports that it gave before, by position. */
function takePorts(wanted: JsonObject, found: JsonObject, at: Pointer, name: string): void {
  const [mine, theirs] = [valueAt(wanted, at), valueAt(found, at)];
  if (!Array.isArray(mine) || !Array.isArray(theirs)) return;
  mine.forEach((item, index) => {
    const other = theirs[index];
    if (isObject(item) && isObject(other) && item[name] === 0) other[name] = 0;
  });
}

/** A container network without a name gets the server's default_network_name. */
function takeNetworkNames(wanted: JsonObject, found: JsonObject): void {
  const [networks, live] = [wanted['networks'], found['networks']];
  if (!Array.isArray(networks) || !Array.isArray(live)) return;
  networks.forEach((network, at) => {
    const other = live[at];
    if (!isObject(network) || !isObject(other)) return;
    if (network['mode'] === 'container' && network['name'] === undefined) delete other['name'];
  });
}
