# SPDX-License-Identifier: Apache-2.0
"""The providers' own SDKs, over TLS, on HTTP/1.1 and, where the SDK can, on HTTP/2. What the SDK
made of the answer stands beside what the span says of it."""
import json
import os

from harness import clientlist, compare, coverage, daemon, env, spans, truth
from mock import vendors

from .clients import script

CLIENT = os.path.join(env.CACHE, 'npm', 'vendors.mjs')
CASES = ('plain', 'length', 'cached', 'thinking', 'tools', 'refuse')

# SDK, ALPN, what its calls are, provider as far as the wire tells it, the error of a refusal.
SDKS = (
    ('gemini', ['http/1.1'], 'generate_content', 'gcp.gemini', 'RESOURCE_EXHAUSTED'),
    ('bedrock', ['h2'], 'chat', 'aws.bedrock', 'ThrottlingException'),
    ('bedrock-h1', ['http/1.1'], 'chat', 'aws.bedrock', 'ThrottlingException'),
    ('cohere', ['http/1.1'], 'chat', 'cohere', '429'),
    ('mistral', ['http/1.1'], 'chat', 'openai', None),
    ('ollama', ['http/1.1'], 'chat', 'ollama', None),
)


def check_call(r, row, s, what, op):
    name = '%s %s' % (row['model'], row['kind'])
    if row['kind'] == 'embed':
        op = 'embeddings'
    r.equal(s.a.get('gen_ai.operation.name'), op, name + ': operation')
    r.equal(s.a.get('gen_ai.request.model'), row['model'], name + ': model')
    r.equal(s.a.get('http.response.status_code'), 200 if 'error' not in row else
            s.a.get('http.response.status_code'), name + ': status')
    if row['model'] == 'refuse':
        r.check('error' in row, name + ': the SDK saw an error', row)
        r.equal(s.error(), what[4] or s.error(), name + ': error.type')
        r.check(bool(s.error()), name + ': there is an error')
        return
    r.check('error' not in row, name + ': the SDK liked the answer', row)
    r.equal(s.error(), None, name + ': no error')
    if row['kind'] == 'embed':
        return
    facts = vendors.facts_of(row['model'])
    r.equal(row['text'], vendors.text_of(row['model']), name + ': text, by the SDK')
    r.equal(row['tools'], facts['tools'], name + ': tools, by the SDK')
    r.equal(s.a.get('earshot.tool_call.names', []), facts['tools'], name + ': tools')
    r.equal(s.a.get('gen_ai.usage.input_tokens'), facts['input'], name + ': input tokens')
    r.equal(s.a.get('gen_ai.usage.output_tokens'), facts['output'], name + ': output tokens')
    r.equal((s.a.get('gen_ai.response.finish_reasons') or [''])[0].upper(),
            str(row['finish']).upper(), name + ': finish reason')
    r.equal('gen_ai.response.time_to_first_chunk' in s.a, row['kind'] != 'whole',
            name + ': the first chunk is timed')


def one(r, ctx, sdk):
    reason = env.missing(env.node(26), CLIENT)
    if reason:
        r.skip(sdk[0], reason)
        return
    server = vendors.Vendors(ctx.pki['cert'], ctx.pki['key'], alpn=sdk[1])
    try:
        run = daemon.watch('vendor ' + sdk[0], server, [env.node(26), CLIENT, sdk[0], *CASES],
                           daemon.client_env(server, ctx.pki), ['--content', 'full'])
    finally:
        server.stop()
    check_run(r, run, sdk)


def check_run(r, run, sdk):
    """Call by call: what the SDK printed against the span. Returns the calls."""
    _, alpn, op, provider, _ = sdk
    rows = run.rows()
    r.equal(run.rc, 0, 'exit status')
    r.check(len(rows) >= 2 * len(CASES), 'the client did its work', run.stderr[-2000:])
    # Some ask for nothing, and get HTTP/1.1.
    spoken = {c['protocol'] or 'http/1.1' for c in run.connections if c['received'] > 1000}
    r.equal(spoken, set(alpn), 'protocol')
    if daemon.BARE:
        return []
    calls = sorted(spans.model_calls(run.spans), key=lambda s: s.start)
    r.equal(len(calls), len(rows), 'calls')
    r.equal({s.a.get('gen_ai.provider.name') for s in calls}, {provider}, 'provider')
    for row, s in zip(rows, calls):
        check_call(r, row, s, sdk, op)
    compare.semconv(r, run)
    return calls


# ---- the same under deno, whose fetch takes HTTP/2 where it is offered --------------------------
DENO = '2.9.6'


def deno(r, ctx, sdk, with_large):
    client = clientlist.Client(
        'deno %s, %s (npm), h2' % (DENO, sdk[0]), 'aws-lc', None, (), large=True,
        version=lambda: clientlist.said(clientlist.deno_program(DENO), '--version'))
    if not with_large:
        r.skip(client.name, 'only `make coverage` fetches deno, and runs it')
        return
    reason = env.missing(clientlist.deno_program(DENO), CLIENT)
    if reason:
        r.skip(client.name, reason)
        coverage.note_skip(client, reason)
        return
    sdk = (sdk[0], ['h2'], *sdk[2:])
    server = vendors.Vendors(ctx.pki['cert'], ctx.pki['key'], alpn=('h2', 'http/1.1'))
    try:
        run = daemon.watch(client.name, server, clientlist.deno_run(
            DENO, ctx.pki, CLIENT, sdk[0], *CASES), daemon.client_env(
                server, ctx.pki, **clientlist.DENO_ENV),
            ['--content', 'full', '--all-streams', '--blind-spots', 'all'])
    finally:
        server.stop()
    calls = check_run(r, run, sdk)
    if not daemon.BARE:
        score = truth.bytes_match(r, run)
        coverage.note(client, run, score, len(run.rows()), len(calls))


# ---- Anthropic's message threads: the server keeps the conversation ---------------------------
TURNS = ('plain', 'cached', 'tools', 'thinking', 'length')


def threads_of(pip, npm):
    return [
        ('anthropic threads (PyPI), sync', [env.PYTHON, script('py_threads.py'), 'sync'], [pip]),
        ('anthropic threads (PyPI), asyncio', [env.PYTHON, script('py_threads.py'), 'async'],
         [pip]),
        ('anthropic threads (npm)', [env.node(26), os.path.join(env.CACHE, 'npm', 'threads.mjs')],
         [env.node(26), npm]),
    ]


def check_turn(r, n, row, e, last):
    """last: the id of the turn before, None where a thread begins."""
    w, thread = compare.Wants(), e['request'].get('thread') or {}
    w.wrong += compare.check_row(dict(row, model=row['answered']), e, {})
    w.equal('previous, by the SDK', row['previous'], last)
    w.equal('kept, by the SDK', row['kept'], row['id'])
    w.equal('thread, by the server', thread, {'type': 'create'} if last is None else
            {'type': 'continue', 'previous_message_id': last})
    r.check(not w.wrong, 'the SDK saw turn %d, %s' % (n, row['model']), '\n'.join(w.wrong))


def threads(r, ctx, name, cmd, needs):
    """Each turn sends only what is new, and the span says what it goes on from."""
    reason = env.missing(*needs)
    if reason:
        r.skip(name, reason)
        return
    env.npm_script('threads.mjs')
    p = vendors.Vendors(ctx.pki['cert'], ctx.pki['key'])
    try:
        run = daemon.watch('vendor ' + name, p, [*cmd, *TURNS], daemon.client_env(p, ctx.pki),
                           ['--content', 'full'])
    finally:
        p.stop()
    rows, asked = run.rows(), sorted(run.exchanges, key=lambda e: e['t_request'])
    r.equal(run.rc, 0, 'exit status')
    r.equal([row['model'] for row in rows], [*TURNS, TURNS[0]], 'turns, by the SDK')
    r.equal(len(asked), len(rows), 'turns, by the server')
    before = [None] + [row['id'] for row in rows[:-2]] + [None]
    for n, (row, e, last) in enumerate(zip(rows, asked, before)):
        check_turn(r, n, row, e, last)
    if daemon.BARE:
        return
    compare.spans_match(r, run)
    calls = {s.id: s for s in spans.model_calls(run.spans)}
    # Each tool's result is a message of its own; a fork sends all there was, the replies too.
    new = [max(1, len(row['tools'])) for row in [dict(tools=[])] + rows[:-1]]
    new[-1] += sum(new[:-1]) + len(TURNS)
    for n, (row, last) in enumerate(zip(rows, before)):
        s = calls.get(row['id'])
        told = s and json.loads(s.a['gen_ai.input.messages'])
        r.equal(s and s.a.get('gen_ai.request.previous_response.id'), last,
                'turn %d goes on from' % n)
        r.equal(told and len(told), new[n], 'messages that turn %d sent' % n)
    compare.semconv(r, run)
    compare.replayed(r, run)


def deno_tests(ctx, with_large=False):
    """Those on HTTP clients of their own keep to them: Bedrock's is node:http2."""
    return [('vendor: deno %s, %s (npm), h2' % (DENO, sdk[0]),
             lambda r, s=sdk: deno(r, ctx, s, with_large))
            for sdk in SDKS if not sdk[0].startswith('bedrock')]


def tests(ctx):
    pip, npm = (os.path.join(at, *name) for at, name in (
        (env.site_packages(), ['anthropic']), (env.NODE_MODULES, ['@anthropic-ai', 'sdk'])))
    return [('vendor: ' + sdk[0], lambda r, s=sdk: one(r, ctx, s)) for sdk in SDKS] + [
        ('vendor: ' + t[0], lambda r, t=t: threads(r, ctx, *t)) for t in threads_of(pip, npm)
    ] + deno_tests(ctx)
