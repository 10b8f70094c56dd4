import { placeText } from '../../../domain/source/diagnostic.js';
import type { Change } from '../../../domain/plan/plan.js';
import type { Answer } from '../../access/http-client.js';
import { said } from './api/answers.js';
import type { End } from './end.js';

/** 500 may be a client's mistake here as well: it is never tried again as it is. */
export function rejected(answer: Answer, { desired }: Pick<Change, 'desired'>): End {
  const { status } = answer;
  const words = said(answer);
  if (status === 401 || status === 403 || status === 404)
    return { state: 'blocked', message: `Chronos answered ${status}: ${words}`, httpStatus: status };
  const where = desired === undefined ? '' : `${placeText(desired.source.placeOf(''))}: `;
  return {
    state: 'failed',
    message: `${where}Chronos rejected it (${status}): ${words === '' ? 'no reason given' : words}`,
    httpStatus: status,
  };
}
