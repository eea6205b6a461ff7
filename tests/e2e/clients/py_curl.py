#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two wheels that bring a curl of their own: curl_cffi (BoringSSL in the module, a browser's
handshake) and pycurl (its private libssl beside it).

usage: py_curl.py cffi|cffi-h2|pycurl CASES    (E2E_BASE, E2E_CA in the environment)
"""
import io
import os
import sys

import witness

BASE, CA = os.environ.get('E2E_BASE'), os.environ.get('E2E_CA')


def row(case, status, data):
    witness.say({'case': case['name'], 'status': status, 'body_hex': data.hex()})


def cffi(cases, h2):
    import curl_cffi
    from curl_cffi import requests
    version = curl_cffi.CurlHttpVersion.V2TLS if h2 else curl_cffi.CurlHttpVersion.V1_1
    with requests.Session(impersonate='chrome', verify=CA, http_version=version) as s:
        for case in cases:
            head = dict(witness.HEADERS, **{'x-mock': case['mock'], 'accept-encoding': 'identity'})
            r = s.request(case['method'], BASE + case['path'], headers=head,
                          data=witness.body_bytes(case))
            row(case, r.status_code, r.content)


def pycurl_calls(cases):
    import pycurl
    c = pycurl.Curl()
    for case in cases:
        out = io.BytesIO()
        head = dict(witness.HEADERS, **{'x-mock': case['mock'], 'Expect': ''})
        c.setopt(pycurl.URL, BASE + case['path'])
        c.setopt(pycurl.CAINFO, CA)
        c.setopt(pycurl.HTTPHEADER, ['%s: %s' % kv for kv in head.items()])
        c.setopt(pycurl.POSTFIELDS, witness.body_bytes(case))
        c.setopt(pycurl.WRITEDATA, out)
        c.perform()
        row(case, c.getinfo(pycurl.RESPONSE_CODE), out.getvalue())
    c.close()


def main():
    mode, path = sys.argv[1:]
    if path == '--version':
        if mode == 'pycurl':
            import pycurl
            print(pycurl.version)
        else:
            import curl_cffi
            print(curl_cffi.__version__, curl_cffi.Curl().version().decode())
        return
    cases = witness.load_cases(path)
    if mode == 'pycurl':
        pycurl_calls(cases)
    else:
        cffi(cases, mode == 'cffi-h2')


main()
