# SPDX-License-Identifier: Apache-2.0
"""Runs a command under `earshot run`, or bare, and gathers what both sides said of it."""
import json
import os
import subprocess
import tempfile
import time

from mock import wire

from . import env, spans

BARE = os.environ.get('E2E_BARE') == '1'


class Run:
    """What came of one run. Everything it wrote stays in self.dir."""

    def __init__(self, folder):
        self.dir = folder
        self.rc = self.stdout = self.stderr = None
        self.exchanges, self.connections, self.quiet = [], [], True
        self.spans, self.stats, self.seconds = [], {}, 0
        self.content = 'off'

    def path(self, name):
        return os.path.join(self.dir, name)

    def rows(self):
        """The client's own JSON lines."""
        return [json.loads(x) for x in self.stdout.decode().splitlines() if x.startswith('{')]

    def otlp_text(self):
        with open(self.path('spans.jsonl'), encoding='utf-8') as f:
            return f.read()

    def load(self):
        if os.path.exists(self.path('spans.jsonl')):
            self.spans = spans.load(self.path('spans.jsonl'))
        if os.path.exists(self.path('stats.json')):
            with open(self.path('stats.json'), encoding='utf-8') as f:
                self.stats = json.load(f)


def folder(name):
    os.makedirs(env.WORK, exist_ok=True)
    safe = ''.join(c if c.isalnum() or c in '.-' else '_' for c in name)
    return tempfile.mkdtemp(prefix=safe + '.', dir=env.WORK)


def command(run, cmd, options=()):
    if BARE:
        return list(cmd)
    return [env.EARSHOT, 'run', '--otlp-file', run.path('spans.jsonl'), '--record',
            run.path('record'), '--stats-file', run.path('stats.json'), *options, '--', *cmd]


def client_env(provider, pki, host='localhost', **more):
    base = 'https://%s:%d' % (host, provider.port)
    out = dict(os.environ, E2E_BASE=base, E2E_CA=pki['ca'], SSL_CERT_FILE=pki['ca'],
               NODE_EXTRA_CA_CERTS=pki['ca'], PYTHONPATH=env.site_packages(),
               PYTHONDONTWRITEBYTECODE='1', NO_PROXY='*')
    out.update(more)
    return out


def watch(name, provider, cmd, environ, options=(), stdin=subprocess.DEVNULL, timeout=120):
    """Runs cmd to its end; the provider's log of that time goes into the result."""
    run = Run(folder(name))
    if '--content' in options:
        run.content = options[options.index('--content') + 1]
    provider.take()
    t0 = time.monotonic()
    with open(run.path('stdout'), 'wb') as out, open(run.path('stderr'), 'wb') as err:
        p = subprocess.Popen(command(run, cmd, options), stdin=stdin, stdout=out, stderr=err,
                             env=environ, cwd=run.dir)
        try:
            run.rc = p.wait(timeout)
        except subprocess.TimeoutExpired:
            run.rc = 'no end after %d s' % timeout
            p.kill()
            p.wait()
    run.seconds = time.monotonic() - t0
    run.stdout = open(run.path('stdout'), 'rb').read()
    run.stderr = open(run.path('stderr'), 'rb').read().decode(errors='replace')
    run.exchanges, run.connections, run.quiet = provider.take()
    with open(run.path('truth.jsonl'), 'w', encoding='utf-8') as f:
        f.writelines(wire.dumps(x) + '\n' for x in run.exchanges + run.connections)
    run.load()
    return run
