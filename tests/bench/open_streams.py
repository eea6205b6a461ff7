#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold many TLS streams open at once, some in the middle of a gzip body.

usage: tests/bench/open_streams.py STREAMS GZIP [SECONDS]

Client and server are memory BIOs in this one process: each pair makes a request; the first
GZIP answers are event streams in gzip, of which half has come; the others have not begun.
"""
import json, ssl, subprocess, sys, tempfile, time, zlib


def contexts():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', d + '/k',
                        '-out', d + '/c', '-subj', '/CN=localhost'], check=True,
                       stderr=subprocess.DEVNULL)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(d + '/c', d + '/k')
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    return client, server


class Pair:
    def __init__(self, client, server):
        a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(a, b)
        self.server = server.wrap_bio(b, a, server_side=True)
        done = [False, False]
        while not all(done):
            for i, end in enumerate((self.client, self.server)):
                try:
                    end.do_handshake()
                    done[i] = True
                except ssl.SSLWantReadError:
                    pass


def main():
    count, packed = int(sys.argv[1]), int(sys.argv[2])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2
    client, server = contexts()
    body = json.dumps({'model': 'gpt-4o', 'stream': True, 'messages': [
        {'role': 'user', 'content': 'word ' * 2000}]}).encode()
    head = (b'POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n'
            b'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(body))
    pairs = [Pair(client, server) for _ in range(count)]
    for p in pairs:
        p.client.write(head + body)
        p.server.read(65536)
    for p in pairs[:packed]:
        z = zlib.compressobj(6, zlib.DEFLATED, 31)
        data = b''.join(b'data: %s\n\n' % json.dumps({
            'id': 'x', 'object': 'chat.completion.chunk', 'model': 'gpt-4o', 'choices': [
                {'index': 0, 'delta': {'content': 'word %d ' % i}, 'finish_reason': None}]}
            ).encode() for i in range(200))
        out = z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH)
        p.server.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
                       b'Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n'
                       b'%x\r\n%s\r\n' % (len(out), out))
        p.client.read(65536)
    time.sleep(seconds)
    print(json.dumps({'streams': 2 * count, 'gzip': 2 * packed}))


if __name__ == '__main__':
    main()
