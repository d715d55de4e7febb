// A certified OpenID provider (oidc-provider) that is the hospital's login server and the EHR's too.
//
// Staff sign in at its origin by OpenID Connect. Below /fhir it is an EHR: it publishes where people
// sign in, and /chart/ID is a page of its own that opens BoneFlag for the patient ID, in a window or,
// with ?framed, in a frame. What the test decides: the address of the pages, the people with their
// claims, and the secret of the two clients. Nobody needs a password here: one says who one is.

import Provider, { errors } from 'oidc-provider';
import { contentOf, http, options, serve } from './serving.js';

const STAFF = 'pages';
const CHART = 'chart';
let provider;
let origin;

// By code: what the access token comes with. By state: whom somebody picked who came by no chart.
const patientOfCode = new Map();
const picked = new Map();

function client(id, callback, more) {
  return {
    client_id: id, client_secret: options.secret, redirect_uris: [`${options.pages}${callback}`],
    grant_types: ['authorization_code'], response_types: ['code'], ...more,
  };
}

async function wholeGrant(context) {
  const { client: { clientId }, session: { accountId }, provider: own, params } = context.oidc;
  const grant = new own.Grant({ clientId, accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function makeProvider() {
  provider = new Provider(origin, {
    clients: [
      client(STAFF, '/sign-in/callback', { post_logout_redirect_uris: [`${options.pages}/sign-in`] }),
      client(CHART, '/launch/callback', { scope: 'openid fhirUser launch launch/patient' }),
    ],
    scopes: ['openid', 'profile', 'email', 'fhirUser', 'launch', 'launch/patient'],
    claims: { profile: ['preferred_username', 'realm_access'], fhirUser: ['fhirUser'] },
    // As Keycloak does for us: the claims of the EHR's people stand in the ID token, those of staff
    // are asked for.
    conformIdTokenClaims: true,
    extraParams: {
      launch: null,
      aud(context, value) {
        const isChart = context.oidc.params.client_id === CHART;
        if (isChart && value !== `${origin}/fhir`) throw new errors.InvalidRequest('aud is not the EHR');
      },
    },
    findAccount: (_, id) => options.people[id] && ({ accountId: id, claims: () => ({ sub: id, ...options.people[id] }) }),
    loadExistingGrant: wholeGrant,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
    cookies: { keys: ['for tests alone'] },
    ttl: { AuthorizationCode: 60, AccessToken: 60, IdToken: 60, Interaction: 60, Session: 600, Grant: 600 },
  });
  provider.on('authorization.success', ({ oidc: { params } }, given) => {
    if (given.code) patientOfCode.set(given.code, params.launch ?? picked.get(params.state));
  });
  provider.use(async (context, next) => {
    await next();
    const { route, params } = context.oidc ?? {};
    if (route !== 'token' || !context.body?.access_token) return;
    const patient = patientOfCode.get(params.code);
    if (patient) Object.assign(context.body, { patient, need_patient_banner: false });
  });
}

function page(response, title, body) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`);
}

/** Who is it? And of whom, where the EHR must ask. */
async function ask(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  if (request.method === 'POST') {
    const { who, patient } = await contentOf(request);
    if (patient) picked.set(params.state, patient);
    return provider.interactionFinished(request, response, { login: { accountId: who } });
  }
  const people = Object.keys(options.people).map((id) => `<button name="who" value="${id}">${id}</button>`);
  const pick = params.scope.includes('launch/patient') ? '<label>Patient <input name="patient"></label>' : '';
  return page(response, 'Who is it?', `<form method="post">${pick}${people.join(' ')}</form>`);
}

function chart(response, patient, isFramed) {
  const where = `${options.pages}/launch?${new URLSearchParams({ iss: `${origin}/fhir`, launch: patient })}`;
  page(response, `Chart of ${patient}`, isFramed
    ? `<iframe title="BoneFlag" width="1200" height="700" src="${where}"></iframe>`
    : `<a href="${where}" target="_blank">BoneFlag</a>`);
}

function smartConfiguration() {
  return {
    issuer: origin,
    jwks_uri: `${origin}/jwks`,
    authorization_endpoint: `${origin}/auth`,
    token_endpoint: `${origin}/token`,
    userinfo_endpoint: `${origin}/me`,
    code_challenge_methods_supported: ['S256'],
    capabilities: ['launch-ehr', 'launch-standalone', 'client-confidential-symmetric', 'sso-openid-connect', 'context-ehr-patient'],
  };
}

async function handle(request, response) {
  const { pathname, searchParams } = new URL(request.url, origin);
  if (pathname.startsWith('/who/')) return ask(request, response);
  if (pathname.startsWith('/chart/')) return chart(response, pathname.slice(7), searchParams.has('framed'));
  if (pathname === '/fhir/.well-known/smart-configuration') {
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify(smartConfiguration()));
  }
  if (pathname.startsWith('/fhir')) { response.writeHead(404); return response.end(); }
  return provider.callback()(request, response);
}

const server = http.createServer((request, response) => {
  handle(request, response).catch((error) => { console.error(error); response.writeHead(500); response.end(); });
});
server.on('listening', () => { origin = `http://127.0.0.1:${server.address().port}`; makeProvider(); });
serve(server);
