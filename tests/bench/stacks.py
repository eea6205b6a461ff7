#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a request costs each stack's client, bare and watched: CPU of the client alone, startup
taken out by the difference of a long and a short run. Prints JSON lines for bench.py.

usage: stacks.py [--quick]      (as root: it moves into a network namespace of its own)
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'e2e'))

from harness import cases, clientlist, daemon, env    # noqa: E402

# Runs a command and says what CPU it took, its own and its children's.
TIMER = ('import resource, subprocess, sys; '
         'rc = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, '
         'stderr=subprocess.DEVNULL).returncode; '
         'u = resource.getrusage(resource.RUSAGE_CHILDREN); '
         'print(rc, u.ru_utime + u.ru_stime, flush=True)')
WANTED = ('C client', 'rustls aws-lc', 'rustls ring', 'go-plain net/http http/1.1',
          'curl_cffi (PyPI) http/1.1', 'Netty tcnative (Maven)', 'bun 1.4.5 fetch',
          'python http.client', 'node 26 fetch')


def wanted():
    return [c for c in clientlist.everything(True)
            if c.name in WANTED and not env.missing(*c.needs) and
            'static' not in c.cmd.__qualname__]


def requests(client, n):
    """n small requests, one like the other."""
    first = client.what[0]
    return [dict(cases.case('b%04d' % i, 'chat', '', False), name='%s%04d' % (
        'm-' if first['name'].startswith('m-') else '', i)) for i in range(n)]


def cpu(ctx, client, n, watched):
    from suites import clients, stacks
    client.what = requests(client, n)
    path = clients.write_cases(client.what)
    if getattr(client, 'prepare', None):
        client.prepare(client, path)
    p = stacks.make_provider(ctx, client)
    cmd = [env.PYTHON, '-c', TIMER, *client.cmd(client, path, p)]
    if watched:
        cmd = [env.EARSHOT, 'run', '--quiet', '--', *cmd]
    try:
        out = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             env=stacks.environment(client, p, ctx.pki), timeout=300,
                             cwd=daemon.folder('bench')).stdout
    finally:
        p.stop()
        p.take()
    rc, seconds = out.split()[-2:]
    if rc != '0':
        raise SystemExit('%s: status %s' % (client.name, rc))
    return float(seconds)


def measure(ctx, client, turns, short, long):
    """The least of all turns, for each of the four: what else the machine does only adds."""
    least = {}
    for _ in range(turns):
        for kind in ((False, short), (False, long), (True, short), (True, long)):
            spent = cpu(ctx, client, kind[1], kind[0])
            least[kind] = min(spent, least.get(kind, spent))
    bare, seen = ((least[w, long] - least[w, short]) / (long - short) * 1e6
                  for w in (False, True))
    print(json.dumps({'stack': client.stack, 'client': client.name, 'bare': bare,
                      'watched': seen, 'added': seen - bare}), flush=True)


def main():
    import importlib
    quick = '--quick' in sys.argv
    env.isolate()
    env.add_packages()
    sys.path.insert(0, os.path.dirname(HERE))
    ctx = importlib.import_module('run').Context()
    for client in wanted():
        measure(ctx, client, 2 if quick else 5, 20, 120 if quick else 520)


if __name__ == '__main__':
    main()
