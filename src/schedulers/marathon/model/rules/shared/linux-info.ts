import type { JsonObject } from '../../../../../domain/source/json.js';
import { objectAt, textAt, type Report } from '../rule.js';

/** Seccomp and IPC of a container (reference: marathon.md §3; LinuxInfo). */
export function checkLinuxInfo(info: JsonObject | undefined, at: string, report: Report): void {
  const seccomp = objectAt(info, 'seccomp');
  if (seccomp !== undefined) {
    const [profile, unconfined] = [
      textAt(seccomp, 'profileName') !== undefined,
      seccomp['unconfined'] === true,
    ];
    if (profile && unconfined)
      report(`${at}/seccomp`, 'a seccomp profile excludes unconfined', 'Remove one of them.');
    if (!profile && !unconfined)
      report(
        `${at}/seccomp`,
        'seccomp names no profile and is not unconfined',
        'Add profileName, or "unconfined": true, or remove seccomp.',
      );
  }
  checkIpc(info, at, report);
}

export function checkIpc(info: JsonObject | undefined, at: string, report: Report): void {
  const ipc = objectAt(info, 'ipcInfo');
  if (textAt(ipc, 'mode') === 'SHARE_PARENT' && ipc?.['shmSize'] !== undefined)
    report(`${at}/ipcInfo/shmSize`, 'shmSize is not allowed with SHARE_PARENT', 'Remove it.');
}
