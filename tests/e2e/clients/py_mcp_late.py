#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An MCP client whose servers have run for a while: says `ready` once they are initialized, calls
their tools after a line on standard input, and prints what each call gave.

usage: py_mcp_late.py pipe|socketpair CALLS
"""
import json
import os
import socket
import subprocess
import sys


def serve():
    for line in sys.stdin:
        m = json.loads(line)
        if m['method'] == 'initialize':
            result = {'protocolVersion': '2025-06-18', 'capabilities': {},
                      'serverInfo': {'name': 'late', 'version': '1'}}
        elif m['method'] == 'tools/call':
            text = 'x' * m['params']['arguments']['size']
            result = {'content': [{'type': 'text', 'text': text}],
                      'isError': m['params']['name'] == 'broken'}
        else:
            continue
        print(json.dumps({'jsonrpc': '2.0', 'id': m['id'], 'result': result}), flush=True)


def main():
    mode = sys.argv[1]
    if mode == 'serve':
        serve()
        return
    cmd = [sys.executable, os.path.abspath(__file__), 'serve']
    if mode == 'socketpair':
        ours, theirs = socket.socketpair()
        p = subprocess.Popen(cmd, stdin=theirs, stdout=theirs)
        theirs.close()
        put, got = ours.makefile('wb'), ours.makefile('rb')
    else:
        p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        put, got = p.stdin, p.stdout

    def ask(m):
        put.write(json.dumps(dict(m, jsonrpc='2.0')).encode() + b'\n')
        put.flush()
        return json.loads(got.readline()) if 'id' in m else None
    ask({'id': 0, 'method': 'initialize', 'params': {
        'protocolVersion': '2025-06-18', 'capabilities': {},
        'clientInfo': {'name': 'c', 'version': '1'}}})
    ask({'method': 'notifications/initialized'})
    print('ready', flush=True)
    sys.stdin.readline()
    for i in range(1, int(sys.argv[2]) + 1):
        name = 'broken' if i % 3 == 0 else 'tool%d' % i
        result = ask({'id': i, 'method': 'tools/call', 'params': {
            'name': name, 'arguments': {'size': 1000 * i * i}}})['result']
        print(json.dumps({'case': i, 'tool': name, 'error': result['isError'],
                          'length': len(result['content'][0]['text'])}), flush=True)
    put.close()
    if mode == 'socketpair':
        ours.shutdown(socket.SHUT_WR)
    p.wait(10)


main()
