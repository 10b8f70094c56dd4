import { portMappings } from './networking.js';
import { linuxInfo, oneOf, pullConfig, text } from './shared.js';
import { appVolume } from './volumes.js';

/** The container of an app. */
export const appContainer = {
  type: 'object',
  additionalProperties: false,
  properties: {
    type: { ...oneOf('DOCKER', 'MESOS'), default: 'DOCKER' },
    docker: {
      type: 'object',
      required: ['image'],
      additionalProperties: false,
      properties: {
        image: { ...text, description: 'Image reference; a promotion changes its tag or digest.' },
        forcePullImage: { type: 'boolean', default: false },
        privileged: { type: 'boolean', default: false },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            required: ['key', 'value'],
            additionalProperties: false,
            properties: { key: text, value: { type: 'string' } },
          },
        },
        pullConfig,
        network: { ...oneOf('BRIDGE', 'HOST', 'NONE', 'USER'), description: 'Deprecated: use networks.' },
        portMappings: { ...portMappings, description: 'Deprecated: use container.portMappings.' },
        credential: { type: 'object', description: 'No longer supported.' },
      },
    },
    portMappings,
    volumes: { type: 'array', items: appVolume },
    linuxInfo,
  },
};
