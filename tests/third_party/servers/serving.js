// What both servers share: a request's body, an answer, and an end together with the test process.

import http from 'node:http';

const LOOPBACK = '127.0.0.1';
const FORM = 'application/x-www-form-urlencoded';

/** The options that the test gave: one JSON object as the only argument. */
export const options = JSON.parse(process.argv[2] ?? '{}');

/** The whole body of a request. */
export async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/** A form or JSON as an object; undefined where there is no body. */
export async function contentOf(request) {
  const body = (await bodyOf(request)).toString('utf8');
  if (!body) return undefined;
  const isForm = (request.headers['content-type'] ?? '').startsWith(FORM);
  return isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
}

export function answer(response, status, body, type = 'application/fhir+json') {
  response.writeHead(status, { 'content-type': type });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

/** What FHIR says where something went wrong. */
export function outcome(code) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] };
}

/** Listen on a free port and print it, so that nobody has to guess one. */
export function serve(server) {
  server.listen(options.port ?? 0, LOOPBACK, () => console.log(server.address().port));
  // The test process holds the other end: when it dies, even by a kill, no server stays behind.
  process.stdin.resume().on('end', () => process.exit(0));
}

export { http };
