import type { Job } from '../job.js';
import type { Manifest, ManifestDocument } from '../manifest.js';
import { statedBy, type Schedulers } from './stated-jobs.js';

/** A job and the document that states it. */
export interface JobPlace {
  job: Job;
  document: ManifestDocument;
}

/** Every job that can be read, valid or not, with the document that states it. */
export function jobPlaces(manifests: readonly Manifest[], schedulers: Schedulers): JobPlace[] {
  return manifests.flatMap((manifest) => {
    const documents = new Map(manifest.documents.map((document) => [document.index, document]));
    return statedBy(manifest, schedulers).jobs.flatMap((job) => {
      const document = documents.get(job.source.document);
      return document === undefined ? [] : [{ job, document }];
    });
  });
}
