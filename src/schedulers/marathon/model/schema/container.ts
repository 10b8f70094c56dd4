import { portMappings } from './networking.js';
import { linuxInfo, oneOf, pullConfig, text } from './shared.js';
import { appVolume } from './volumes.js';

/** The container of an app. */
export const appContainer = {
  type: 'object',
  additionalProperties: false,
  properties: {
    type: {
      ...oneOf('DOCKER', 'MESOS'),
      default: 'DOCKER',
      description: 'Whether Docker or Mesos itself runs the container.',
    },
    docker: {
      type: 'object',
      required: ['image'],
      additionalProperties: false,
      properties: {
        image: { ...text, description: 'Image reference; a promotion changes its tag or digest.' },
        forcePullImage: {
          type: 'boolean',
          default: false,
          description: 'Asks the registry before each start.',
        },
        privileged: {
          type: 'boolean',
          default: false,
          description: 'Full rights on the agent; type DOCKER only.',
        },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            required: ['key', 'value'],
            additionalProperties: false,
            properties: {
              key: { ...text, description: 'Name of an option of docker run, without dashes.' },
              value: { type: 'string', description: 'Its value.' },
            },
          },
          description: 'Options of docker run; type DOCKER only.',
        },
        pullConfig,
        network: { ...oneOf('BRIDGE', 'HOST', 'NONE', 'USER'), description: 'Deprecated: use networks.' },
        portMappings: { ...portMappings, description: 'Deprecated: use container.portMappings.' },
        credential: { type: 'object', description: 'No longer supported: use pullConfig.' },
      },
      description: 'The image and how it is run. For containers of type MESOS too.',
    },
    portMappings,
    volumes: { type: 'array', items: appVolume, description: 'What is mounted into the container.' },
    linuxInfo,
  },
  description: 'What the task runs in. Without it: a process on the agent.',
};
