#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""grpcio: BoringSSL inside an extension module, on memory BIOs. The server sends back what came.

usage: py_grpc.py CASES    (E2E_BASE, E2E_CA in the environment)
"""
import os
import sys
import urllib.parse

import grpc

import witness

BASE = urllib.parse.urlsplit(os.environ.get('E2E_BASE', ''))


def channel():
    with open(os.environ['E2E_CA'], 'rb') as f:
        trust = grpc.ssl_channel_credentials(f.read())
    return grpc.secure_channel('localhost:%d' % BASE.port, trust, [
        ('grpc.enable_http_proxy', 0), ('grpc.max_receive_message_length', -1)])


def main():
    if sys.argv[1] == '--version':
        print(grpc.__version__)
        return
    with channel() as ch:
        echo = ch.unary_unary('/mock.Echo/Say')
        for case in witness.load_cases(sys.argv[1]):
            body = witness.body_bytes(case)
            same = echo(body, timeout=30) == body
            witness.say({'case': case['name'], 'status': 200, 'same': same})


main()
