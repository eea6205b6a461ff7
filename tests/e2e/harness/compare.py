# SPDX-License-Identifier: Apache-2.0
"""The comparisons: ground truth against spans, ground truth against what the clients printed."""
import hashlib
import json
import os
import subprocess
import time

from . import env, spans as span_file

SECOND = 1_000_000_000
# All share one clock. The client reads when it is given a core, which on a busy machine is late;
# nothing can come before its cause.
LATE = 3 * SECOND // 2
EARLY = SECOND // 50
# How the ways to break off are told: the transport's words, which no provider sends.
BROKEN = {'connection_reset', 'no_response', 'process_exit', 'cancelled'}

USAGE = {'input': 'gen_ai.usage.input_tokens', 'output': 'gen_ai.usage.output_tokens',
         'cache_read': 'gen_ai.usage.cache_read.input_tokens',
         'cache_write': 'gen_ai.usage.cache_write.input_tokens',
         'reasoning': 'gen_ai.usage.reasoning.output_tokens'}
REQUEST = {'temperature': 'gen_ai.request.temperature', 'top_p': 'gen_ai.request.top_p',
           'seed': 'gen_ai.request.seed', 'max_tokens': 'gen_ai.request.max_tokens',
           'max_completion_tokens': 'gen_ai.request.max_tokens',
           'max_output_tokens': 'gen_ai.request.max_tokens', 'top_k': 'gen_ai.request.top_k',
           'dimensions': 'gen_ai.embeddings.dimension.count',
           'previous_response_id': 'gen_ai.request.previous_response.id',
           'reasoning_effort': 'gen_ai.request.reasoning.level',
           'stop_sequences': 'gen_ai.request.stop_sequences'}
PROVIDER = {'api.openai.com': 'openai', 'api.anthropic.com': 'anthropic'}
TOOLS, TOOL_IDS = 'earshot.tool_call.names', 'earshot.tool_call.ids'


def wall_offset():
    return time.time_ns() - time.monotonic_ns()


# ---- which span belongs to which exchange -------------------------------------------------------
def pair(exchanges, calls):
    """By response id where there is one, else by model in order of time. Returns (pairs, spare
    exchanges, spare spans)."""
    by_id = {s.id: s for s in calls if s.id}
    pairs, rest, used = [], [], set()
    for e in sorted(exchanges, key=lambda e: e['t_request']):
        s = by_id.get(e['facts'].get('response_id'))
        if s is not None and s.model == e['model'] and id(s) not in used and \
                not (e['facts'].get('partial') or e['facts'].get('error')):
            used.add(id(s))
            pairs.append((e, s))
        else:
            rest.append(e)
    left = sorted((s for s in calls if id(s) not in used), key=lambda s: s.start)
    spare = []
    for e in rest:
        s = next((s for s in left if s.model == e['model']), None)
        if s is None:
            spare.append(e)
        else:
            left.remove(s)
            pairs.append((e, s))
    return pairs, spare, left


# ---- one span ---------------------------------------------------------------------------------
class Wants:
    """Collects what is wrong with one span."""

    def __init__(self):
        self.wrong = []

    def equal(self, what, got, want):
        if got != want:
            self.wrong.append('%s: got %r, want %r' % (what, got, want))

    def true(self, ok, what):
        if not ok:
            self.wrong.append(what)


def check_request(w, e, s):
    req, facts = e['request'], e['facts']
    w.equal('operation', s.a.get('gen_ai.operation.name'), facts['operation'])
    w.equal('name', s.name, '%s %s' % (facts['operation'], e['model']))
    w.equal('kind', s.kind, 3)
    host, _, port = e['headers']['host'].partition(':')
    w.equal('server.address', s.a.get('server.address'), host)
    w.equal('server.port', s.a.get('server.port'), int(port or e['default_port']))
    provider = facts.get('provider') or PROVIDER.get(host) or (
        'anthropic' if e['api'] == 'messages' else 'openai')
    w.equal('provider', s.a.get('gen_ai.provider.name'), provider)
    w.equal('stream', s.a.get('gen_ai.request.stream'), True if req.get('stream') else None)
    for field, name in REQUEST.items():
        if req.get(field) is not None:
            w.equal(name, s.a.get(name), req[field])
    if req.get('n', 1) != 1:
        w.equal('choice.count', s.a.get('gen_ai.request.choice.count'), req['n'])
    if e.get('t_first') and not e['facts'].get('headless'):
        # A WebSocket's status is no call's.
        w.equal('http status', s.a.get('http.response.status_code'),
                e['status'] if e['status'] != 101 else None)
    if s.a.get('network.peer.port'):
        w.equal('network.peer', (s.a['network.peer.address'], s.a['network.peer.port']),
                ('127.0.0.1', int(port or e['default_port'])))
    if 'api' in facts:
        w.equal('openai.api.type', s.a.get('openai.api.type'), facts['api'])
    if int(e['headers'].get('x-stainless-retry-count', 0)):
        w.equal('resend_count', s.a.get('http.request.resend_count'),
                int(e['headers']['x-stainless-retry-count']))


def check_times(w, e, s, offset, ended_by_server=True):
    first, read = e['t_request_first'] + offset, e['t_request'] + offset
    # What nobody asked for begins when the client hears of it.
    w.true(s.start <= read + (LATE if e.get('unasked') else EARLY),
           'starts %d us after the server had read the request' % ((s.start - read) // 1000))
    w.true(s.start >= first - LATE, 'starts %d us before the server heard of it' % (
        (first - s.start) // 1000))
    if e['t_last']:
        last = e['t_last'] + offset
        w.true(s.end >= e['t_first'] + offset - EARLY, 'ends before the response began')
        if ended_by_server:
            w.true(last - EARLY - LATE <= s.end <= last + LATE, 'ends %d us off the last byte' % (
                (s.end - last) // 1000))
    chunk = s.a.get('gen_ai.response.time_to_first_chunk')
    if e['stream'] and e['complete'] and e['events']:
        w.true(chunk is not None, 'no time to first chunk')
        if chunk is not None:
            off = s.start + int(chunk * SECOND) - (e['t_body'] + offset)
            w.true(-EARLY <= off <= LATE, 'first chunk %d us off' % (off // 1000))
    elif not e['stream']:
        w.equal('time_to_first_chunk', chunk, None)


def content_parts(s):
    """(text by candidate, tool names) from gen_ai.output.messages, when content was asked for."""
    if 'gen_ai.output.messages' not in s.a:
        return None
    out = s.a['gen_ai.output.messages']
    out = json.loads(out) if isinstance(out, str) else out
    texts = [''.join(p['content'] for p in m['parts'] if p['type'] == 'text') for m in out]
    return texts, [p['name'] for m in out for p in m['parts'] if p['type'] == 'tool_call']


def check_answer(w, e, s):
    facts = e['facts']
    w.equal('response.id', s.id, None if facts['operation'] == 'embeddings' else
            facts['response_id'])
    w.equal('response.model', s.a.get('gen_ai.response.model'), facts['response_model'])
    w.equal('finish', s.a.get('gen_ai.response.finish_reasons', []), facts['finish'])
    for k, name in USAGE.items():
        want = facts['usage'].get(k)
        got = s.a.get(name)
        # A count of zero says as much as none, where the provider always sends the field.
        w.equal(name, got or None if want == 0 else got, want or None if want == 0 else want)
    for k in ('service_tier', 'system_fingerprint'):
        if k in facts:
            w.equal(k, s.a.get('openai.response.' + k), facts[k])
    w.equal('tool calls', s.a.get(TOOLS, []), facts['tools'])
    w.equal('tool call ids', s.a.get(TOOL_IDS, []), facts['tool_ids'])
    w.equal('error.type', s.error(), None)
    w.true(s.status != 2, 'status is ERROR')
    # Nonsense between good events may be told, or passed over: all that is known is there.
    w.true(s.a.get('earshot.capture.complete') is not False or facts.get('muddled'),
           'marked incomplete: %s' % {k: v for k, v in s.a.items() if 'capture' in k})
    seen = content_parts(s)
    if seen and facts['text_sha256']:
        text = hashlib.sha256('\0'.join(seen[0]).encode()).hexdigest()
        w.equal('text hash', text, facts['text_sha256'])
        w.equal('tool calls in content', seen[1], facts['tools'])


def check_failure(w, e, s, cancelled):
    facts = e['facts']
    w.equal('status', s.status, 2)
    if e.get('tried_again') and s.error() == str(e['status']):
        pass    # SDKs that try again leave the refusal's body unread: nobody saw its words
    elif facts.get('error'):
        w.equal('error.type', s.error(), facts['error'])
    elif cancelled and 'network.peer.address' in s.a:
        w.equal('error.type', s.error(), 'cancelled')
    elif cancelled:
        # A client that keeps its socket from the library leaves no evidence of who hung up.
        w.true(s.error() in ('cancelled', 'connection_reset'), 'error.type %r' % s.error())
    else:
        w.true(s.error() in BROKEN, 'error.type %r is none of %s' % (s.error(), sorted(BROKEN)))
    if e['status'] >= 400:
        w.equal('response.id', s.id, None)
    elif e['stream'] and e.get('events') and facts.get('response_id'):
        w.equal('response.id', s.id, facts['response_id'])


def check_span(e, s, offset, cancelled):
    w = Wants()
    check_request(w, e, s)
    good = e['status'] < 400 and e['complete'] and not e['facts'].get('partial')
    check_times(w, e, s, offset, ended_by_server=not cancelled)
    if e['facts'].get('garbage'):
        w.true(s.a.get('earshot.capture.complete') is False, 'garbage was taken for an answer')
    elif cancelled and s.error() is None:
        check_answer(w, e, s)    # all of it had arrived before the client left
    elif good and not cancelled:
        check_answer(w, e, s)
    else:
        check_failure(w, e, s, cancelled)
    return w.wrong


# ---- a whole run ------------------------------------------------------------------------------
def spans_match(r, run, cancelled=()):
    """Every model exchange has exactly one span, and the right one. cancelled: models whose
    client hung up."""
    offset = wall_offset()
    wanted = [e for e in run.exchanges if e['inference']]
    for e in wanted:
        e['tried_again'] = any(x['model'] == e['model'] and x['t_request'] > e['t_request']
                               for x in wanted)
    calls = span_file.model_calls(run.spans)
    pairs, missing, extra = pair(wanted, calls)
    r.check(not missing and not extra, 'one span per model exchange',
            '%d exchanges, %d spans\nno span: %s\nspan of nothing: %s' % (
                len(wanted), len(calls), [(e['model'], e['status']) for e in missing],
                [(s.name, s.id, s.error()) for s in extra]))
    for e, s in pairs:
        wrong = check_span(e, s, offset, e['model'] in cancelled)
        r.check(not wrong, 'span of %s' % e['model'], '\n'.join(wrong))


def clients_match(r, run, cases, rows=None):
    """What the client printed of each case agrees with the log: the second witness."""
    rows = {row['case']: row for row in (run.rows() if rows is None else rows)}
    last = {}
    for e in sorted(run.exchanges, key=lambda e: e['t_request']):
        last[e['model']] = e
    for case in cases:
        row, e = rows.get(case['name']), last.get((case.get('body') or {}).get('model'))
        if row is None:
            r.check(False, 'client printed nothing of %s' % case['name'])
        elif e is None and (case.get('body') or {}).get('model'):
            r.check(False, 'the server saw nothing of %s' % case['name'])
        elif e is not None and e['inference']:
            wrong = check_row(row, e, case)
            r.check(not wrong, 'client saw %s' % case['name'], '\n'.join(wrong))


def check_row(row, e, case):
    w, facts = Wants(), e['facts']
    if case.get('cancel'):
        w.equal('id', row.get('id'), facts['response_id'])
    elif facts.get('error') or not e['complete'] or facts.get('garbage'):
        w.true(row.get('error') or facts.get('garbage'), 'client saw no error')
        if e['status'] >= 400:
            w.equal('status', row['status'], e['status'])
    else:
        for k, want in (('id', facts['response_id']), ('model', facts['response_model']),
                        ('finish', facts['finish']), ('tools', facts['tools'])):
            w.equal(k, row[k], want)
        w.equal('usage', {k: v for k, v in row['usage'].items() if v},
                {k: v for k, v in facts['usage'].items() if v})
        if facts['text_sha256']:
            w.equal('text', row['text_sha256'], facts['text_sha256'])
        if 'body_sha256' in row:
            w.equal('body', row['body_sha256'], e['response_sha256'])
    return w.wrong


def semconv(r, run, seen_only=False):
    """The convention's own checker, strict. seen_only: without the spans whose request was lost;
    they cannot name a model, as the convention asks."""
    path = run.path('spans.jsonl')
    if seen_only:
        lines = run.otlp_text().split('\n')
        path = run.path('seen.jsonl')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('\n'.join(x for x in lines if 'gen_ai.request.model' in x or
                              'earshot.capture.complete' not in x))
    p = subprocess.run([env.PYTHON, os.path.join(env.ROOT, 'tests/semconv/check.py'), '--strict',
                        path], capture_output=True, text=True)
    r.check(p.returncode == 0, 'semconv/check.py --strict', p.stdout[-2000:] + p.stderr)


def replayed(r, run):
    """The recording gives the same spans, byte for byte."""
    out = run.path('replayed.jsonl')
    p = subprocess.run([env.EARSHOT, 'replay', run.path('record'), '--otlp-file', out,
                        '--content', run.content], capture_output=True, text=True, timeout=120)
    if not r.check(p.returncode == 0, 'replay exits 0', p.stderr[-2000:]):
        return
    with open(out, encoding='utf-8') as f:
        live, again = run.otlp_text(), f.read()
    r.check(live == again, 'replay gives the same file, byte for byte', '%d bytes live, %d replayed'
            % (len(live), len(again)))
