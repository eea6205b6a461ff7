#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP clients for Python that are native modules with a TLS of their own inside: rnet and wreq
(BoringSSL, stripped), primp (rustls), awscrt (s2n over aws-lc).

usage: py_native.py rnet|wreq|primp|awscrt CASES    (E2E_BASE, E2E_CA in the environment)
"""
import io
import os
import sys
import time
import urllib.parse
from concurrent.futures import Future

import witness

BASE, CA = os.environ.get('E2E_BASE'), os.environ.get('E2E_CA')


def row(case, status, data):
    witness.say({'case': case['name'], 'status': int(status), 'body_hex': bytes(data).hex()})


def headers(case):
    return dict(witness.HEADERS, **{'x-mock': case['mock'], 'accept-encoding': 'identity'})


def rnet(cases):
    from rnet.blocking import BlockingClient
    client = BlockingClient(verify=False, http1_only=True)
    for case in cases:
        r = client.post(BASE + case['path'], headers=headers(case), body=witness.body_bytes(case))
        row(case, r.status_code.as_int(), r.bytes())


def wreq(cases):
    from wreq.blocking import Client
    client = Client(tls_verify=False, http1_only=True)
    for case in cases:
        r = client.post(BASE + case['path'], headers=headers(case), body=witness.body_bytes(case))
        row(case, r.status.as_int(), r.bytes())


def primp(cases):
    import primp
    client = primp.Client(verify=False)
    for case in cases:
        r = client.post(BASE + case['path'], headers=headers(case),
                        content=witness.body_bytes(case))
        row(case, r.status_code, r.content)


def awscrt(cases):
    from awscrt import http
    from awscrt import io as crt
    base = urllib.parse.urlsplit(BASE)
    group = crt.EventLoopGroup(1)
    boot = crt.ClientBootstrap(group, crt.DefaultHostResolver(group))
    options = crt.TlsContextOptions()
    options.override_default_trust_store_from_path(None, CA)
    tls = crt.ClientTlsContext(options).new_connection_options()
    tls.set_server_name(base.hostname)
    conn = http.HttpClientConnection.new(base.hostname, base.port, boot,
                                         tls_connection_options=tls).result(20)
    for case in cases:
        body, status, parts = witness.body_bytes(case), Future(), []
        head = dict(headers(case), host=base.netloc, **{'content-length': str(len(body))})
        req = http.HttpRequest('POST', case['path'], http.HttpHeaders(list(head.items())),
                               io.BytesIO(body))
        stream = conn.request(req, lambda http_stream, status_code, headers, **kw:
                              status.set_result(status_code),
                              lambda http_stream, chunk, **kw: parts.append(bytes(chunk)))
        stream.activate()
        stream.completion_future.result(30)
        row(case, status.result(1), b''.join(parts))
    conn.close().result(10)


def main():
    mode, path = sys.argv[1:]
    __import__(mode)
    time.sleep(0.3)    # programs do more than to load one module and call at once
    globals()[mode](witness.load_cases(path))


main()
