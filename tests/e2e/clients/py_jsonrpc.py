#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC with a child, in messages that begin with a Content-Length, as language servers do.

usage: py_jsonrpc.py pipe|socketpair DIR    the server leaves all bytes in DIR/s0.in and s0.out
"""
import json
import os
import socket
import subprocess
import sys


def frame(obj):
    data = json.dumps(obj, ensure_ascii=False).encode()
    return b'Content-Length: %d\r\n\r\n%s' % (len(data), data)


def read_frame(f, tape=None):
    n, head = 0, b''
    while True:
        line = f.readline()
        head += line
        if not line:
            return None
        if line == b'\r\n':
            break
        n = int(line.split(b':')[1])
    data = f.read(n)
    if tape:
        tape.write(head + data)
    return json.loads(data)


def serve(folder):
    with open(os.path.join(folder, 's0.in'), 'ab') as got, \
            open(os.path.join(folder, 's0.out'), 'ab') as put:
        while (m := read_frame(sys.stdin.buffer, got)) is not None:
            if 'id' in m:
                data = frame({'jsonrpc': '2.0', 'id': m['id'], 'result': m.get('params')})
                put.write(data)
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()


def main():
    mode, folder = sys.argv[1:]
    if mode == 'serve':
        serve(folder)
        return
    cmd = [sys.executable, os.path.abspath(__file__), 'serve', folder]
    if mode == 'socketpair':
        ours, theirs = socket.socketpair()
        p = subprocess.Popen(cmd, stdin=theirs, stdout=theirs)
        theirs.close()
        put, got = ours.makefile('wb'), ours.makefile('rb')
    else:
        p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        put, got = p.stdin, p.stdout
    for i, size in enumerate((1, 20, 70000, 3, 1)):
        ask = {'jsonrpc': '2.0', 'id': i, 'method': 'echo', 'params': {'text': 'ä' * size}}
        put.write(frame(ask))
        put.flush()
        same = read_frame(got)['result'] == ask['params']
        print(json.dumps({'case': 'm%d' % i, 'same': same}))
    put.close()
    if mode == 'socketpair':
        ours.shutdown(socket.SHUT_WR)
    p.wait(10)


main()
