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
        return {'result': self.points(), 'status': 'ok', 'time': 0.01}, {'found': self.hits}

    def points(self):
        return [{'id': 7 + i, 'version': 1, 'score': 0.5, 'payload': {'text': 'x', 'result': [{}]}}
                for i in range(self.hits)]

    def error(self):
        return 404, [], {'status': {'error': "Not found: Collection `x`"}, 'time': 0}, {
            'error': '404', 'error_message': 'Not found: Collection `x`'}


class QdrantQuery(Qdrant):
    name, hits = 'qdrant query', 0

    def target(self, s, stream):
        return '/collections/my%20docs/points/query'

    def whole(self, s):
        return {'result': {'points': self.points()}, 'status': 'ok', 'time': 0.01}, {
            'found': self.hits}


class QdrantSearchBatch(Qdrant):
    """Two searches in one request, by the old path."""
    name = 'qdrant search batch'

    def target(self, s, stream):
        return '/collections/my%20docs/points/search/batch'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        return {'searches': [body, body]}, fact

    def each(self):
        return self.points()

    def whole(self, s):
        return {'result': [self.each(), self.each()], 'status': 'ok', 'time': 0.01}, {
            'found': 2 * self.hits}


class QdrantBatch(QdrantSearchBatch):
    name = 'qdrant query batch'

    def target(self, s, stream):
        return '/collections/my%20docs/points/query/batch'

    def each(self):
        return {'points': self.points()}


class QdrantGroups(Qdrant):
    name = 'qdrant query groups'

    def target(self, s, stream):
        return '/collections/my%20docs/points/query/groups'

    def whole(self, s):
        groups = [{'id': 'g%d' % i, 'hits': self.points(), 'lookup': None} for i in range(2)]
        return {'result': {'groups': groups}, 'status': 'ok', 'time': 0.01}, {
            'found': 2 * self.hits}


class Chroma(Store):
    name, host, dialect = 'chroma query', 'localhost:8000', 'chroma.query'
    ids = (('a', 'b'), ('c',))      # of each question's own hits

    def target(self, s, stream):
        return '/api/v2/tenants/t/databases/d/collections/c0ffee/query'

    def request(self, s, stream):
        return {'query_embeddings': [[0.1], [0.2]], 'n_results': 2, 'include': ['documents']}, {
            'source': 'c0ffee', 'asked': 2}

    def whole(self, s):
        return {'ids': self.ids, 'documents': [['text of ' + i for i in one] for one in self.ids],
                'distances': [[0.25] * len(one) for one in self.ids],
                'include': ['documents']}, {'found': sum(map(len, self.ids))}

    def error(self):
        return 404, [], {'error': 'NotFoundError', 'message': 'no'}, {
            'error': 'NotFoundError', 'error_message': 'NotFoundError'}


class Pinecone(Store):
    name, dialect, hits = 'pinecone query', 'pinecone.query', 2
    host = 'docs-1a2b.svc.us-east1-gcp.pinecone.io'

    def target(self, s, stream):
        return '/query'

    def request(self, s, stream):
        return {'vector': [0.1], 'topK': 4, 'namespace': 'n', 'includeMetadata': True}, {
            'source': 'docs-1a2b', 'asked': 4}

    def whole(self, s):
        hits = [{'id': 'v%d' % i, 'score': 0.5, 'values': [], 'metadata': {'text': s.prompt}}
                for i in range(self.hits)]
        return {'matches': hits, 'namespace': 'n', 'usage': {'readUnits': 5}}, {
            'found': self.hits, 'documents': dumps(hits)}

    def error(self):
        return 400, [], {'code': 3, 'message': 'Dimension', 'details': []}, {
            'error': '400', 'error_message': 'Dimension'}


class Weaviate(Store):
    name, host, dialect = 'weaviate get', 'localhost:8080', 'weaviate.get'
    kind, hits = 'Article', 1

    def target(self, s, stream):
        return '/v1/graphql'

    def request(self, s, stream):
        text = '{ Get { Article(nearText: {concepts: ["a"]}, limit: 3) { title } } }'
        return {'query': text}, {'source': 'Article', 'asked': 3, 'query': text}

    def whole(self, s):
        return {'data': {'Get': {self.kind: [{'title': 'x%d' % i} for i in range(self.hits)]}}}, {}

    def error(self):
        return 200, [], {'data': {'Get': {self.kind: None}}, 'errors': [
            {'locations': [{'line': 1, 'column': 3}], 'message': 'no such class',
             'path': ['Get', self.kind]}]}, {
            'status': None, 'error': '_OTHER', 'error_message': 'no such class'}


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
    provider, hits = 'openai', 1

    def target(self, s, stream):
        return '/v1/vector_stores/vs_1/search'

    def request(self, s, stream):
        return {'query': s.prompt, 'max_num_results': 7}, {'source': 'vs_1', 'asked': 7,
                                                           'query': s.prompt}

    def whole(self, s):
        hits = [{'file_id': 'f%d' % i, 'filename': 'a.md', 'score': 0.5, 'content': [
            {'type': 'text', 'text': 'x'}]} for i in range(self.hits)]
        return {'object': 'vector_store.search_results.page', 'data': hits, 'has_more': False}, {
            'found': self.hits, 'documents': dumps(hits)}

    error = Chat.error


SPEAKERS = [Qdrant, QdrantQuery, QdrantSearchBatch, QdrantBatch, QdrantGroups, Chroma, Pinecone,
            Weaviate, Milvus, OpenAI]
