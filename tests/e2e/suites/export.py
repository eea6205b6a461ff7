# SPDX-License-Identifier: Apache-2.0
"""OTLP over HTTP: what arrives, read by a decoder that is not ours, is what the file says."""
import os

from harness import cases, daemon, env, spans
from mock.collector import Collector, Reply, decode, partial_success

from .clients import python_http, write_cases

CALLS = 12


def canonical(objects):
    """Everything a span says, free of the differences that the two encodings allow."""
    out = {}
    for s in spans.of_requests(objects):
        status = dict(s.raw.get('status') or {})
        out[s.raw['spanId'].lower()] = (
            s.raw['traceId'].lower(), s.raw.get('parentSpanId', ''), s.name, s.kind, s.start, s.end,
            status.get('code', 0), status.get('message', ''), s.a, s.resource,
            s.raw.get('flags', 0), s.raw.get('droppedAttributesCount', 0))
    return out


def run(ctx, name, options=(), count=CALLS, stream=True, **environ):
    path = write_cases(cases.many(count, stream))
    e = daemon.client_env(ctx.provider, ctx.pki, **environ)
    return daemon.watch('export.' + name, ctx.provider, python_http('serial')(path), e, options)


def same_as_file(r, run, collector):
    got = canonical(decode(collector.taken()))
    with open(run.path('spans.jsonl'), encoding='utf-8') as f:
        import json
        want = canonical(json.loads(line) for line in f)
    r.equal(len(got), len(want), 'as many spans as in the file')
    for span_id, span in want.items():
        if got.get(span_id) != span:
            r.equal(got.get(span_id), span, 'span %s arrives as in the file' % span_id)
            return
    r.check(bool(want), 'every span arrives as in the file')


def once(r, collector):
    ids = [s.raw['spanId'] for s in spans.of_requests(decode(collector.taken()))]
    r.equal(len(ids), len(set(ids)), 'no span is taken twice')


def lost(run, cause):
    return run.stats.get('stats', {}).get(cause, {}).get('events', 0)


def plain(r, ctx):
    c = Collector()
    got = run(ctx, 'plain', ['--otlp-endpoint', 'http://127.0.0.1:%d' % c.port])
    r.equal(got.rc, 0, 'exit status')
    same_as_file(r, got, c)
    for q in c.requests:
        r.equal(q['path'], '/v1/traces', 'path')
        r.equal(q['headers'].get('content-type'), 'application/x-protobuf', 'content type')
        r.check('earshot' in q['headers'].get('user-agent', '').lower(), 'user agent names us',
                q['headers'].get('user-agent'))
    c.stop()


def by_variables(r, ctx):
    c = Collector(cert=ctx.pki['cert'], key=ctx.pki['key'])
    got = run(ctx, 'variables', OTEL_EXPORTER_OTLP_ENDPOINT='https://localhost:%d/base' % c.port,
              OTEL_EXPORTER_OTLP_CERTIFICATE=ctx.pki['ca'], OTEL_EXPORTER_OTLP_COMPRESSION='gzip',
              OTEL_EXPORTER_OTLP_HEADERS='x-tenant=blue%20sky,x-two=2',
              OTEL_SERVICE_NAME='trip-planner',
              OTEL_RESOURCE_ATTRIBUTES='team=a%2Cb,service.name=other')
    same_as_file(r, got, c)
    for q in c.requests:
        r.equal(q['path'], '/base/v1/traces', 'path is appended to the base')
        r.equal(q['headers'].get('content-encoding'), 'gzip', 'compressed')
        r.equal(q['headers'].get('x-tenant'), 'blue sky', 'header decoded')
    for s in got.spans[:1]:
        r.equal(s.resource.get('service.name'), 'trip-planner', 'OTEL_SERVICE_NAME wins')
        r.equal(s.resource.get('team'), 'a,b', 'resource attribute decoded')
    r.check(bool(got.spans), 'there are spans')
    c.stop()


def traces_endpoint(r, ctx):
    c = Collector()
    got = run(ctx, 'traces', OTEL_EXPORTER_OTLP_ENDPOINT='http://127.0.0.1:9/',
              OTEL_EXPORTER_OTLP_TRACES_ENDPOINT='http://127.0.0.1:%d/as/is' % c.port)
    same_as_file(r, got, c)
    r.check(all(q['path'] == '/as/is' for q in c.requests), 'its path is used as it is')
    c.stop()


def unavailable(r, ctx):
    later(r, ctx, Reply(503, headers=[('retry-after', '1')]), Reply(502))


def overloaded(r, ctx):
    later(r, ctx, Reply(429, headers=[('retry-after', '1')]), Reply(hang_up=True))


def later(r, ctx, *replies):
    """Two refusals that ask to come again; the end of the command leaves some seconds for it."""
    c = Collector(replies)
    got = run(ctx, 'later', ['--otlp-endpoint', 'http://127.0.0.1:%d' % c.port])
    r.equal(got.rc, 0, 'exit status')
    same_as_file(r, got, c)
    once(r, c)
    at = [q['at'] for q in c.requests]
    r.check(len(at) > 1 and at[1] - at[0] >= 0.95, 'Retry-After is kept', at)
    c.stop()


def refused(r, ctx):
    c = Collector([Reply(400)] * 100)
    got = run(ctx, 'refused', ['--otlp-endpoint', 'http://127.0.0.1:%d' % c.port])
    r.equal(got.rc, 0, 'exit status')
    ids = [s.raw['spanId'] for s in spans.of_requests(decode(q['body'] for q in c.requests))]
    r.equal(len(ids), len(set(ids)), 'what was refused is not sent again')
    r.equal(lost(got, 'U_EXPORT_REFUSED'), CALLS, 'each refused span is counted')
    c.stop()


def partly(r, ctx):
    c = Collector([Reply(body=partial_success(2, 'too late'))])
    got = run(ctx, 'partly', ['--otlp-endpoint', 'http://127.0.0.1:%d' % c.port])
    once(r, c)
    same_as_file(r, got, c)
    r.equal(lost(got, 'U_EXPORT_REFUSED'), 2, 'rejected spans are counted')
    c.stop()


def slow(r, ctx):
    c = Collector([Reply(delay=1.5)] * 100)
    got = run(ctx, 'slow', ['--otlp-endpoint', 'http://127.0.0.1:%d' % c.port])
    same_as_file(r, got, c)
    c.stop()


def dead(r, ctx):
    got = run(ctx, 'dead', ['--otlp-endpoint', 'http://127.0.0.1:9'])
    r.equal(got.rc, 0, 'exit status is the command\'s')
    r.check(got.seconds < 20, 'ends in bounded time', '%.1f s' % got.seconds)
    r.equal(len(got.spans), CALLS, 'the file has every span')
    r.equal(lost(got, 'U_EXPORT_FAILED') + lost(got, 'U_QUEUE_FULL'), CALLS,
            'each span given up is counted')


def tests(ctx):
    if daemon.BARE:
        return []
    if not os.path.isdir(os.path.join(env.site_packages(), 'opentelemetry')):
        return [('export', lambda r: r.skip('export', 'opentelemetry-proto is not installed'))]
    return [('export: ' + name, lambda r, t=test: t(r, ctx)) for name, test in (
        ('plain http', plain), ('https, gzip, by variables', by_variables),
        ('traces endpoint variable', traces_endpoint), ('receiver says later', unavailable),
        ('receiver is overloaded, then breaks off', overloaded),
        ('receiver refuses', refused), ('receiver takes part', partly), ('slow receiver', slow),
        ('no receiver', dead))]
