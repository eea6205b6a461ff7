#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""http.client on Debian's libssl: SSL_write_ex and SSL_read_ex with an fd.

usage: py_http.py MODE CASES    (E2E_BASE, E2E_CA in the environment)

MODE  serial    one connection for all       fresh   a connection for each
      shared    two threads on one, by lock  hand    one, handed from thread to thread
      crowd     eight threads, a connection for each call
      parallel  eight threads, one each      fork    a forked child without exec makes the calls
"""
import http.client
import os
import ssl
import sys
import threading
import time
import urllib.parse

import witness

BASE = urllib.parse.urlsplit(os.environ['E2E_BASE'])


def connect():
    if BASE.scheme == 'http':
        return http.client.HTTPConnection(BASE.hostname, BASE.port, timeout=30)
    ctx = ssl.create_default_context(cafile=os.environ['E2E_CA'])
    return http.client.HTTPSConnection(BASE.hostname, BASE.port, timeout=30, context=ctx)


def headers(case):
    h = dict(witness.HEADERS) if case.get('body') is not None else {}
    h['accept-encoding'] = case.get('accept', 'identity')
    h['user-agent'] = 'py-http/1.0'
    h.update(case.get('headers', {}))
    if case.get('mock'):
        h['x-mock'] = case['mock']
    return h


def read(resp, cancel):
    """The whole body, or the first cancel events of it."""
    if not cancel:
        return resp.read(), True
    data = b''
    while data.count(b'\n\n') < cancel:
        got = resp.read1(400)
        if not got:
            break
        data += got
    return data, False


def call(conn, case):
    """False: the connection is of no more use."""
    body, h = witness.body_bytes(case), headers(case)
    chunked = bool(case.get('chunked_request'))
    if chunked:
        body = [body[k:k + 4096] for k in range(0, len(body), 4096)]
    try:
        conn.request(case.get('method', 'POST'), case['path'], body or None, h,
                     encode_chunked=chunked)
        resp = conn.getresponse()
        data, whole = read(resp, case.get('cancel'))
        got = {k.lower(): v for k, v in resp.getheaders()}
        witness.say(witness.read_answer(case, resp.status, got, data, whole))
        if not whole:
            conn.close()
        return whole and not resp.will_close
    except http.client.IncompleteRead as e:
        witness.say(dict(witness.read_answer(
            case, 200, {'content-type': 'text/event-stream'}, e.partial), error='cut'))
    except (http.client.HTTPException, OSError) as e:
        witness.say({'case': case['name'], 'status': 0, 'error': type(e).__name__})
    conn.close()
    return False


def serial(cases):
    conn = connect()
    for case in cases:
        if not call(conn, case):
            conn.close()
            conn = connect()
    conn.close()


def fresh(cases):
    for case in cases:
        serial([case])


def on_threads(work, count):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def shared(cases):
    conn, lock = connect(), threading.Lock()

    def work(i):
        for case in cases[i::2]:
            with lock:
                if not call(conn, case):
                    conn.close()    # http.client opens it again by itself
    on_threads(work, 2)
    conn.close()


def hand(cases):
    conn = connect()
    for case in cases:
        t = threading.Thread(target=call, args=(conn, case))
        t.start()
        t.join()
    conn.close()


def parallel(cases):
    on_threads(lambda i: serial(cases[i::8]), 8)


def crowd(cases):
    on_threads(lambda i: fresh(cases[i::8]), 8)


def fork(cases):
    serial(cases[:1])    # the parent has libssl mapped and used before
    pids = []
    for part in (cases[1::2], cases[2::2]):
        pid = os.fork()
        if pid == 0:
            time.sleep(0.15)    # a child that never execs is attached to when it is seen
            serial(part)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == '__main__':
    globals()[sys.argv[1]](witness.load_cases(sys.argv[2]))
