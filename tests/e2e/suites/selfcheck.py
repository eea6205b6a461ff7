# SPDX-License-Identifier: Apache-2.0
"""Checks of the checks: spans made from the truth pass, and each way to spoil them is found."""
import copy

from harness import cases, compare, daemon, results, spans, truth
from mock.tape import Tape

from .clients import python_http, write_cases


def otlp(v):
    if isinstance(v, bool):
        return {'boolValue': v}
    if isinstance(v, int):
        return {'intValue': str(v)}
    if isinstance(v, float):
        return {'doubleValue': v}
    if isinstance(v, list):
        return {'arrayValue': {'values': [otlp(x) for x in v]}}
    return {'stringValue': v}


def attributes(e):
    facts, req = e['facts'], e['request']
    host, _, port = e['headers']['host'].partition(':')
    a = {'gen_ai.operation.name': facts['operation'], 'gen_ai.request.model': e['model'],
         'gen_ai.provider.name': 'anthropic' if e['api'] == 'messages' else 'openai',
         'server.address': host, 'server.port': int(port), 'error.type': facts.get('error'),
         'gen_ai.request.stream': True if req.get('stream') else None,
         'openai.api.type': facts.get('api')}
    a.update({name: req.get(k) for k, name in compare.REQUEST.items() if req.get(k) is not None})
    if req.get('n', 1) != 1:
        a['gen_ai.request.choice.count'] = req['n']
    a['http.response.status_code'] = e['status']
    if e['status'] < 400:
        a['gen_ai.response.id'] = facts['response_id']
        if not facts.get('partial') and e['complete']:
            a.update({compare.USAGE[k]: n for k, n in facts['usage'].items()})
            a.update({'gen_ai.response.model': facts['response_model'],
                      'gen_ai.response.finish_reasons': facts['finish'],
                      compare.TOOLS: facts['tools'] or None,
                      compare.TOOL_IDS: facts['tool_ids'] or None,
                      'openai.response.service_tier': facts.get('service_tier'),
                      'openai.response.system_fingerprint': facts.get('system_fingerprint')})
        if e['stream'] and e['events']:
            a['gen_ai.response.time_to_first_chunk'] = (e['t_body'] - e['t_request']) / 1e9
        if not e['complete']:
            a['error.type'] = sorted(compare.BROKEN)[0]
    return {k: v for k, v in a.items() if v is not None}


def perfect(e, offset):
    a = attributes(e)
    return spans.Span({
        'name': '%s %s' % (e['facts']['operation'], e['model']), 'kind': 3,
        'startTimeUnixNano': str(e['t_request'] + offset),
        'endTimeUnixNano': str(e['t_last'] + offset),
        'status': {'code': 2 if 'error.type' in a else 0},
        'attributes': [{'key': k, 'value': otlp(v)} for k, v in a.items()]}, {})


def failures(run, made):
    quiet = results.Results()
    quiet.check = lambda ok, what, detail='': quiet.__dict__.__setitem__(
        'failed', quiet.failed + (not ok)) or bool(ok)
    run.spans = made
    compare.spans_match(quiet, run)
    return quiet.failed


def changed(made, i, **attrs):
    out = copy.deepcopy(made)
    for k, v in attrs.items():
        if hasattr(out[i], k):
            setattr(out[i], k, v)
    return out


def with_attr(made, name, change):
    """Spoils one attribute of the first span that has it."""
    out = copy.deepcopy(made)
    s = next(s for s in out if name in s.a)
    s.a[name] = change(s.a[name])
    s.id, s.model = s.a.get('gen_ai.response.id'), s.a.get('gen_ai.request.model')
    return out


SPOILED = {
    'gen_ai.usage.input_tokens': lambda n: n + 1, 'gen_ai.usage.output_tokens': lambda n: n - 1,
    'gen_ai.usage.cache_read.input_tokens': lambda n: None,
    'gen_ai.response.finish_reasons': lambda x: x[::-1] + ['stop'],
    'gen_ai.response.id': lambda x: x + '0', 'gen_ai.request.model': lambda x: x + '0',
    'gen_ai.response.model': lambda x: 'gpt', 'server.port': lambda n: 443,
    'server.address': lambda x: '127.0.0.1', 'error.type': lambda x: '500',
    'gen_ai.request.stream': lambda x: False, compare.TOOLS: lambda x: x[:-1],
    compare.TOOL_IDS: lambda x: x + x,
    'gen_ai.response.time_to_first_chunk': lambda n: n + 2.0,
    'gen_ai.request.temperature': lambda n: 1.0, 'gen_ai.operation.name': lambda x: 'chat_',
}


def spoil(r, ctx):
    what = cases.good() + cases.refused() + cases.broken()
    path = write_cases(what)
    bare, daemon.BARE = daemon.BARE, True
    try:
        run = daemon.watch('selfcheck', ctx.provider, python_http('serial')(path),
                           daemon.client_env(ctx.provider, ctx.pki))
    finally:
        daemon.BARE = bare
    offset = compare.wall_offset()
    made = [perfect(e, offset) for e in run.exchanges if e['inference']]
    r.equal(failures(run, made), 0, 'spans made from the truth pass')
    for name, change in SPOILED.items():
        r.check(failures(run, with_attr(made, name, change)) > 0, 'finds a wrong %s' % name)
    twice = made + copy.deepcopy(made[:1])
    for what, bad in (('a missing span', made[1:]), ('a doubled span', twice),
                      ('a late start', changed(made, 0, start=made[0].start + 10**8)),
                      ('an early start', changed(made, 0, start=made[0].start - 2 * 10**9)),
                      ('a late end', changed(made, 0, end=made[0].end + 2 * 10**9)),
                      ('a wrong name', changed(made, 0, name='chat')),
                      ('a wrong kind', changed(made, 0, kind=1)),
                      ('a wrong status', changed(made, 0, status=2))):
        r.check(failures(run, bad) > 0, 'finds %s' % what)


def stream_of(conn, **more):
    n, sums = [t.count for t in conn['tapes']], [t.digest() for t in conn['tapes']]
    return dict({'tgid': 1, 'source': 'tls', 'passed': n, 'captured': n, 'lost': [0, 0],
                 'ignored': [0, 0], 'digest': sums}, **more)


def byte_truth(r, ctx):
    """Streams made from connections match them; each way to spoil one is found."""
    def conn(i, rx, tx):
        return {'conn': i, 'protocol': None, 'doubt': 0, 'received': len(rx), 'sent': len(tx),
                'tapes': (Tape(rx), Tape(tx))}

    def verdict(conns, streams):
        pairs, unseen, spare = truth.match(conns, streams)
        return len(pairs), len(unseen), len(spare), sum(p.unread for p in pairs)

    conns = [conn(1, b'GET 1', b'one'), conn(2, b'GET 2', b'two'), conn(3, b'GET 2', b'two' * 5),
             conn(4, b'', b'')]
    good = [stream_of(c) for c in conns]
    r.equal(verdict(conns, good[::-1]), (3, 0, 0, 0), 'good streams')
    half = stream_of(conns[2], passed=[5, 3], captured=[5, 3], digest=good[1]['digest'])
    r.equal(verdict(conns, [half] + good[:2]), (3, 0, 0, 12), 'one that left bytes unread')
    lossy = stream_of(conns[1], captured=[5, 1], lost=[0, 2],
                      digest=[good[1]['digest'][0], '0' * 16])
    r.equal(verdict(conns, [good[0], lossy, good[2]]), (3, 0, 0, 0), 'one with a counted loss')
    wrong = [good[0]['digest'][0], good[1]['digest'][1]]
    for what, bad in (('other bytes', dict(good[0], digest=wrong)),
                      ('bytes too many', dict(good[0], passed=[5, 4], captured=[5, 4])),
                      ('bytes never written', dict(good[0], passed=[4, 3], captured=[4, 3])),
                      ('an uncounted loss', dict(good[0], captured=[5, 2]))):
        r.equal(verdict(conns, [bad] + good[1:]), (2, 1, 1, 0), 'finds ' + what)
    r.equal(verdict(conns, good[:2]), (2, 1, 0, 0), 'finds a stream that is missing')
    r.equal(verdict(conns, good + good[:1]), (3, 0, 1, 0), 'finds a stream too many')
    piped = dict(good[0], source='stdio')
    r.equal(verdict(conns, good + [piped]), (3, 0, 0, 0), 'lets pipes be')


def decoder(r, ctx):
    """The OTLP decoder that is not ours, on what its own encoder wrote."""
    try:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    except ImportError:
        r.skip('decoder', 'opentelemetry-proto is not installed')
        return
    from mock.collector import decode, partial_success
    msg = trace_service_pb2.ExportTraceServiceRequest()
    s = msg.resource_spans.add().scope_spans.add().spans.add()
    s.trace_id, s.span_id, s.name, s.kind = b'\x01' * 16, b'\x02' * 8, 'chat x', 3
    s.start_time_unix_nano, s.end_time_unix_nano = 5, 7
    kv = s.attributes.add()
    kv.key, kv.value.int_value = 'n', 0
    got = spans.of_requests(decode([msg.SerializeToString()]))[0]
    r.equal((got.raw['traceId'], got.raw['spanId'], got.name, got.kind, got.start, got.end, got.a),
            ('01' * 16, '02' * 8, 'chat x', 3, 5, 7, {'n': 0}), 'decodes')
    answer = trace_service_pb2.ExportTraceServiceResponse()
    answer.ParseFromString(partial_success(2, 'late'))
    r.equal((answer.partial_success.rejected_spans, answer.partial_success.error_message),
            (2, 'late'), 'our partial success is one')


def tests(ctx):
    return [('check of the checks: ' + name, lambda r, t=test: t(r, ctx)) for name, test in (
        ('spoiled spans', spoil), ('byte truth', byte_truth), ('decoder', decoder))]
