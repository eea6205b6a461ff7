# SPDX-License-Identifier: Apache-2.0
"""Trace context and baggage in header fields, over HTTP/1.1 and through HPACK: the span is a child
of the sender's. The tables of HTTP/2 make the second request's fields indexes."""
import json

from harness import daemon, env, spans

TRACE, PARENT = '4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'
BODY = json.dumps({'model': 'm-trace', 'messages': [{'role': 'user', 'content': 'hi'}]})


def asked(url, version, flags):
    return [url, '--' + version, '-o', '/dev/null', '-d', BODY,
            '-H', 'content-type: application/json', '-H', 'tracestate: vendor=1',
            '-H', 'traceparent: 00-%s-%s-%s' % (TRACE, PARENT, flags),
            '-H', 'baggage: session.id=s%2F1;ttl=3, user.id=u-7, other=x']


def one(r, ctx, provider, version):
    reason = env.missing('curl')
    if reason:
        r.skip('traces ' + version, reason)
        return
    url = 'https://localhost:%d/v1/chat/completions' % provider.port
    cmd = ['curl', '-sS', '--cacert', ctx.pki['ca'], *asked(url, version, '01'), '--next', '-sS',
           '--cacert', ctx.pki['ca'], *asked(url, version, '00')]
    run = daemon.watch('traces ' + version, provider, cmd, daemon.client_env(provider, ctx.pki))
    r.equal(run.rc, 0, 'exit status')
    r.equal([e['headers'].get('traceparent', '')[3:35] for e in run.exchanges], [TRACE] * 2,
            'the server got it')
    if daemon.BARE:
        return
    calls = sorted(spans.model_calls(run.spans), key=lambda s: s.start)
    r.equal(len(calls), 2, 'calls')
    for s, sampled in zip(calls, (True, False)):
        r.equal(s.raw['traceId'], TRACE, 'in the trace')
        r.equal(s.raw.get('parentSpanId'), PARENT, 'child of the sender')
        r.equal(s.raw.get('traceState'), 'vendor=1', 'state')
        r.equal(s.raw.get('flags'), 0x300 | sampled, 'flags: remote parent')
        r.equal(s.a.get('session.id'), 's/1', 'session')
        r.equal(s.a.get('user.id'), 'u-7', 'user')
        r.equal(s.a.get('earshot.duplicate_of_instrumented'), True if sampled else None,
                'what the sender exports itself is a duplicate')
    r.equal(len({s.raw['spanId'] for s in calls}), 2, 'ids of their own')


def tests(ctx):
    return [('traces: %s' % v, lambda r, p=p, v=v: one(r, ctx, p(), v)) for v, p in (
        ('http1.1', lambda: ctx.provider), ('http2', lambda: ctx.h2_provider))]
