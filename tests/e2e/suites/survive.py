# SPDX-License-Identifier: Apache-2.0
"""Targets that earshot comes to and leaves again, in the middle of their work: they do not
notice. Run by the tests 20 times for each; `run.py survive --times 1000` for longer."""
import hashlib
import json
import os
import random
import signal
import subprocess
import threading
import time

from harness import clientlist, daemon, env

from .clients import write_cases
from .stacks import environment, make_provider

# One for each way to be read; stack and name, as in clientlist.
TARGETS = ('gnutls: C client', 'nss: C client', 'wolfssl: C client', 'mbedtls: C client',
           'go: go-stripped net/http h2', 'go: Go c-shared in Python',
           'boringssl: curl_cffi (PyPI) h2', 'boringssl: grpcio (PyPI)',
           'boringssl: Netty tcnative (Maven)', 'boringssl: bun 1.4.5 fetch',
           'boringssl: bun 1.4.5 node:http2', 'openssl: nassl (PyPI), stripped',
           'openssl: pycurl (PyPI), private libssl', 'aws-lc: primp (PyPI)',
           'aws-lc: awscrt (PyPI)', 'socket: node 26 fetch, plain',
           'socket: python http.client, plain')
AT_ONCE = 6
PACE_MS = 60    # of calls in long runs, whose log stays in memory


def clients():
    """(name, client); the first of a name, where builds differ."""
    out = {}
    for c in clientlist.everything(True):
        name = c.stack + ': ' + c.name
        if name in TARGETS:
            out.setdefault(name, c)
    return list(out.items())


def threads_of(pid):
    """What each thread of a process is doing: (name, state, ticks used, where it waits)."""
    out, top = [], '/proc/%d/task' % pid
    for tid in sorted(os.listdir(top)) if os.path.isdir(top) else []:
        try:
            with open(os.path.join(top, tid, 'stat'), encoding='ascii') as f:
                name, rest = f.read().split(' (', 1)[1].rsplit(') ', 1)
            with open(os.path.join(top, tid, 'wchan'), encoding='ascii') as f:
                field = rest.split()
                out.append((name, field[0], int(field[11]) + int(field[12]), f.read()))
        except OSError:
            pass
    return out


class Target:
    """A client at work until stop(); earshot comes and goes meanwhile."""

    def __init__(self, ctx, client, slow=False):
        if slow:
            for c in client.what:
                c['mock'] += ',delay=%d' % PACE_MS
        path = write_cases(client.what)
        if getattr(client, 'prepare', None):
            client.prepare(client, path)
        self.dir = daemon.folder('survive')
        self.until = os.path.join(self.dir, 'stop')
        self.provider = make_provider(ctx, client)
        self.out = open(os.path.join(self.dir, 'stdout'), 'wb')
        self.err = open(os.path.join(self.dir, 'stderr'), 'wb')
        environ = environment(client, self.provider, ctx.pki)
        self.p = subprocess.Popen(client.cmd(client, path, self.provider), cwd=self.dir,
                                  env=dict(environ, E2E_UNTIL=self.until), stdout=self.out,
                                  stderr=self.err, stdin=subprocess.DEVNULL)
        self.captured, self.bad, self.turns = 0, [], 0

    def turn(self, stay):
        """earshot comes, stays for so many seconds, and leaves."""
        stats = os.path.join(self.dir, 'stats.json')
        p = subprocess.Popen([env.EARSHOT, 'watch', '--scope', 'pid:%d' % self.p.pid, '--quiet',
                              '--stats-file', stats], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
        time.sleep(stay)
        p.send_signal(signal.SIGINT)
        try:
            said = p.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            said = 'earshot did not end: %s\n' % threads_of(p.pid)
            p.kill()
            said += p.communicate()[1]
        self.turns += 1
        if p.returncode:
            self.bad.append('turn %d: status %s: %s' % (self.turns, p.returncode, said[-400:]))
        elif os.path.exists(stats):
            with open(stats, encoding='utf-8') as f:
                self.captured += sum(map(sum, (s['captured'] for s in json.load(f)['streams'])))
            os.unlink(stats)

    def stop(self):
        """Returns (exit status, exchanges, the client's own rows)."""
        open(self.until, 'w', encoding='ascii').close()
        try:
            rc = self.p.wait(60)
        except subprocess.TimeoutExpired:
            self.p.kill()
            rc = 'no end; %s' % self.p.wait()
        self.out.close()
        self.err.close()
        exchanges, _, _ = self.provider.take()
        self.provider.stop()
        with open(self.out.name, encoding='utf-8', errors='replace') as f:
            rows = [json.loads(x) for x in f if x.startswith('{')]
        return rc, exchanges, rows


def same_answers(client, exchanges, rows):
    """How many of the client's rows are an answer that the server gave."""
    if client.rows == 'echo':
        return sum(1 for x in rows if x['same'])
    given = {e.get('response_sha256') for e in exchanges}
    return sum(1 for x in rows if x['status'] == 200 and (x.get('raw_sha256') or hashlib.sha256(
        bytes.fromhex(x['body_hex'])).hexdigest()) in given)


def survive(r, ctx, client, times):
    reason = env.missing(*client.needs)
    if reason:
        r.skip(client.name, reason)
        return
    name = client.stack + ': ' + client.name
    t, rng, t0 = Target(ctx, client, times > 50), random.Random(name), time.monotonic()
    while t.turns < times and t.p.poll() is None and len(t.bad) < 5:
        t.turn(rng.uniform(0.3, 1.2))
    # On a busy machine all of them can be too short to be in place.
    for stay in (2, 4, 8, 16):
        if not t.captured and t.p.poll() is None and not t.bad:
            t.turn(stay)
    alive = t.p.poll() is None
    rc, exchanges, rows = t.stop()
    with open(t.err.name, encoding='utf-8', errors='replace') as f:
        said = f.read()[-800:]
    r.check(alive, '%s lives through %d turns' % (name, times), '%d turns, status %s\n%s' % (
        t.turns, rc, said))
    r.equal(rc, 0, '%s ends well' % name)
    r.check(not t.bad, 'earshot ends well each time (%s)' % name, '\n'.join(t.bad))
    good = same_answers(client, exchanges, rows)
    r.check(rows and good == len(rows) == len(exchanges), '%s got every answer' % name,
            '%d rows, %d of them right, %d exchanges' % (len(rows), good, len(exchanges)))
    r.check(t.captured > 0, '%s was read meanwhile' % name)
    print('          %-40s %4d times, %5d calls, %9d bytes read, %4.0f s' % (
        name, t.turns, len(exchanges), t.captured, time.monotonic() - t0), flush=True)


def several(r, ctx, chosen, times):
    """A few targets at a time, each with an earshot of its own."""
    todo, lock = list(chosen), threading.Lock()

    def work():
        while True:
            with lock:
                if not todo:
                    return
                client = todo.pop(0)
            try:
                survive(r, ctx, client, times)
            except Exception as e:    # of a thread: it must not be lost
                r.check(False, '%s raised %s' % (client.name, type(e).__name__), str(e))

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def tests(ctx, times=20):
    if daemon.BARE:
        return []
    return [('survive: %d times' % times, lambda r: several(
        r, ctx, [c for _, c in clients()], times))]
