import net from 'node:net';

/** Free ports on loopback, none of them `taken`, held together while they are chosen so that no two are the same. */
export async function freePorts(count: number, taken: ReadonlySet<number>): Promise<number[]> {
  const servers: net.Server[] = [];
  const ports: number[] = [];
  try {
    // One that is taken is held as well until the end, or it would be offered again.
    while (ports.length < count) {
      const server = await listening();
      servers.push(server);
      const { port } = server.address() as net.AddressInfo;
      if (!taken.has(port)) ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function listening(): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
