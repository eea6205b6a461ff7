# SPDX-License-Identifier: Apache-2.0
"""Searches in vector stores."""
from wire.openai import Chat
from wire.scenario import PLAIN, dumps
from wire.speaker import Speaker


class Store(Speaker):
    op, provider = 'retrieval', 'none'
    scenarios = (PLAIN,)
    late_whole = False
    hits = 3


class Qdrant(Store):
    name, host, dialect = 'qdrant search', 'localhost:6333', 'qdrant.search'

    def target(self, s, stream):
        return '/collections/my%20docs/points/search'

    def request(self, s, stream):
        return {'vector': [0.1, -2e-3], 'limit': 5, 'with_payload': True}, {
            'source': 'my docs', 'asked': 5}

    def whole(self, s):
        hit = {'id': 7, 'version': 1, 'score': 0.5, 'payload': {'text': 'x', 'result': [{}]}}
        return {'result': [hit] * self.hits, 'status': 'ok', 'time': 0.01}, {'found': self.hits}

    def error(self):
        return 404, [], {'status': {'error': "Not found: Collection `x`"}, 'time': 0}, {
            'error': '404', 'error_message': 'Not found: Collection `x`'}


class QdrantQuery(Qdrant):
    name, hits = 'qdrant query', 0

    def target(self, s, stream):
        return '/collections/my%20docs/points/query'

    def whole(self, s):
        return {'result': {'points': []}, 'status': 'ok', 'time': 0.01}, {'found': 0}


class Chroma(Store):
    name, host, dialect = 'chroma query', 'localhost:8000', 'chroma.query'

    def target(self, s, stream):
        return '/api/v2/tenants/t/databases/d/collections/c0ffee/query'

    def request(self, s, stream):
        return {'query_embeddings': [[0.1], [0.2]], 'n_results': 2, 'include': ['documents']}, {
            'source': 'c0ffee', 'asked': 2}

    def whole(self, s):
        return {'ids': [['a', 'b'], ['c']], 'documents': [['x', 'y'], ['z']],
                'distances': [[0.1, 0.2], [0.3]], 'include': ['documents']}, {'found': 3}

    def error(self):
        return 404, [], {'error': 'NotFoundError', 'message': 'no'}, {
            'error': 'NotFoundError', 'error_message': 'NotFoundError'}


class Pinecone(Store):
    name, dialect = 'pinecone query', 'pinecone.query'
    host = 'docs-1a2b.svc.us-east1-gcp.pinecone.io'

    def target(self, s, stream):
        return '/query'

    def request(self, s, stream):
        return {'vector': [0.1], 'topK': 4, 'namespace': 'n', 'includeMetadata': True}, {
            'source': 'docs-1a2b', 'asked': 4}

    def whole(self, s):
        hit = {'id': 'v1', 'score': 0.5, 'values': [], 'metadata': {'text': s.prompt}}
        return {'matches': [hit, hit], 'namespace': 'n', 'usage': {'readUnits': 5}}, {
            'found': 2, 'documents': dumps([hit, hit])}

    def error(self):
        return 400, [], {'code': 3, 'message': 'Dimension', 'details': []}, {
            'error': '400', 'error_message': 'Dimension'}


class Weaviate(Store):
    name, host, dialect = 'weaviate get', 'localhost:8080', 'weaviate.get'

    def target(self, s, stream):
        return '/v1/graphql'

    def request(self, s, stream):
        text = '{ Get { Article(nearText: {concepts: ["a"]}, limit: 3) { title } } }'
        return {'query': text}, {'source': 'Article', 'asked': 3, 'query': text}

    def whole(self, s):
        return {'data': {'Get': {'Article': [{'title': 'x'}]}}}, {}


class Milvus(Store):
    name, host, dialect = 'milvus search', 'localhost:19530', 'milvus.search'

    def target(self, s, stream):
        return '/v2/vectordb/entities/search'

    def request(self, s, stream):
        return {'collectionName': 'books', 'data': [[0.1]], 'annsField': 'v', 'limit': 3}, {
            'source': 'books', 'asked': 3}

    def whole(self, s):
        return {'code': 0, 'cost': 0, 'data': [{'id': 1, 'distance': 0.5}] * 3}, {'found': 3}

    def error(self):
        return 200, [], {'code': 1100, 'message': 'no such field'}, {
            'status': None, 'error': '1100', 'error_message': 'no such field'}


class OpenAI(Store):
    name, host, dialect = 'openai search', 'api.openai.com', 'openai.search'
    provider = 'openai'

    def target(self, s, stream):
        return '/v1/vector_stores/vs_1/search'

    def request(self, s, stream):
        return {'query': s.prompt, 'max_num_results': 7}, {'source': 'vs_1', 'asked': 7,
                                                           'query': s.prompt}

    def whole(self, s):
        hit = {'file_id': 'f', 'filename': 'a.md', 'score': 0.5, 'content': [{'type': 'text',
                                                                             'text': 'x'}]}
        return {'object': 'vector_store.search_results.page', 'data': [hit], 'has_more': False}, {
            'found': 1, 'documents': dumps([hit])}

    error = Chat.error


SPEAKERS = [Qdrant, QdrantQuery, Chroma, Pinecone, Weaviate, Milvus, OpenAI]
