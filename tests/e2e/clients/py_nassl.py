#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""OpenSSL 1.1.1, linked statically into a Python extension (PyPI nassl): SSL_read and SSL_write
are local symbols there, and the SSL object talks to a pair of BIOs.

usage: py_nassl.py CASES
"""
import os
import socket
import sys
import urllib.parse
from pathlib import Path

from nassl import _nassl
from nassl.ssl_client import OpenSslVerifyEnum, OpenSslVersionEnum, SslClient

import witness

BASE = urllib.parse.urlsplit(os.environ['E2E_BASE'])


class Stream:
    """Buffered reads. SslClient.read() waits for the network even when the SSL object still holds
    plaintext, so the SSL object is asked first."""

    def __init__(self, tls, sock):
        self.tls, self.sock, self.buf = tls, sock, b''

    def fill(self):
        while True:
            try:
                self.buf += self.tls._ssl.read(16384)
                return
            except _nassl.WantReadError:
                got = self.sock.recv(4096)
                if not got:
                    raise EOFError
                self.tls._network_bio.write(got)

    def until(self, mark):
        while mark not in self.buf:
            self.fill()
        out, self.buf = self.buf.split(mark, 1)
        return out

    def exactly(self, n):
        while len(self.buf) < n:
            self.fill()
        out, self.buf = self.buf[:n], self.buf[n:]
        return out


def read_body(s, head):
    parts = []
    if 'chunked' not in head.get('transfer-encoding', '').lower():
        return s.exactly(int(head.get('content-length', 0)))
    while True:
        size = int(s.until(b'\r\n').split(b';')[0], 16)
        if size == 0:
            while s.until(b'\r\n'):
                pass
            return b''.join(parts)
        parts.append(s.exactly(size))
        s.exactly(2)


def call(tls, s, case):
    body = witness.body_bytes(case)
    lines = ['%s %s HTTP/1.1' % (case.get('method', 'POST'), case['path']),
             'Host: ' + BASE.netloc, 'User-Agent: py-nassl/1.0', 'Content-Length: %d' % len(body)]
    lines += ['%s: %s' % kv for kv in witness.HEADERS.items()]
    lines.append('x-mock: ' + case.get('mock', ''))
    data = '\r\n'.join(lines).encode() + b'\r\n\r\n' + body
    for k in range(0, len(data), 16384):
        tls.write(data[k:k + 16384])
    status_line, *rest = s.until(b'\r\n\r\n').decode('latin-1').split('\r\n')
    head = {k.strip().lower(): v.strip() for k, _, v in (x.partition(':') for x in rest)}
    return witness.read_answer(case, int(status_line.split(' ')[1]), head, read_body(s, head))


def main():
    sock = socket.create_connection((BASE.hostname, BASE.port), timeout=30)
    tls = SslClient(underlying_socket=sock, ssl_version=OpenSslVersionEnum.TLSV1_2,
                    ssl_verify=OpenSslVerifyEnum.PEER,
                    ssl_verify_locations=Path(os.environ['E2E_CA']))
    tls.do_handshake()
    s = Stream(tls, sock)
    for case in witness.load_cases(sys.argv[1]):
        witness.say(call(tls, s, case))
    tls.shutdown()
    sock.close()


main()
