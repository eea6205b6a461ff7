# SPDX-License-Identifier: Apache-2.0
"""Vector stores, as far as their own clients need them: the bodies of tests/wire/retrieval.py. Of a
source `docs` all but one of those asked for are found; `none` is empty; `refuse` is refused."""
import json
import re

from wire import retrieval

from . import answers, vendors

PINECONE = 'docs-1a2b.svc.us-east1-gcp.pinecone.io'
# Path (and, of Pinecone, host), what answers there, and where the request says how many it wants.
ROUTES = (
    (r'/collections/([^/]+)/points/search', None, retrieval.Qdrant, 'limit'),
    (r'/collections/([^/]+)/points/query', None, retrieval.QdrantQuery, 'limit'),
    (r'/collections/([^/]+)/points/query/groups', None, retrieval.QdrantGroups, 'limit'),
    (r'/collections/([^/]+)/points/query/batch', None, retrieval.QdrantBatch, 'limit'),
    (r'/api/v2/tenants/[^/]+/databases/[^/]+/collections/([^/]+)/query', None, retrieval.Chroma,
     'n_results'),
    (r'/query', PINECONE, retrieval.Pinecone, 'topK'),
    (r'/v1/graphql', None, retrieval.Weaviate, None),
    (r'/v1/vector_stores/([^/]+)/search', None, retrieval.OpenAI, 'max_num_results'),
)
CHROMA = re.compile(r'/api/v2/tenants/t/databases/d/collections/([^/]+)')


def graphql(body):
    """Class and limit of Weaviate's question."""
    text = body['query']
    return re.search(r'Get\s*\{\s*(\w+)', text).group(1), int(
        re.search(r'limit\s*:\s*(\d+)', text).group(1))


class Stores(vendors.Vendors):
    def speaker_of(self, req, body):
        """(speaker, source, how many are asked for), or Nones."""
        for pattern, host, make, key in ROUTES:
            m = re.fullmatch(pattern, req.path)
            if not m or req.method != 'POST' or host not in (None, req.headers['host']):
                continue
            if key is None:
                return make(), *graphql(body)
            source = m.group(1) if m.groups() else body['namespace']
            return make(), source, body.get('searches', [body])[0][key]
        return None, None, None

    def answer(self, req, api, body, model):
        at = CHROMA.fullmatch(req.path)
        if req.method == 'GET' and at:    # a collection is asked for before it is searched
            return answers.Answer(body=answers.dumps({
                'id': at.group(1), 'name': at.group(1), 'configuration_json': {}, 'tenant': 't',
                'database': 'd', 'metadata': None, 'dimension': 1, 'version': 0,
                'log_position': 0}))
        if not api:
            return super().answer(req, api, body, model)
        speaker, source, asked = req.vendor
        if source.lower() == 'refuse':
            status, fields, obj, fact = speaker.error()
            ans = answers.Answer(status, body=json.dumps(obj).encode())
            ans.headers += fields
        else:
            speaker.hits = 0 if source.lower() == 'none' else asked - 1
            speaker.ids = [['c%d' % i for i in range(speaker.hits)]]
            speaker.kind = source
            obj, fact = speaker.whole(vendors.SCENARIOS['plain'])
            ans = answers.Answer(body=speaker.encode(obj).encode())
        ans.facts = {'source': source, 'asked': asked, 'found': fact.get('found'),
                     'error': fact.get('error'), 'provider': speaker.provider}
        return ans
