import { objectAt, objectsAt, textAt, textsAt, type Rule } from '../rule.js';
import { containerType, dockerOf } from '../facts.js';
import { checkDependencyIds } from '../shared/dependency-ids.js';
import {
  checkSecretUses,
  featureOff,
  reportFeature,
  secretAt,
  secretsOfEnv,
  type SecretUse,
} from '../shared/secrets.js';
import { checkUri } from '../shared/uri.js';
import type { JsonObject } from '../../../../../domain/source/json.js';

/** What an app refers to: other jobs, secrets, downloads (reference: marathon.md §3). */
export const SOURCE_RULES: readonly Rule[] = [
  {
    code: 'marathon/dependency-id',
    summary: 'dependencies are ids of apps or groups',
    check: checkDependencyIds,
  },
  {
    code: 'marathon/uris-and-fetch',
    summary: 'uris and fetch exclude each other',
    check: (app, report) => {
      if (textsAt(app, 'uris').length > 0 && objectsAt(app, 'fetch').length > 0)
        report('/uris', 'uris and fetch exclude each other', 'Move the URIs into fetch.');
    },
  },
  {
    code: 'marathon/uri',
    summary: 'what is fetched has a URI without spaces and the like',
    check: (app, report) => {
      textsAt(app, 'uris').forEach((uri, at) => checkUri(uri, `/uris/${at}`, report));
      objectsAt(app, 'fetch').forEach((f, at) => checkUri(textAt(f, 'uri'), `/fetch/${at}/uri`, report));
    },
  },
  {
    code: 'marathon/secret-undeclared',
    summary: 'a secret that is referred to is declared in secrets',
    check: (app, report) => checkSecretUses(usesOf(app), app, report),
  },
  {
    code: 'marathon/secret-feature',
    summary: 'secrets need the feature secrets',
    check: (app, report, context) => {
      if (!featureOff(context, 'secrets')) return;
      const declared = Object.keys(objectAt(app, 'secrets') ?? {}).length > 0;
      const at = declared ? '/secrets' : usesOf(app)[0]?.at;
      if (at !== undefined) reportFeature('secrets', 'secrets need', at, report);
    },
  },
];

function usesOf(app: JsonObject): SecretUse[] {
  const volumes = objectsAt(objectAt(app, 'container'), 'volumes');
  // In a Docker container pullConfig is refused as a whole.
  const pull = containerType(app) === 'MESOS' ? objectAt(dockerOf(app), 'pullConfig') : undefined;
  return [
    ...secretsOfEnv(app, 'env'),
    ...secretAt(pull, '/container/docker/pullConfig'),
    ...volumes.flatMap((volume, at) => secretAt(volume, `/container/volumes/${at}`)),
  ];
}
