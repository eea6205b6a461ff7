# SPDX-License-Identifier: Apache-2.0
"""Every client against the mock, with each way of reading a call's return: the matrix."""
import json
import os
import sys

from harness import cases, compare, daemon, env, truth

sys.path.append(env.CLIENTS)
import witness    # noqa: E402  (the clients' own reader)

PROBES = ('uretprobe', 'ret')


def script(name):
    return os.path.join(env.CLIENTS, name)


def write_cases(what, folder=None):
    """Every run has a file of its own: two test runs at once do not meet."""
    path = os.path.join(folder or daemon.folder('cases'), 'cases.json')
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(what, f)
    return path


class Client:
    """cmd(path of the cases) gives the command line. needs: paths without which it is skipped.
    h2: the provider agrees to HTTP/2."""

    def __init__(self, name, cmd, what, needs=(), host='localhost', h2=False):
        self.name, self.cmd, self.what, self.needs, self.host = name, cmd, what, needs, host
        self.h2 = h2


def python_http(mode):
    return lambda path: [env.PYTHON, script('py_http.py'), mode, path]


def sdk(mode):
    return lambda path: [env.PYTHON, script('py_sdk.py'), mode, path]


def node(major, mode):
    program = os.path.join(env.CACHE, 'npm', 'node_sdk.mjs')
    return lambda path: [env.node(major), program, mode, path]


def chain(path):
    """sh -> env -> python: each exec keeps the process, the last one talks."""
    line = 'exec env CHAIN=1 %s %s serial %s' % (env.PYTHON, script('py_http.py'), path)
    return ['/bin/sh', '-c', line]


def children(path):
    """A shell with children that talk, two at once and one after them."""
    one = '%s %s serial %s' % (env.PYTHON, script('py_http.py'), path)
    return ['/bin/sh', '-c', 'CASES=0/3 %s & CASES=1/3 %s & wait; CASES=2/3 %s' % (one, one, one)]


def client_table(codings):
    raw = cases.good() + cases.refused() + cases.broken() + cases.wire(codings)
    sdks = cases.good() + cases.refused() + cases.retried() + cases.broken() + cases.cancelled()
    early = [cases.case('w-early', 'chat', 'early=2', True, **cases.USAGE)]
    pip = [env.site_packages() + '/openai']
    npm = [os.path.join(env.NODE_MODULES, 'openai')]
    rows = [
        Client('python http.client', python_http('serial'),
               raw + cases.between() + cases.cancelled() + cases.garbage() + cases.large()),
        Client('python, two threads on one connection', python_http('shared'), cases.many(24)),
        Client('python, connection handed between threads', python_http('hand'), cases.many(18)),
        Client('python, eight connections at once', python_http('parallel'), cases.many(48)),
        Client('python, connection per call', python_http('fresh'), cases.many(24)),
        Client('python, forked children', python_http('fork'), cases.many(13)),
        Client('python by its providers\' names', python_http('serial'), cases.many(9),
               host='api.openai.com'),
        Client('sh -> env -> python', chain, cases.many(6)),
        Client('sh with three python children', children, cases.many(12)),
        Client('python asyncio', lambda p: [env.PYTHON, script('py_asyncio.py'), p],
               raw + early + cases.large()),
        Client('python nassl (static OpenSSL 1.1.1)',
               lambda p: [env.PYTHON, script('py_nassl.py'), p],
               cases.good() + cases.refused() + cases.large(), [env.site_packages() + '/nassl']),
        Client('openai, anthropic (PyPI), sync', sdk('sync'), sdks, pip),
        Client('openai, anthropic (PyPI), async', sdk('async'), sdks + early + cases.large(), pip),
        Client('openai, anthropic (PyPI), sync, h2', sdk('sync-h2'), sdks, pip, h2=True),
        Client('openai, anthropic (PyPI), async, h2', sdk('async-h2'),
               sdks + early + cases.large(), pip, h2=True),
    ]
    for major in (20, 24, 26):
        rows += [Client('node %d, SDKs, one by one' % major, node(major, 'serial'), sdks,
                        npm + [env.node(major)]),
                 Client('node %d, SDKs, all at once' % major, node(major, 'parallel'),
                        cases.good() + early + cases.large(), npm + [env.node(major)])]
    return rows


def judge(r, run, what, rows=None, unread=0):
    """All that is compared for one run."""
    r.check(run.rc == 0, 'exit status 0', 'got %s\n%s' % (run.rc, run.stderr[-2000:]))
    r.check(run.quiet, 'every connection was closed')
    compare.clients_match(r, run, what, rows)
    if daemon.BARE:
        return
    cancelled = {c['body']['model'] for c in what if c.get('cancel')}
    compare.spans_match(r, run, cancelled)
    compare.semconv(r, run)
    compare.replayed(r, run)
    ended_early = cancelled or any('cut=' in c['mock'] for c in what)
    if not ended_early:
        truth.bytes_match(r, run, unread)


def is_h2(r, run, want):
    """No client falls back to what it was not meant to speak."""
    r.equal({c['protocol'] for c in run.connections} - {None, 'h2' if want else 'http/1.1'}, set(),
            'ALPN')


def leaks(r, run, content):
    """Prompts leave only when asked for; credentials never."""
    text = run.otlp_text()
    r.equal(cases.SECRET in text, content, 'prompt text in the spans')
    r.check('sk-mock-0123' not in text and 'sk-ant-mock' not in text, 'no credential in the spans')


def run_client(r, ctx, client, probe):
    reason = env.missing(*client.needs) or (ctx.no_names if client.host != 'localhost' else None)
    if reason:
        r.skip('%s, %s' % (client.name, probe), reason)
        return
    content = probe == 'ret'
    options = ['--return-probe', probe] + (['--content', 'full'] if content else [])
    path = write_cases(client.what)
    provider = ctx.h2_provider if client.h2 else ctx.provider
    environ = daemon.client_env(provider, ctx.pki, client.host)
    run = daemon.watch('%s.%s' % (client.name, probe), provider, client.cmd(path), environ,
                       options)
    is_h2(r, run, client.h2)
    judge(r, run, client.what, unread=5 if client.name.startswith('node') else 0)
    if not daemon.BARE:
        leaks(r, run, content)


# ---- curl: a process for each call -------------------------------------------------------------
def curl_args(ctx, folder, c, base):
    lines = ['url = "%s%s"' % (base, c['path']), 'request = "%s"' % c.get('method', 'POST')]
    if c.get('method') == 'HEAD':
        lines[1] = 'head'
    head = dict(witness.HEADERS, **c.get('headers', {}))
    head.update({'x-mock': c['mock'], 'accept-encoding': c.get('accept', 'identity')})
    lines += ['header = "%s: %s"' % (k, v.replace('"', '\\"')) for k, v in head.items()]
    if c.get('body') is not None:
        data = os.path.join(folder, c['name'] + '.json')
        with open(data, 'wb') as f:
            f.write(witness.body_bytes(c))
        lines.append('data-binary = "@%s"' % data)
    if c.get('cancel'):
        lines.append('max-time = 0.4')
    with open(os.path.join(folder, c['name'] + '.args'), 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')


def curl_rows(run, folder, what):
    rows, by_name = [], {c['name']: c for c in what}
    for line in run.stdout.decode().splitlines():
        name, status, code = line.split(' ')
        c = by_name[name]
        with open(os.path.join(folder, name + '.head'), 'rb') as f:
            last = f.read().decode('latin-1').split('\r\n\r\n')[-2:-1] or ['']
        head = dict((k.strip().lower(), v.strip()) for k, _, v in
                    (x.partition(':') for x in last[0].split('\r\n')[1:]))
        body = os.path.join(folder, name + '.body')
        data = open(body, 'rb').read() if os.path.exists(body) else b''
        row = witness.read_answer(c, int(status), head, data, whole=code == '0')
        if code != '0' and not row['error']:
            row['error'] = 'curl ' + code
        rows.append(row)
    return rows


# Of some seventy that live for 20 ms each.
LATE_MAX = 3


def run_curl(r, ctx, probe, h2=False):
    codings = ctx.codings
    provider = ctx.h2_provider if h2 else ctx.provider
    what = cases.good() + cases.refused() + cases.broken() + cases.wire(codings) + cases.large() + \
        cases.cancelled() + [cases.case('w-early', 'chat', 'early=2', True, **cases.USAGE)]
    folder = daemon.folder('curl-cases')
    environ = daemon.client_env(provider, ctx.pki)
    for c in what:
        curl_args(ctx, folder, c, environ['E2E_BASE'])
    # Each curl lives for some 20 ms, and probes come to it from another process: where that gets
    # no core in time, a call is missed. Such a run is repeated at most twice, and says so.
    for again in (True, True, False):
        run = daemon.watch('curl%s.%s' % ('-h2' if h2 else '', probe), provider,
                           ['/bin/sh', script('curl.sh'), folder] + (['--http2'] if h2 else []),
                           environ, ['--return-probe', probe])
        late = len([e for e in run.exchanges if e['inference']]) - len(
            [s for s in run.spans if s.model])
        if daemon.BARE or not again or not 0 < late <= LATE_MAX:
            break
        print('          once more: %d of %d processes were attached to too late (load %.1f)' % (
            late, len(what), os.getloadavg()[0]))
    is_h2(r, run, h2)
    judge(r, run, what, curl_rows(run, folder, what))


def static_python(r):
    r.skip('python with OpenSSL linked in statically, with symbols',
           'no such build comes from PyPI, npm or Debian; nassl and node stand for it')


def tests(ctx):
    out = [('python, static', static_python)]
    for probe in PROBES:
        for client in client_table(ctx.codings):
            out.append(('%s, %s' % (client.name, probe),
                        lambda r, c=client, p=probe: run_client(r, ctx, c, p)))
        out.append(('curl, %s' % probe, lambda r, p=probe: run_curl(r, ctx, p)))
        out.append(('curl, h2, %s' % probe, lambda r, p=probe: run_curl(r, ctx, p, True)))
    return out
