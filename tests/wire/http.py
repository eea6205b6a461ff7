# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 messages, and the framings that bodies of many messages have."""
import random
import struct
import zlib


def head(first, fields):
    return (first + '\r\n' + ''.join('%s: %s\r\n' % f for f in fields) + '\r\n').encode()


def request(method, target, host, body, fields=()):
    if body is None:
        return head('%s %s HTTP/1.1' % (method, target), [('host', host)] + list(fields))
    return head('%s %s HTTP/1.1' % (method, target),
                [('host', host), ('content-type', 'application/json'),
                 ('content-length', len(body))] + list(fields)) + body


def answer(body, status=200, fields=(), ctype='application/json'):
    return head('HTTP/1.1 %d X' % status,
                [('content-type', ctype), ('content-length', len(body))] + list(fields)) + body


def chunked(pieces, status=200, fields=(), ctype='text/event-stream', end=True):
    out = head('HTTP/1.1 %d X' % status,
               [('content-type', ctype), ('transfer-encoding', 'chunked')] + list(fields))
    for piece in pieces:
        out += b'%x\r\n%s\r\n' % (len(piece), piece)
    return out + (b'0\r\n\r\n' if end else b'')


def sse(data, name=None):
    return (b'event: %s\n' % name.encode() if name else b'') + b'data: %s\n\n' % data.encode()


def aws_event(headers, payload):
    """One message of application/vnd.amazon.eventstream; all headers are strings."""
    block = b''.join(struct.pack('>B', len(k)) + k.encode() + struct.pack('>BH', 7, len(v.encode()))
                     + v.encode() for k, v in headers)
    prelude = struct.pack('>II', 16 + len(block) + len(payload), len(block))
    message = prelude + struct.pack('>I', zlib.crc32(prelude)) + block + payload
    return message + struct.pack('>I', zlib.crc32(message))


def torn(data, seed, n):
    """In n pieces, cut anywhere."""
    rng = random.Random(seed)
    at = sorted(rng.sample(range(1, len(data)), min(n, len(data)) - 1))
    return [data[a:b] for a, b in zip([0] + at, at + [len(data)])]
