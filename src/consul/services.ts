import { isObject } from '../domain/source/json.js';
import { ConsulHttp, jsonOf, type ConsulAccess } from './http.js';

/** A service instance that passes its checks. */
export interface ServiceAddress {
  host: string;
  port: number;
}

/** Where the passing instances of a service are, from Consul's catalogue. */
export function consulServices(access: ConsulAccess): {
  passing(service: string, options: { tag?: string; signal: AbortSignal }): Promise<ServiceAddress[]>;
  close(): Promise<void>;
} {
  const http = new ConsulHttp(access);
  return {
    async passing(service, { tag, signal }) {
      const path = `/v1/health/service/${encodeURIComponent(service)}`;
      const query = { passing: '1', ...(tag === undefined ? {} : { tag }) };
      const entries = jsonOf(await http.call({ method: 'GET', path, query, signal }), path);
      return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown) => {
        const [instance, node] = isObject(entry) ? [entry['Service'], entry['Node']] : [];
        if (!isObject(instance) || typeof instance['Port'] !== 'number') return [];
        // A service without an address of its own has that of its node.
        const own = typeof instance['Address'] === 'string' ? instance['Address'] : '';
        const host = own !== '' ? own : isObject(node) ? String(node['Address'] ?? '') : '';
        return host === '' ? [] : [{ host, port: instance['Port'] }];
      });
    },
    close: () => http.close(),
  };
}
