# SPDX-License-Identifier: Apache-2.0
"""Drops each data record of a recording in turn and replays the rest.

Every call stays a span. A call whose bytes were not among the lost ones is unchanged, but that on
HTTP/2 header fields that stood in the lost table are left out, and that calls which were open on
the same connection may be marked, for what was lost may have been theirs. Nothing is wrong: what
is told of a call that lost bytes is what was told of it before, or part of that, and it is marked.
"""
import collections
import concurrent.futures
import json
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, 'e2e')]
import drops_rpc    # noqa: E402
import drops_ws    # noqa: E402
from harness import env, spans as span_file    # noqa: E402

RECORDS_MAX = 300
DATA, CLOSE, PEER, GAP, AEAD, SETTLE, END = 1, 2, 3, 7, 9, 69, 0xffff
HEAD = struct.Struct('<HHIQII')              # es_head
STREAM = struct.Struct('<QQQ')               # es_stream, behind it
OFFSETS = struct.Struct('<QQII')             # es_data: offset, missing, call_len, len
AT = HEAD.size + STREAM.size
PAYLOAD = AT + OFFSETS.size + 8              # dir, source, chunk, pad, library
LOST = AT + 16                               # es_close.lost
AEAD_LOST, AEAD_LEN, AEAD_INNER = 40, 52, 92  # es_aead: lost_bytes, record_len, inner
FIRST, LATE = 1 << 2, 1 << 3                 # es_head.flags


class Record:
    """stream: what it belongs to; of the records that the line makes streams of: 'aead'."""

    def __init__(self, raw):
        self.raw = raw
        self.type, self.flags, self.size, self.time, self.tgid, _ = HEAD.unpack_from(raw)
        self.stream, self.len = None, 0
        if self.type in (DATA, CLOSE, PEER, GAP, SETTLE):
            self.stream = (self.tgid, *STREAM.unpack_from(raw, HEAD.size))
        if self.type == DATA:
            self.offset, self.missing, _, self.len = OFFSETS.unpack_from(raw, AT)
            self.dir = raw[AT + OFFSETS.size]
            self.bytes = raw[PAYLOAD:PAYLOAD + self.len]
        if self.type == AEAD:
            self.stream = 'aead'
            self.key = self.dir = struct.unpack_from('<Q', raw, HEAD.size + 8)[0]
            self.len, inner = struct.unpack_from('<I', raw, AEAD_LEN)[0], raw[AEAD_INNER]
            kind = raw[-1] if inner else raw[AEAD_INNER - 1]
            self.data = self.len - inner if kind == 23 else 0

    def as_gap(self):
        """What the kernel writes when there was no room for the payload."""
        raw = bytearray(self.raw[:PAYLOAD])
        struct.pack_into('<HHI', raw, 0, GAP, self.flags, PAYLOAD)
        OFFSETS.pack_into(raw, AT, self.offset + self.len, self.missing + self.len, self.len, 0)
        return bytes(raw)

    def late(self):
        """This record of a process that ran before us."""
        return self.raw[:2] + struct.pack('<H', self.flags & ~FIRST | LATE) + self.raw[4:]

    def losing(self, dropped):
        """This record as it would be if that one had been lost."""
        if self.type not in (CLOSE, SETTLE) or self.stream != dropped.stream:
            return self.raw
        raw, at = bytearray(self.raw), LOST + 8 * dropped.dir
        struct.pack_into('<Q', raw, at, struct.unpack_from('<Q', raw, at)[0] + dropped.len)
        return bytes(raw)


def read(path):
    """(header of the file, records)"""
    with open(path, 'rb') as f:
        data = f.read()
    out, at = [], 24
    while at + 8 <= len(data):
        _, _, size = struct.unpack_from('<HHI', data, at)
        out.append(Record(data[at:at + size]))
        at += (size + 7) // 8 * 8
    return data[:24], out


def pack(header, raws):
    return header + b''.join(r + bytes(-len(r) % 8) for r in raws)


def replay(data):
    """The spans of a recording, in order."""
    with tempfile.TemporaryDirectory() as folder:
        rec, out = os.path.join(folder, 'rec'), os.path.join(folder, 'spans')
        with open(rec, 'wb') as f:
            f.write(data)
        p = subprocess.run([env.EARSHOT, 'replay', rec, '--content', 'full', '--otlp-file', out],
                           capture_output=True, text=True, timeout=60)
        if p.returncode:
            raise RuntimeError('replay: status %d: %s' % (p.returncode, p.stderr[-500:]))
        return span_file.load(out) if os.path.exists(out) else []


# ---- what may become of a span -------------------------------------------------------------------
# Fields of the heads: unknown when they stood in a table that was lost.
OF_HEADS = {'server.address', 'server.port', 'gen_ai.provider.name', 'openai.api.type',
            'http.request.resend_count', 'http.response.status_code', 'user_agent.original',
            'url.full', 'url.path', 'http.route', 'gen_ai.operation.name'}
OF_HTTP = {'http.request.method', 'http.request.body.size', 'http.response.body.size',
           'network.protocol.version', 'url.full'}
MARKS = ('earshot.capture.', 'error.type', 'earshot.outcome')


def is_mark(name):
    return name.startswith(MARKS)


def inside(got, want):
    """got is want with pieces missing: its characters in the same order."""
    rest = iter(want)
    return all(c in rest for c in got)


def part_of(got, want, key=None):
    """got says no more than want does, and nothing else. What has no name is put last."""
    if got == want or got == '' or (key == 'finish_reason' and got == 'unknown'):
        return True
    if key == 'arguments':    # text in pieces that, some of them missing, may be JSON or not
        text = [got] if isinstance(got, str) else [json.dumps(got, ensure_ascii=False)]
        return any(inside(text[0].replace(' ', ''), json.dumps(want, ensure_ascii=False, **how)
                          .replace(' ', '')) for how in ({}, {'separators': (',', ':')}))
    if isinstance(want, list) and isinstance(got, list):
        return all(any(part_of(g, w) for w in want) for g in got) and len(got) <= len(want)
    if isinstance(want, dict) and isinstance(got, dict):
        return all(k in want and part_of(v, want[k], k) for k, v in got.items())
    return isinstance(want, str) and isinstance(got, str) and inside(got, want)


def content(name, v):
    """Messages come as JSON text; pieces of it may be missing."""
    if name.endswith(('.messages', '.instructions', '.definitions')) and isinstance(v, str):
        try:
            return json.loads(v)
        except ValueError:
            return v
    return v


def fits(name, got, want):
    if name.endswith(('.messages', '.instructions', '.definitions', '.names', '.ids', '.reasons')):
        return part_of(content(name, got), content(name, want))
    return got == want


def changed(a, b):
    return dict(a.raw, spanId='', traceId='') != dict(b.raw, spanId='', traceId='')


class Judge:
    def __init__(self, base, http2):
        self.base, self.http2, self.wrong = base, http2, []

    def note(self, what, *args):
        self.wrong.append(what % args)

    def same(self, b, g):
        if not changed(b, g):
            return
        for k in sorted(set(b.a) | set(g.a)):
            if b.a.get(k) != g.a.get(k):
                self.note('%s: %s: %.90r became %.90r', b.name, k, b.a.get(k), g.a.get(k))
        if not self.wrong:
            self.note('%s: name, times or status changed', b.name)

    def later(self, b, g):
        """No byte of it was lost; fields of its heads may be unknown."""
        for k in sorted(set(b.a) | set(g.a)):
            if b.a.get(k) == g.a.get(k) or is_mark(k) or (k in OF_HEADS and k not in g.a):
                continue
            # "error" stands for a reason that never came; it may have been among what is lost.
            if k.endswith('.finish_reasons') and b.a.get(k) == ['error'] and k not in g.a:
                continue
            # An error does not tell whose it is: then it is told as a call over HTTP.
            if 'gen_ai.operation.name' not in g.a and 'error.type' in b.a and (
                    k in OF_HTTP or k not in g.a):
                continue
            self.note('%s: %s: %.90r became %.90r', b.name, k, b.a.get(k), g.a.get(k))
        if changed(b, g) and 'earshot.capture.complete' not in g.a:
            self.note('%s changed and is not marked', b.name)

    def torn(self, b, g):
        for k, v in g.a.items():
            if not is_mark(k) and k in b.a and not fits(k, v, b.a[k]):
                self.note('%s: %s: %.90r became %.90r', b.name, k, b.a[k], v)
        if changed(b, g) and g.a.get('earshot.capture.complete') is not False:
            self.note('%s lost bytes and is not marked', b.name)


def judge(recording, k, gone, got):
    """What is wrong with the spans that came without record k."""
    dropped = recording.records[k]
    first, last = recording.wall(dropped.time), recording.wall(
        recording.told(k) if gone else dropped.time)
    ours = recording.owners[dropped.stream]
    j = Judge(recording.base, dropped.stream in recording.http2)
    name = recording.name_of
    by_name = {n: s for s in got for n in (name(s), s.id) if n}
    names = {n for b in recording.base for n in (name(b), b.id)}
    left = [s for s in got if name(s) not in names and s.id not in names - {None}]
    for b in recording.base:
        g = by_name.get(name(b)) or by_name.get(b.id)
        if g is None:
            j.note('%s: no span', b.name)
            continue
        if name(b) not in ours:
            j.same(b, g)
        elif b.start <= last and first <= b.end:
            j.torn(b, g)
        elif j.http2:
            j.later(b, g)
        else:
            j.same(b, g)
    for s in left:
        j.note('span of nothing: %s %s', s.name, s.a)
    return j.wrong


class Recording:
    def __init__(self, path):
        self.name = os.path.basename(path)[:-4]
        self.header, self.records = read(path)
        self.base = replay(pack(self.header, [r.raw for r in self.records]))
        self.streams = {r.stream for r in self.records if r.type in (DATA, AEAD)}
        self.http2 = {s for s in self.streams if any(
            r.type == DATA and r.stream == s and r.bytes.startswith(b'PRI * HTTP/2')
            for r in self.records)}
        self.owners = {s: self.owned(s) for s in self.streams}
        self.offset = self.clock()

    def clock(self):
        """What lies between the records' times and the spans': spans start with a record."""
        times = {r.time for r in self.records if r.len}
        return max((sum(s.start - off in times for s in self.base), off)
                   for off in {self.base[0].start - t for t in times})[1] if self.base else 0

    def shared(self):
        """Calls of MCP and A2A go many to a stream, and share what a session began with."""
        return any(s.a.get('gen_ai.operation.name') == 'invoke_agent' or 'mcp.method.name' in s.a
                   for s in self.base)

    def upgraded(self, to):
        return any(r.len and r.type == DATA and r.bytes.startswith(b'HTTP/1.1 101') and
                   b'upgrade: ' + to in r.bytes.lower() for r in self.records)

    def socket(self):
        return self.upgraded(b'websocket')

    def name_of(self, s):
        """Ids come from the stream, of which those that the line makes are named by their first
        record."""
        return s.model if 'aead' in self.streams else s.raw['spanId']

    def owned(self, stream):
        """Names of the spans that this stream's bytes alone give."""
        if stream == 'aead':
            return {self.name_of(s) for s in self.base}
        return {self.name_of(s) for s in replay(pack(self.header, [
            r.raw for r in self.records if r.stream is None or r.stream == stream]))}

    def wall(self, time):
        return time + self.offset

    def told(self, k):
        """When it shows that record k is gone: with the next one of its direction."""
        r = self.records[k]
        return next((x.time for x in self.records[k + 1:] if x.stream == r.stream and (
            not x.len or x.dir == r.dir)), 1 << 63)

    def dropped(self, k, gone):
        """gone: nothing stands in its place; else the kernel's word that it is lost."""
        raws = []
        for i, r in enumerate(self.records):
            if i != k:
                raws.append(r.losing(self.records[k]))
            elif not gone and r.type == DATA:
                raws.append(r.as_gap())
        if self.records[k].type == AEAD:
            self.tell_aead(raws, self.records[k])
        return pack(self.header, raws)

    def tell_aead(self, raws, dropped):
        """The next record of its key says what was lost before it."""
        i = next((i for i, raw in enumerate(raws) if Record(raw).type == AEAD and
                  Record(raw).key == dropped.key and Record(raw).time > dropped.time), None)
        if i is None:
            return
        was = struct.unpack_from('<QI', raws[i], AEAD_LOST)
        raws[i] = raws[i][:AEAD_LOST] + struct.pack(
            '<QI', was[0] + dropped.data, was[1] + 1) + raws[i][AEAD_LOST + 12:]

    def data(self):
        return [k for k, r in enumerate(self.records) if r.len]


    def joined(self, n):
        """Joined when n requests of an HTTP/2 connection had begun. Returns the recording and the
        spans that began later, on it or elsewhere."""
        stream, seen, at = next(iter(self.http2)), 0, 0
        for at, r in enumerate(self.records):
            seen += r.type == DATA and r.stream == stream and r.dir == 0 and r.bytes[3:4] == b'\1'
            if seen > n:
                break
        raws = [r.late() if r.type == DATA and r.stream == stream else r.raw
                for i, r in enumerate(self.records)
                if i >= at or r.type != DATA or r.stream != stream]
        begun = self.wall(self.records[at].time)
        return pack(self.header, raws), [s for s in self.base if s.start >= begun]


def try_one(recording, k, gone):
    try:
        spans = replay(recording.dropped(k, gone))
        if recording.shared():
            return drops_rpc.judge(recording.base, spans)
        if recording.socket():
            return drops_ws.judge(recording.base, spans, lambda k, g, w: part_of(
                content(k, g), content(k, w)))
        return judge(recording, k, gone, spans)
    except (RuntimeError, subprocess.TimeoutExpired) as e:
        return [str(e)]


def every(r, pool, recording, keys, gone):
    wrong = [w for found in pool.map(lambda k: [
        'record %d: %s' % (k, w) for w in try_one(recording, k, gone)], keys) for w in found]
    r.check(not wrong, '%s: each of %d records %s' % (
        recording.name, len(keys), 'gone' if gone else 'lost'),
        '%d times wrong:\n%s' % (len(wrong), '\n'.join(wrong[:SHOW])))


ANSWER = ('gen_ai.response.model', 'gen_ai.response.id', 'gen_ai.response.finish_reasons',
          'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens')


def joins(r, recording):
    """Joined anywhere, the later calls have model, tokens and finish reasons."""
    wrong, most = [], 0
    for n in range(1, 11):
        data, want = recording.joined(n)
        got = {s.id: s for s in replay(data) if s.id}
        for b in (s for s in want if s.id):
            g = got.get(b.id)
            most = max(most, n)
            if g is None or any(g.a.get(k) != b.a.get(k) != ['error'] for k in ANSWER):
                wrong.append('after %d: %s: %s' % (n, b.name, g and {k: g.a.get(k)
                                                                     for k in ANSWER}))
    r.check(not wrong and most, '%s: joined after 1 to %d requests' % (recording.name, most),
            '\n'.join(wrong[:SHOW]))


SHOW = int(os.environ.get('DROPS_SHOW', '12'))


def run(r, paths):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path in paths:
            r.where, recording = 'drops', Recording(path)
            keys = recording.data()
            if not keys or len(keys) > RECORDS_MAX:
                continue
            if 'aead' in recording.streams:
                # Nothing but the next record of a key tells; of the last one its tail would.
                last = {recording.records[k].key: k for k in keys}
                every(r, pool, recording, sorted(set(keys) - set(last.values())), False)
                continue
            every(r, pool, recording, keys, False)
            every(r, pool, recording, keys, True)
            # Behind an upgrade it is joined like any other HTTP/2.
            if recording.http2 and not recording.upgraded(b'h2c'):
                joins(r, recording)
