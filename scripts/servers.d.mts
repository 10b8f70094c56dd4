/** Path of a server's program. Throws with what to do where there is none and none can be had. */
export function findServer(name: string): string;
