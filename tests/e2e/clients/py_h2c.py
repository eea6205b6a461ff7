#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""curl --http2 where there is no TLS: it offers HTTP/2 with the first request of a connection.
Three calls to a curl, which uses one connection for them.

usage: py_h2c.py CASES    (E2E_BASE in the environment)
"""
import os
import subprocess
import sys
import tempfile

import witness

BASE = os.environ.get('E2E_BASE')


def calls(cases, folder):
    cmd = ['curl', '-sS', '--no-progress-meter']
    for n, case in enumerate(cases):
        path = os.path.join(folder, str(n))
        with open(path + '.body', 'wb') as f:
            f.write(witness.body_bytes(case))
        cmd += ['--next'] if n else []
        cmd += ['--http2', '-H', 'Expect:', '-H', 'x-mock: ' + case['mock'], '--data-binary',
                '@' + path + '.body', '-o', path + '.out', '-w', '%{http_code} %{http_version}\\n']
        for kv in witness.HEADERS.items():
            cmd += ['-H', '%s: %s' % kv]
        cmd.append(BASE + case['path'])
    said = subprocess.run(cmd, check=True, capture_output=True, text=True).stdout.splitlines()
    for n, case in enumerate(cases):
        status, version = said[n].split()
        with open(os.path.join(folder, '%d.out' % n), 'rb') as f:
            witness.say({'case': case['name'], 'status': int(status), 'version': version,
                         'body_hex': f.read().hex()})


def main():
    cases = list(witness.load_cases(sys.argv[1]))
    for i in range(0, len(cases), 3):
        with tempfile.TemporaryDirectory() as folder:
            calls(cases[i:i + 3], folder)


main()
