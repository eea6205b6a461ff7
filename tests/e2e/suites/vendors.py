# SPDX-License-Identifier: Apache-2.0
"""The providers' own SDKs, over TLS, on HTTP/1.1 and, where the SDK can, on HTTP/2. What the SDK
made of the answer stands beside what the span says of it."""
import os

from harness import compare, daemon, env, spans
from mock import vendors

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
    name, alpn, op, provider, _ = sdk
    reason = env.missing(env.node(26), CLIENT)
    if reason:
        r.skip(name, reason)
        return
    server = vendors.Vendors(ctx.pki['cert'], ctx.pki['key'], alpn=alpn)
    try:
        run = daemon.watch('vendor ' + name, server, [env.node(26), CLIENT, name, *CASES],
                           daemon.client_env(server, ctx.pki), ['--content', 'full'])
    finally:
        server.stop()
    rows = run.rows()
    r.equal(run.rc, 0, 'exit status')
    r.check(len(rows) >= 2 * len(CASES), 'the client did its work', run.stderr[-2000:])
    # Some ask for nothing, and get HTTP/1.1.
    spoken = {c['protocol'] or 'http/1.1' for c in run.connections if c['received'] > 1000}
    r.equal(spoken, set(alpn), 'protocol')
    if daemon.BARE:
        return
    calls = sorted(spans.model_calls(run.spans), key=lambda s: s.start)
    r.equal(len(calls), len(rows), 'calls')
    r.equal({s.a.get('gen_ai.provider.name') for s in calls}, {provider}, 'provider')
    for row, s in zip(rows, calls):
        check_call(r, row, s, sdk, op)
    compare.semconv(r, run)


def tests(ctx):
    return [('vendor: ' + sdk[0], lambda r, s=sdk: one(r, ctx, s)) for sdk in SDKS]
