// A certified OAuth 2 server (oidc-provider) with a FHIR server behind it, as a hospital has them.
//
// It lets nobody through to the FHIR server without a living token of its own whose scopes cover the
// request. What the test decides: the clients with their keys and scopes, how long tokens live, and by
// how many seconds the server's clock is wrong. POST /control/revoke ends every token that was given;
// GET /control/counts says what was asked for.

import Provider from 'oidc-provider';
import { answer, bodyOf, http, options, outcome, serve } from './serving.js';

const BASE = '/fhir';
const OPEN = new Set([`${BASE}/metadata`, `${BASE}/.well-known/smart-configuration`]);
const ALGORITHMS = ['RS384', 'ES384'];
const READS = new Set(['GET', 'HEAD']);

// Everything here tells the time with this, the signatures of our clients included.
const trueNow = Date.now;
Date.now = () => trueNow() + (options.clockAheadSeconds ?? 0) * 1000;

const counts = { tokens: 0, refused: 0, requests: 0, unauthorized: 0, forbidden: 0 };
const given = new Set();
let provider;

function makeProvider(origin) {
  const scopes = [...new Set(options.clients.flatMap((client) => client.scope.split(' ')).concat(options.scopes ?? []))];
  provider = new Provider(origin, {
    clients: options.clients.map(({ client_id, jwks, scope }) => ({
      client_id, jwks, scope,
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
    })),
    scopes,
    clientAuthMethods: ['private_key_jwt'],
    clientAuthSigningAlgValues: ALGORITHMS,
    enabledJWA: { clientAuthSigningAlgValues: ALGORITHMS },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: options.tokenSeconds ?? 300 },
  });
  provider.on('client_credentials.saved', (token) => given.add(token.jti));
  provider.on('grant.success', () => { counts.tokens += 1; });
  provider.on('grant.error', () => { counts.refused += 1; });
}

function smartConfiguration(origin) {
  return {
    token_endpoint: `${origin}/token`,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    grant_types_supported: ['client_credentials'],
    capabilities: ['client-confidential-asymmetric', 'permission-v1'],
  };
}

/** Whether one of these scopes covers a request; a search by POST reads. */
function covers(scope, method, path) {
  const [type, second] = path.slice(BASE.length + 1).split('/');
  const right = READS.has(method) || second === '_search' ? 'read' : 'write';
  const granted = new Set((scope ?? '').split(' '));
  return ['*', type].some((t) => granted.has(`system/${t}.${right}`) || granted.has(`system/${t}.*`));
}

async function pass(request, response, path) {
  const { hostname, port } = new URL(options.upstream);
  const content = await bodyOf(request);
  const headers = { ...request.headers, host: `${hostname}:${port}` };
  delete headers.authorization;
  const onward = http.request({ hostname, port, path: request.url, method: request.method, headers });
  onward.on('response', (said) => { response.writeHead(said.statusCode, said.headers); said.pipe(response); });
  onward.on('error', () => answer(response, 502, outcome('transient')));
  onward.end(content);
}

async function guard(request, response, path) {
  if (OPEN.has(path)) return pass(request, response, path);
  counts.requests += 1;
  const [, value] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const token = value && await provider.ClientCredentials.find(value);
  if (!token?.isValid) {
    counts.unauthorized += 1;
    return answer(response, 401, outcome('login'));
  }
  if (!covers(token.scope, request.method, path)) {
    counts.forbidden += 1;
    return answer(response, 403, outcome('forbidden'));
  }
  return pass(request, response, path);
}

async function revokeAll() {
  for (const jti of given) await (await provider.ClientCredentials.find(jti))?.destroy();
  given.clear();
}

async function handle(request, response) {
  const origin = `http://${request.headers.host}`;
  const path = new URL(request.url, origin).pathname;
  response.setHeader('date', new Date(Date.now()).toUTCString());
  if (path === '/control/counts') return answer(response, 200, counts);
  if (path === '/control/revoke') return answer(response, 200, await revokeAll() ?? {});
  if (path === `${BASE}/.well-known/smart-configuration`) return answer(response, 200, smartConfiguration(origin));
  if (path.startsWith(BASE)) return guard(request, response, path);
  return provider.callback()(request, response);
}

const server = http.createServer((request, response) => {
  handle(request, response).catch(() => answer(response, 500, outcome('exception')));
});
server.on('listening', () => makeProvider(`http://127.0.0.1:${server.address().port}`));
serve(server);
