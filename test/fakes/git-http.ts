import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GitSandbox } from './git-sandbox.js';

export interface GitHttp {
  url: string;
  /** The credentials of each request; empty: none. */
  asked: string[];
  close(): Promise<void>;
}

/** Git's own server program for the repositories of a sandbox, behind the password of `ann`, as a hosting service is. */
export async function startGitHttp(
  sandbox: Pick<GitSandbox, 'root' | 'env'>,
  password: string,
): Promise<GitHttp> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const { headers, method = '', url = '' } = request;
    asked.push(headers.authorization ?? '');
    const wanted = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
    if (headers.authorization !== wanted)
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    const [pathInfo = '', query = ''] = url.split('?');
    const child = spawn('git', ['http-backend'], {
      env: {
        ...sandbox.env,
        GIT_PROJECT_ROOT: sandbox.root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: pathInfo,
        QUERY_STRING: query,
        REQUEST_METHOD: method,
        CONTENT_TYPE: headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => answerFrom(Buffer.concat(chunks), response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** CGI: header lines, one of them the status, and the body. */
function answerFrom(answer: Buffer, response: http.ServerResponse): void {
  const end = answer.indexOf('\r\n\r\n');
  const lines = answer.subarray(0, end).toString().split('\r\n');
  const status = lines.find((line) => line.startsWith('Status: '))?.slice(8, 11) ?? '200';
  for (const line of lines.filter((each) => !each.startsWith('Status: '))) {
    const colon = line.indexOf(': ');
    response.setHeader(line.slice(0, colon), line.slice(colon + 2));
  }
  response.writeHead(Number(status)).end(answer.subarray(end + 4));
}
