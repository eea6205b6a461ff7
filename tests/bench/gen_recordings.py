#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the recordings that replay is measured on.

usage: tests/bench/gen_recordings.py DIR [--scale N]

Writes four files (include/earshot/abi.h, user/probe/recfile.h tell the format) and prints a
JSON line for each: what is in it, counted here.

  sse.rec    60 kB JSON requests, answers as 500-event streams, chunked
  gzip.rec   the same, the answers gzipped
  h2.rec     the first, over HTTP/2: an event a frame
  prompt.rec 3 MB prompts, small JSON answers

Same arguments, same bytes: nothing is drawn at random without a seed.
"""
import argparse, json, os, random, struct, zlib

DATA, FORK, CLOSE, BOOT, PROC, END = 1, 4, 2, 64, 65, 0xffff
CHUNK = 16384
START, TGID, OBJECT, BIRTH = 111111, 4242, 0x55550000, 222222
WORDS = ('the a of to agent listens speaks model answers tool result plan step file line code '
         'search read write run test fails passes retry budget token context window').split()


class Recording:
    def __init__(self, path):
        self.f = open(path, 'wb')
        self.now = 1_000_000_000
        self.offset = [0, 0]
        self.payload = 0
        self.f.write(b'EARSHOT\n' + struct.pack('<IIQ', 1, 1, 0))
        fields = [(1, b'00000000-0000-4000-8000-000000000001'), (2, b'bench'), (3, b'amd64'),
                  (6, struct.pack('<Q', 1_790_000_000_000_000_000))]
        self.record(BOOT, struct.pack('<Q', 0) + b''.join(map(self.field, fields)), tgid=0)
        self.record(FORK, struct.pack('<QQIIII', START, 0, 0, TGID, 0, 0) +
                    b'agent'.ljust(16, b'\0'))
        self.record(PROC, struct.pack('<Q', START) + self.field((32, b'/usr/bin/agent')))

    @staticmethod
    def field(f):
        return struct.pack('<HHI', f[0], 0, len(f[1])) + f[1] + b'\0' * (-len(f[1]) % 8)

    def record(self, kind, body, tgid=TGID):
        size = 24 + len(body)
        self.f.write(struct.pack('<HHIQII', kind, 0, size, self.now, tgid, tgid) + body +
                     b'\0' * (-size % 8))

    def call(self, direction, data):
        """One SSL_read or SSL_write, in chunks as the kernel side makes them."""
        self.now += 1000
        for i in range(0, len(data), CHUNK):
            piece = data[i:i + CHUNK]
            self.record(DATA, struct.pack('<QQQQQIIBBB5x', START, OBJECT, BIRTH,
                                          self.offset[direction], 0, len(data), len(piece),
                                          direction, 1, min(i // CHUNK, 255)) + piece)
            self.offset[direction] += len(piece)
            self.payload += len(piece)

    def close(self):
        zero = (0, 0)
        self.record(CLOSE, struct.pack('<QQQ', START, OBJECT, BIRTH) +
                    struct.pack('<8QII', *self.offset, *zero, *zero, *zero, 0, 0))
        self.record(END, b'')
        self.f.close()


def text(rng, size):
    out = []
    while size > 0:
        w = rng.choice(WORDS)
        out.append(w)
        size -= len(w) + 1
    return ' '.join(out)


def request(rng, size):
    """A chat request of about this size: history of user and assistant turns, two tools."""
    messages, left = [{'role': 'system', 'content': 'Be brief.\nSay "yes" or "no".'}], size
    turn = max(size // 12, 2000)
    while left > 0:
        messages.append({'role': ('user', 'assistant')[len(messages) % 2],
                         'content': text(rng, min(turn, left))})
        left -= turn
    body = json.dumps({'model': 'gpt-4o', 'stream': True, 'temperature': 0.5, 'messages': messages,
                       'tools': [{'type': 'function', 'function': {'name': n, 'parameters': {
                           'type': 'object', 'properties': {'path': {'type': 'string'}}}}}
                           for n in ('read_file', 'run')]}).encode()
    return body


def http1(body):
    head = ('POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nUser-Agent: bench/1\r\n'
            'Content-Type: application/json\r\nAuthorization: Bearer sk-test\r\n'
            'Content-Length: %d\r\n\r\n' % len(body)).encode()
    return head + body


def events(rng, n, number):
    base = {'id': 'chatcmpl-%d' % number, 'object': 'chat.completion.chunk', 'created': 1790000000,
            'model': 'gpt-4o-2024-08-06', 'service_tier': 'default', 'system_fingerprint': 'fp_1'}
    for i in range(n - 2):
        yield dict(base, choices=[{'index': 0, 'delta': {'content': rng.choice(WORDS) + ' '},
                                   'logprobs': None, 'finish_reason': None}], usage=None)
    yield dict(base, choices=[{'index': 0, 'delta': {}, 'logprobs': None, 'finish_reason': 'stop'}],
               usage=None)
    yield dict(base, choices=[], usage={'prompt_tokens': 15000, 'completion_tokens': n,
                                        'total_tokens': 15000 + n})


def chunk(data):
    return b'%x\r\n%s\r\n' % (len(data), data)


STREAM_HEAD = ('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n'
               'Transfer-Encoding: chunked\r\n%s\r\n')


def stream_answer(rec, rng, number, packed):
    rec.call(1, (STREAM_HEAD % ('Content-Encoding: gzip\r\n' if packed else '')).encode())
    z = zlib.compressobj(6, zlib.DEFLATED, 31) if packed else None
    for e in events(rng, 500, number):
        data = b'data: ' + json.dumps(e, separators=(',', ':')).encode() + b'\n\n'
        if z:
            data = z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH)
        rec.call(1, chunk(data))
    last = b'data: [DONE]\n\n'
    rec.call(1, chunk(z.compress(last) + z.flush() if z else last) + b'0\r\n\r\n')


def streams(path, count, packed):
    rng, rec = random.Random(7), Recording(path)
    bodies = [http1(request(rng, 60000)) for _ in range(8)]
    for n in range(count):
        rec.call(0, bodies[n % len(bodies)])
        rec.now += 300_000_000
        stream_answer(rec, rng, n, packed)
    rec.close()
    return {'calls': count, 'events': count * 501, 'payload': rec.payload}


def frame(kind, flags, stream, data=b''):
    return struct.pack('>IBBI', len(data), kind, flags, stream)[1:] + data


def fields(*pairs):
    """A header block of literals that are not indexed (RFC 7541 section 6.2.2)."""
    return b''.join(b'\0' + bytes([len(k)]) + k + bytes([len(v)]) + v for k, v in (
        (k.encode(), v.encode()) for k, v in pairs))


def h2_streams(path, count):
    rng, rec = random.Random(7), Recording(path)
    bodies = [request(rng, 60000) for _ in range(8)]
    rec.call(0, b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + frame(4, 0, 0))
    rec.call(1, frame(4, 0, 0))
    ask = fields((':method', 'POST'), (':scheme', 'https'), (':authority', 'api.openai.com'),
                 (':path', '/v1/chat/completions'), ('user-agent', 'bench/1'),
                 ('content-type', 'application/json'), ('authorization', 'Bearer sk-test'))
    head = fields((':status', '200'), ('content-type', 'text/event-stream; charset=utf-8'))
    for n in range(count):
        body, stream = bodies[n % len(bodies)], 2 * n + 1
        rec.call(0, frame(1, 4, stream, ask))
        for i in range(0, len(body), 16384):
            rec.call(0, frame(0, i + 16384 >= len(body), stream, body[i:i + 16384]))
        rec.now += 300_000_000
        rec.call(1, frame(1, 4, stream, head))
        for e in events(rng, 500, n):
            data = b'data: ' + json.dumps(e, separators=(',', ':')).encode() + b'\n\n'
            rec.call(1, frame(0, 0, stream, data))
        rec.call(1, frame(0, 0, stream, b'data: [DONE]\n\n') + frame(0, 1, stream))
    rec.close()
    return {'calls': count, 'events': count * 501, 'payload': rec.payload}


def prompts(path, count):
    rng, rec = random.Random(8), Recording(path)
    body = http1(request(rng, 3_000_000))
    for n in range(count):
        rec.call(0, body)
        rec.now += 300_000_000
        answer = json.dumps({'id': 'chatcmpl-%d' % n, 'object': 'chat.completion',
                             'model': 'gpt-4o', 'choices': [{'index': 0, 'finish_reason': 'stop',
                                          'message': {'role': 'assistant', 'content': 'yes'}}],
                             'usage': {'prompt_tokens': 700000, 'completion_tokens': 1}}).encode()
        rec.call(1, b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
                 b'Content-Length: %d\r\n\r\n' % len(answer) + answer)
    rec.close()
    return {'calls': count, 'events': 0, 'payload': rec.payload}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('dir')
    ap.add_argument('--scale', type=float, default=1)
    opt = ap.parse_args()
    os.makedirs(opt.dir, exist_ok=True)
    n = lambda base: max(1, int(base * opt.scale))
    for name, make in (('sse', lambda p: streams(p, n(400), False)),
                       ('gzip', lambda p: streams(p, n(400), True)),
                       ('h2', lambda p: h2_streams(p, n(400))),
                       ('prompt', lambda p: prompts(p, n(100)))):
        path = os.path.join(opt.dir, name + '.rec')
        print(json.dumps(dict(make(path), name=name, path=path, size=os.path.getsize(path))))


if __name__ == '__main__':
    main()
