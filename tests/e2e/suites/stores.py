# SPDX-License-Identifier: Apache-2.0
"""Vector stores by their own clients, over TLS: what the client was given is what the span says was
found, of the same source, with the same limit."""
import json
import os

from harness import compare, daemon, env, truth
from mock import stores

from .clients import script

CLIENT = os.path.join(env.CACHE, 'npm', 'stores.mjs')
SEARCHES = (('docs', 4), ('none', 9), ('docs', 33), ('refuse', 2), ('docs', 2))
QUERY = 'gen_ai.retrieval.query.text'

# Store, its package, host, what the searches ask for as text; of each kind of search, how many
# times as many are found (two searches, two groups).
STORES = (
    ('qdrant', '@qdrant/js-client-rest', 'localhost', None, (1, 2, 2)),
    ('chroma', 'chromadb', 'localhost', None, (1,)),
    ('pinecone', '@pinecone-database/pinecone', stores.PINECONE, None, (1,)),
    ('weaviate', 'weaviate-ts-client', 'localhost', 'how', (1,)),
    ('openai', 'openai', 'api.openai.com', 'how?', (1,)),
)


def named(store, source):
    """Weaviate's are classes."""
    return source.capitalize() if store == 'weaviate' else source


def check_call(r, store, host, text, row, e, s):
    name = '%s of %s:%d' % (row['search'], row['source'], row['limit'])
    w, facts = compare.Wants(), e['facts']
    w.equal('source and limit', (facts['source'], facts['asked']), (row['source'], row['limit']))
    w.equal('operation', s.a.get('gen_ai.operation.name'), 'retrieval')
    source = host.split('.')[0] if store == 'pinecone' else row['source']
    w.equal('source', s.a.get('gen_ai.data_source.id'), source)
    w.equal('name', s.name, 'retrieval ' + source)
    w.equal('limit', s.a.get('gen_ai.retrieval.top_k'), row['limit'])
    w.equal('provider', s.a.get('gen_ai.provider.name'),
            None if facts['provider'] == 'none' else facts['provider'])
    w.equal('server', (s.a.get('server.address'), s.a.get('server.port')), (host, 443))
    w.equal('status', s.a.get('http.response.status_code'), e['status'])
    w.equal('error', s.error(), facts['error'])
    w.equal('the client saw an error', row['error'] is not None, facts['error'] is not None)
    if text and store != 'weaviate':
        w.equal('query', s.a.get(QUERY), text)
    elif text:
        w.true(text in s.a.get(QUERY, ''), 'no query')
    found = len(row['ids']) if row['ids'] is not None else None
    w.equal('found', s.a.get('earshot.retrieval.found'),
            None if store == 'weaviate' else found)
    documents = s.a.get('gen_ai.retrieval.documents')
    if store in ('pinecone', 'openai') and found:
        listed = json.loads(documents) if isinstance(documents, str) else documents or []
        w.equal('documents', [d.get('id') or d.get('file_id') for d in listed], row['ids'])
    r.check(not w.wrong, name, '\n'.join(w.wrong))


def one(r, ctx, name, cmd, store, host, text, kinds):
    env.npm_script('stores.mjs')
    p = stores.Stores(ctx.pki['cert'], ctx.pki['key'], port=443)
    searches = [(named(store, s), n) for s, n in SEARCHES]
    try:
        run = daemon.watch('stores ' + name, p, [*cmd, *['%s:%d' % x for x in searches]],
                           daemon.client_env(p, ctx.pki, STORE_HOST=host),
                           ['--all-streams', '--content', 'full'])
    finally:
        p.stop()
    rows = run.rows()
    asked = sorted((e for e in run.exchanges if e['inference']), key=lambda e: e['t_request'])
    r.equal(run.rc, 0, 'exit status')
    r.equal([(row['source'], row['limit']) for row in rows], searches * len(kinds),
            'searches, by the client')
    r.equal([None if row['ids'] is None else len(row['ids']) for row in rows],
            [{'docs': times * (n - 1), 'none': 0}.get(s.lower())
             for times in kinds for s, n in searches],
            'what the client was given')
    r.equal(len(asked), len(rows), 'searches, by the server')
    if daemon.BARE:
        return
    truth.bytes_match(r, run, unread=5)
    calls = sorted((s for s in run.spans if s.a.get('gen_ai.operation.name') == 'retrieval'),
                   key=lambda s: s.start)
    r.equal(len(calls), len(rows), 'calls')
    for row, e, s in zip(rows, asked, calls):
        check_call(r, store, host, text, row, e, s)
    compare.semconv(r, run)
    compare.replayed(r, run)


def npm(r, ctx, store, package, host, text, kinds):
    reason = env.missing(env.node(26), os.path.join(env.NODE_MODULES, package)) or (
        ctx.no_names if host != 'localhost' else None)
    if reason:
        r.skip(store, reason)
    else:
        one(r, ctx, store, [env.node(26), CLIENT, store], store, host, text, kinds)


def pypi(r, ctx):
    reason = env.missing(os.path.join(env.site_packages(), 'openai')) or ctx.no_names
    if reason:
        r.skip('openai (PyPI)', reason)
    else:
        one(r, ctx, 'openai (PyPI)', [env.PYTHON, script('py_stores.py')], 'openai',
            'api.openai.com', 'how?', (1,))


def tests(ctx):
    return [('stores: %s (npm)' % s[0], lambda r, s=s: npm(r, ctx, *s)) for s in STORES] + [
        ('stores: openai (PyPI)', lambda r: pypi(r, ctx))]
