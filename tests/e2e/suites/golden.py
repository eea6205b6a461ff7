# SPDX-License-Identifier: Apache-2.0
"""Makes the recordings of tests/golden/ from real clients. Run by hand, when the wire or the
clients have changed: run.py golden --record. They are replayed in every test run.

A recording names its host, its programs and their arguments, so it is made under a neutral host
name and from copies of the clients in a neutral place."""
import ctypes
import os
import shutil
import socket
import subprocess

from harness import cases, clientlist, daemon, env
from mock import provider as mock

from . import ws
from .clients import write_cases

PLACE = '/tmp/earshot-golden'
CLONE_NEWUTS = 0x4000000


def link(src, dst):
    """Half a gigabyte is not copied where it need not be."""
    try:
        os.link(src, dst)
    except OSError:
        shutil.copy2(src, dst)


def neutral_place():
    """Copies what the clients need; returns {name: command prefix}."""
    shutil.rmtree(PLACE, ignore_errors=True)
    shutil.copytree(env.CLIENTS, PLACE)
    shutil.copy(env.EARSHOT, os.path.join(PLACE, 'earshot'))
    # Scripts leave no name in a recording, programs do.
    os.symlink(env.NODE_MODULES, os.path.join(PLACE, 'node_modules'))
    for major in (20, 26):
        shutil.copy(env.node(major), os.path.join(PLACE, 'node%d' % major))
    shutil.copytree(env.site_packages(), os.path.join(PLACE, 'packages'), copy_function=link)
    for name in ('go-plain', 'rustls-aws-lc', 'tls-mbedtls-static'):
        shutil.copy(clientlist.binary(name), PLACE)
    subprocess.run(['strip', '--strip-all', os.path.join(PLACE, 'tls-mbedtls-static')], check=True)
    if ctypes.CDLL(None).unshare(CLONE_NEWUTS) == 0:
        socket.sethostname('golden')


def small(what, *names):
    return [c for c in what if c['name'] in names]


def scenarios(codings):
    at = lambda name: os.path.join(PLACE, name)    # noqa: E731
    py, sdk = [env.PYTHON, at('py_http.py')], [env.PYTHON, at('py_sdk.py')]
    few = small(cases.good(), 'chat-s-tools', 'resp-s-tools', 'msg-s-tools', 'emb', 'count',
                'text-s', 'models') + cases.refused()[:2]
    return [
        ('python-http', [*py, 'serial'], cases.good() + cases.refused() + cases.broken()),
        ('python-between', [*py, 'serial'], cases.between()),
        ('python-shared', [*py, 'shared'], cases.many(8)),
        ('python-asyncio-wire', [env.PYTHON, at('py_asyncio.py')],
         [c for c in cases.wire(codings) if c['name'] not in ('w-bytes', 'w-bytes-s', 'w-chunk1')]),
        ('python-sdk', [*sdk, 'sync'], few + cases.retried()[:2]),
        ('node20-sdk', [at('node20'), at('node_sdk.mjs'), 'serial'], few + cases.retried()[:1]),
        ('node26-sdk', [at('node26'), at('node_sdk.mjs'), 'parallel'], few),
        ('go-http', [at('go-plain')], clientlist.few(9)),
        ('go-h2', [at('go-plain')], clientlist.few(14)),
        ('node26-h2', [at('node26'), at('fetch.mjs'), 'http2'], clientlist.few(9)),
        ('python-sdk-h2', [env.PYTHON, at('py_sdk.py'), 'async-h2'], few + cases.broken()[3:5]),
        ('curl-h2c', [env.PYTHON, at('py_h2c.py')], clientlist.few(6)),
        ('ws-plain', [at('node26'), at('ws.mjs'), 'ws', 'plain'], ws.calls(6)),
        ('ws-takeover', [at('node26'), at('ws.mjs'), 'ws', 'deflate'], ws.calls(6)),
        ('ws-alone', [at('node26'), at('ws.mjs'), 'ws', 'deflate'], ws.calls(6)),
        ('rustls-aws-lc', [at('rustls-aws-lc')], OWN),
        ('mcp-pipes', [env.PYTHON, at('py_mcp.py'), 'client', 'stdio', 'legacy'], []),
        ('mcp-http', [env.PYTHON, at('py_mcp.py'), 'both', 'http', 'auto'], []),
        ('mcp-sse', [env.PYTHON, at('py_mcp.py'), 'both', 'sse', 'legacy'], []),
        ('a2a-rest', [env.PYTHON, at('py_a2a.py'), 'both', 'HTTP+JSON', '1.0'], []),
        ('blind', [at('tls-mbedtls-static'), '--big', '2000'], OWN),
    ]


OWN = [dict(cases.case('c%02d' % i, 'chat', 'tools=1'), name='m-c%02d' % i) for i in range(3)]


def arguments(provider, what, path, pki):
    """Our own clients in C and Rust take names instead of a file of cases."""
    return [str(provider.port), pki, *[c['name'] for c in what]] if what is OWN else [path]


def record(r, ctx, only=None):
    """only: names of scenarios; all others stay as they are."""
    out = os.path.join(env.ROOT, 'tests', 'golden')
    os.makedirs(out, exist_ok=True)
    neutral_place()
    pki = os.path.join(PLACE, 'ca.pem')
    shutil.copy(ctx.pki['ca'], pki)
    plain = mock.Provider(alpn=('http/1.1', 'h2c'))
    for name, cmd, what in scenarios(ctx.codings):
        if only and name not in only:
            continue
        provider = ctx.h2_provider if name.endswith('-h2') else \
            ctx.ws_provider if name.startswith('ws-') else ctx.provider
        if name.endswith('-h2c'):
            provider = plain
        environ = daemon.client_env(provider, ctx.pki, PYTHONPATH=os.path.join(PLACE, 'packages'))
        if provider is plain:
            environ['E2E_BASE'] = 'http://localhost:%d' % plain.port
        environ.update(E2E_LARGE='300', E2E_CA=pki, SSL_CERT_FILE=pki, NODE_EXTRA_CA_CERTS=pki)
        if name == 'ws-alone':
            environ['WS_MOCK'] = 'nocontext'
        path, rec = write_cases(what, PLACE), os.path.join(PLACE, name + '.rec')
        p = subprocess.run([os.path.join(PLACE, 'earshot'), 'run', '--quiet', '--record', rec, '--',
                            *cmd, *arguments(provider, what, path, pki)], env=environ, cwd=PLACE,
                           stdout=subprocess.DEVNULL)
        r.equal(p.returncode, 0, name + ': recorded')
        provider.take()
        shutil.copy(rec, out)
        os.chmod(os.path.join(out, name + '.rec'), 0o644)
    plain.stop()
    shutil.rmtree(PLACE)
