import type { JsonObject } from '../../../../../domain/source/json.js';
import { idProblem } from '../../ids.js';
import { textsAt, type Report } from '../rule.js';

/** Dependencies are ids themselves. */
export function checkDependencyIds(spec: JsonObject, report: Report): void {
  textsAt(spec, 'dependencies').forEach((dependency, at) => {
    const bad = idProblem(dependency);
    if (bad !== undefined)
      report(`/dependencies/${at}`, `${JSON.stringify(dependency)} is no id: ${bad.problem}`, bad.fix);
  });
}
