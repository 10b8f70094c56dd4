import { checkMemory, checkTag, LEAST_MEMORY } from '../app/advice.js';
import { numberAt, objectAt, textAt, type Rule } from '../rule.js';
import { eachContainer } from './containers.js';

/** What is legal and bites. */
export const POD_ADVICE: readonly Rule[] = [
  {
    code: 'marathon/latest-tag',
    severity: 'warning',
    summary: 'an image has a tag that does not move, or a digest: else nobody can tell what runs',
    check: (pod, report) =>
      eachContainer(pod, (container, at) => {
        const image = objectAt(container, 'image');
        if (textAt(image, 'kind') === 'DOCKER') checkTag(textAt(image, 'id'), `${at}/image/id`, report);
      }),
  },
  {
    code: 'marathon/low-memory',
    severity: 'warning',
    summary: `mem is at least ${LEAST_MEMORY} MiB: with less hardly a program starts`,
    check: (pod, report) =>
      eachContainer(pod, (container, at) =>
        checkMemory(numberAt(objectAt(container, 'resources'), 'mem'), `${at}/resources/mem`, report),
      ),
  },
];
