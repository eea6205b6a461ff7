# SPDX-License-Identifier: Apache-2.0
"""What is not read is said to be unseen, with the right reason; and processes that run already."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from harness import clientlist, daemon, env
from mock import provider

from .clients import script, write_cases


def spots(run):
    return [(b['host'], b['reason']) for b in run.stats.get('blind_spots', [])]


def fresh(ctx, host='localhost'):
    p = provider.Provider(ctx.pki['cert'], ctx.pki['key'],
                          port=443 if host != 'localhost' else 0)
    p.pki = ctx.pki
    return p


def stripped(name):
    """A copy without symbols of one of our clients: mbedTLS is found by symbol only."""
    copy = os.path.join(daemon.folder('stripped'), name)
    shutil.copy(clientlist.binary(name), copy)
    subprocess.run(['strip', '--strip-all', copy], check=True)
    return copy


def unreadable(p, turns=1):
    return [stripped('tls-mbedtls-static'), '--turns', str(turns), '--big', '2000', str(p.port),
            p.pki['ca'], 'm-blind']


def unknown_stack(r, ctx, options, want, others=0):
    reason = env.missing('strip', clientlist.binary('tls-mbedtls-static'))
    if reason:
        r.skip('a stack nobody knows', reason)
        return
    p = fresh(ctx)
    try:
        run = daemon.watch('blind', p, unreadable(p), daemon.client_env(p, ctx.pki), options)
    finally:
        p.stop()
    r.equal(run.rc, 0, 'exit status')
    r.equal(len(run.exchanges), 1, 'calls the server saw')
    r.equal(spots(run), want, 'blind spots')
    r.equal(run.stats.get('blind_others'), others, 'connections that are only counted')
    r.equal('1 encrypted connection to another host was not read (--blind-spots all' in run.stderr,
            others == 1, 'the summary counts it')
    if want and run.stats.get('blind_spots'):
        spot = run.stats['blind_spots'][0]
        r.equal(spot['peer'], '127.0.0.1:%d' % p.port, 'its far end')
        r.check(spot['bytes'][0] > 500 and spot['bytes'][1] > 500, 'its bytes', spot['bytes'])
        r.check('is not read: stack unknown' in run.stderr, 'the summary says so', run.stderr)


CURLS = '''
for i in $(seq %d); do
    curl -s --cacert "$E2E_CA" -o /dev/null "$E2E_BASE/par$i" &
done
wait
'''
TOO_SHORT = {'ended before its probes were in place', 'its probes came too late'}


def short(r, ctx, options, count=60):
    """Many short programs at once, more than can be attached in time: each request that the
    server saw is a span, or an encrypted connection that was not read."""
    if env.missing('curl'):
        r.skip('short programs', env.missing('curl'))
        return
    p = fresh(ctx)
    try:
        run = daemon.watch('short', p, ['bash', '-c', CURLS % count],
                           daemon.client_env(p, ctx.pki), options)
    finally:
        p.stop()
    named, others = len(spots(run)), run.stats.get('blind_others')
    print('          %d of %d requests read' % (len(run.spans), len(run.exchanges)))
    r.equal(run.rc, 0, 'exit status')
    r.equal(len(run.exchanges), count, 'requests the server saw')
    r.equal(len(run.spans) + named + others, count, 'spans and connections not read')
    r.check(named == 0 or 'all' in options, 'named only where asked for', named)
    r.check(others == 0 or 'all' not in options, 'all of them named where asked for', others)
    r.equal({x for x in spots(run)} - {('localhost', x) for x in TOO_SHORT}, set(), 'reasons')
    if others > 1:
        r.check('%d encrypted connections to other hosts were not read' % others in run.stderr,
                'the summary says so', run.stderr[-2000:])


def java(r, ctx):
    host = 'api.openai.com' if not ctx.no_names else 'localhost'
    reason = env.missing('java', 'javac')
    if reason:
        r.skip('JSSE', reason)
        return
    p = fresh(ctx, host)
    base = 'https://%s:%d' % (host, p.port)
    try:
        run = daemon.watch('jsse', p, ['java', os.path.join(env.CLIENTS, 'java', 'Jsse.java'), base,
                                       ctx.pki['ca']], daemon.client_env(p, ctx.pki, host),
                           [] if host != 'localhost' else ['--blind-spots', 'all'])
    finally:
        p.stop()
    r.equal((run.rc, run.stdout.strip()), (0, b'200'), 'what Java said')
    r.equal(spots(run), [(host, 'code not mapped from a file')], 'blind spots')


def read_is_not_blind(r, ctx):
    p = fresh(ctx)
    try:
        run = daemon.watch('seen', p, [env.PYTHON, '-c', TALK % (1, 0)],
                           daemon.client_env(p, ctx.pki), ['--blind-spots', 'all'])
    finally:
        p.stop()
    r.equal(run.rc, 0, 'exit status')
    r.equal(len(run.spans), 1, 'spans')
    r.equal(spots(run), [], 'blind spots')


TALK = '''
import http.client, json, os, ssl, time
url = os.environ['E2E_BASE'].split('/')[2].split(':')
c = http.client.HTTPSConnection(url[0], int(url[1]),
                                context=ssl.create_default_context(cafile=os.environ['E2E_CA']))
for i in range(%d):
    c.request('POST', '/v1/chat/completions', json.dumps({'model': 'm-%%d' %% i, 'messages': [
        {'role': 'user', 'content': 'hello ' * 100}]}), {'content-type': 'application/json'})
    c.getresponse().read()
    time.sleep(%f)
'''


def quic(r, ctx):
    """A datagram that begins like a QUIC Initial of version 1 (RFC 9000 section 17.2.2)."""
    say = "import ctypes, socket; s = socket.socket(2, 2); s.connect(('127.0.0.1', %d)); " \
          "params = ctypes.create_string_buffer(120); ctypes.CDLL(None).syscall(425, 4, params); " \
          "s.send(bytes([0xc3, 0, 0, 0, 1, 8]) + bytes(1194))"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        run = daemon.watch('quic', ctx.provider, [env.PYTHON, '-c', say % s.getsockname()[1]],
                           dict(os.environ), ['--blind-spots', 'all'])
    r.equal(run.rc, 0, 'exit status')
    r.equal([x[1] for x in spots(run)], ['QUIC'], 'blind spots')
    # io_uring_setup (425) may be switched off on this system; then it was not used either.
    switch = '/proc/sys/kernel/io_uring_disabled'
    on = not os.path.exists(switch) or open(switch, encoding='ascii').read().strip() == '0'
    r.equal([b['io_uring'] for b in run.stats.get('blind_spots', [])], [on], 'io_uring is told')


SENDFILE = '''
import os, socket, sys, tempfile
s = socket.create_server(('127.0.0.1', 0))
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
c.recv(65536)
f = tempfile.TemporaryFile()
f.write(b'x' * %d)
f.flush()
f.seek(0)
c.send(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n')
os.sendfile(c.fileno(), f.fileno(), 0, %d)
c.recv(1)
'''


def sendfile(r, _ctx, size=150000):
    """A body that no buffer of the server ever held: a gap of exactly its length."""
    run = daemon.Run(daemon.folder('sendfile'))
    p = subprocess.Popen([env.EARSHOT, 'run', '--stats-file', run.path('stats.json'), '--',
                          env.PYTHON, '-c', SENDFILE % (size, size, size)],
                         stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
    with socket.create_connection(('127.0.0.1', int(p.stdout.readline()))) as s:
        s.sendall(b'GET /file HTTP/1.1\r\nHost: x\r\n\r\n')
        got = 0
        while got < size and (data := s.recv(65536)):
            got += len(data)
    p.wait(30)
    run.load()
    r.equal(run.stats['stats'].get('K_NOT_COPIED', {}).get('bytes'), size, 'counted')
    plain = [x for x in run.stats['streams'] if x['source'] == 'socket']
    r.equal([x['lost'][0] for x in plain], [size], 'lost of the stream')
    r.equal([x['passed'][0] - x['captured'][0] for x in plain], [size], 'and nothing else')


class Running:
    """A client that was started before anybody watched it, and what `watch` says of it."""

    def __init__(self, p, cmd, environ, options=(), seconds=2.5):
        self.run = daemon.Run(daemon.folder('watch'))
        child = subprocess.Popen(cmd, stdout=subprocess.DEVNULL, env=environ)
        try:
            time.sleep(0.7)
            earshot = subprocess.Popen(
                [env.EARSHOT, 'watch', '--scope', 'pid:%d' % child.pid, '--otlp-file',
                 self.run.path('spans.jsonl'), '--stats-file', self.run.path('stats.json'),
                 *options], stderr=subprocess.PIPE, text=True)
            time.sleep(seconds)
            self.alive = child.poll() is None
            earshot.send_signal(signal.SIGINT)
            self.run.stderr = earshot.communicate(timeout=20)[1]
            self.run.rc = earshot.returncode
            self.went_on = child.wait(60) == 0
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        self.run.exchanges, self.run.connections, _ = p.take()
        self.run.load()


def watch_running(r, ctx):
    """Joined in mid-connection: calls that begin while we watch are whole."""
    p = fresh(ctx)
    try:
        w = Running(p, [sys.executable, '-c', TALK % (40, 0.1)], daemon.client_env(p, ctx.pki))
    finally:
        p.stop()
    r.check(w.alive and w.went_on, 'the client ran on, unharmed')
    r.equal(w.run.rc, 0, 'exit status of watch')
    models = {s.model for s in w.run.spans}
    r.check(len(models) >= 5, 'calls seen in 2.5 seconds', models)
    r.check(len(models) == len(w.run.spans) <= len(w.run.exchanges), 'each once')
    whole = [s for s in w.run.spans if s.a.get('gen_ai.usage.output_tokens')]
    r.check(len(whole) >= len(models) - 2, 'all but those cut by start and end are whole',
            '%d of %d' % (len(whole), len(models)))


def watch_mcp(r, mode, options, calls=7):
    """Servers whose pipes were there before us: each call from then on, as the client had it."""
    run = daemon.Run(daemon.folder('watch-mcp'))
    child = subprocess.Popen([env.PYTHON, script('py_mcp_late.py'), mode, str(calls)], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        r.equal(child.stdout.readline(), 'ready\n', 'the servers run')
        p = subprocess.Popen(
            [env.EARSHOT, 'watch', '--scope', 'pid:%d' % child.pid, '--otlp-file',
             run.path('spans.jsonl'), '--stats-file', run.path('stats.json'), *options],
            stderr=subprocess.PIPE, text=True)
        p.stderr.readline()    # watching ...
        time.sleep(1)
        out = child.communicate('\n', timeout=30)[0]
        said = p.communicate(timeout=30)[1]
    finally:
        child.kill()
    rows = [json.loads(line) for line in out.splitlines()]
    run.load()
    r.equal(p.returncode, 0, 'exit status of watch')
    r.equal(len(rows), calls, 'the client got its answers')
    r.equal([(s.name, s.a.get('error.type')) for s in run.spans],
            [('tools/call ' + x['tool'], 'tool_error' if x['error'] else None) for x in rows],
            'its calls, in order')
    r.check('client %d: %d messages to it, %d from it' % (child.pid, calls, calls) in said,
            'and both ends named', said)


def watch_rustls(r, ctx, provider, more):
    """As watch_running(), where keys have to be put together: several old connections."""
    program = clientlist.binary('rustls-' + provider)
    if env.missing(program):
        r.skip('watch of rustls', env.missing(program))
        return
    p = fresh(ctx)
    models = ['m-%02d' % i for i in range(40 if more else 90)]
    try:
        w = Running(p, [program, *more, '--pause', '30', str(p.port), ctx.pki['ca'], *models],
                    daemon.client_env(p, ctx.pki))
    finally:
        p.stop()
    r.check(w.went_on, 'the client ran on, unharmed')
    r.equal(w.run.rc, 0, 'exit status of watch')
    whole = [s for s in w.run.spans if s.a.get('gen_ai.usage.output_tokens')]
    r.check(len(w.run.spans) >= 10, 'calls seen', len(w.run.spans))
    r.check(len(whole) >= len(w.run.spans) - 4, 'all but those cut by start and end are whole',
            '%d of %d' % (len(whole), len(w.run.spans)))
    asked = {e['facts'].get('response_id'): e['model'] for e in w.run.exchanges}
    # Of the answer that was on its way when the watch began, the id may have passed.
    wrong = [(s.model, s.id) for s in whole if s.model and s.id and asked.get(s.id) != s.model]
    r.equal(wrong, [], 'answers of other calls')


def watch_unreadable(r, ctx):
    p = fresh(ctx)
    reason = env.missing('strip', clientlist.binary('tls-mbedtls-static'))
    if reason:
        r.skip('watch of a stack nobody knows', reason)
        return
    try:
        slow = TALK % (40, 0.1)
        w = Running(p, [sys.executable, '-c', slow], daemon.client_env(p, ctx.pki),
                    ['--attach', 'single'])
        r.equal(spots(w.run), [], 'blind spots of a client that is read')
        r.check(w.went_on, 'the client ran on, unharmed')
    finally:
        p.stop()


def peers(r, ctx):
    """The far end is known where the TLS library never touches the socket: memory BIOs."""
    for name, cmd in (('asyncio', [env.PYTHON, os.path.join(env.CLIENTS, 'py_asyncio.py')]),
                      ('node', [env.node(26), os.path.join(env.CLIENTS, 'fetch.mjs'), 'fetch'])):
        reason = env.missing(cmd[0])
        if reason:
            r.skip('peer of ' + name, reason)
            continue
        p = fresh(ctx)
        what = clientlist.few(6)
        try:
            run = daemon.watch('peer', p, [*cmd, write_cases(what)], daemon.client_env(p, ctx.pki))
        finally:
            p.stop()
        r.equal(run.rc, 0, '%s: exit status' % name)
        r.equal({s.a.get('network.peer.port') for s in run.spans}, {p.port}, '%s: far end' % name)


def bad_scope(r, _ctx):
    for scope in ('', 'pid:', 'pid:x', 'pid:0', 'host', 'pid:1x'):
        p = subprocess.run([env.EARSHOT, 'watch', '--scope', scope], capture_output=True, text=True)
        r.equal(p.returncode, 2, 'status of --scope "%s"' % scope)
        r.check('pid:N' in p.stderr, 'says what it wants', p.stderr)
    child = subprocess.Popen(['true'])
    child.wait()
    p = subprocess.run([env.EARSHOT, 'watch', '--scope', 'pid:%d' % child.pid],
                       capture_output=True, text=True)
    r.equal(p.returncode, 1, 'status for a process that is gone')
    r.check('No such process' in p.stderr, 'says so', p.stderr)


def explain(r, ctx):
    p = fresh(ctx)
    child = subprocess.Popen([env.PYTHON, '-c', TALK % (30, 0.1)],
                             env=daemon.client_env(p, ctx.pki))
    try:
        time.sleep(0.7)
        said = subprocess.run([env.EARSHOT, 'explain', '--seconds', '1', str(child.pid)],
                              capture_output=True, text=True, timeout=60)
        r.equal(child.wait(60), 0, 'the client ran on, unharmed')
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        p.stop()
    r.equal(said.returncode, 0, 'exit status')
    for want in ('openssl: read', 'libssl.so.3', 'build-id', 'found by  symbol', 'points    ',
                 'cost      ', 'bytes sent', 'blind spots: none', 'losses: none'):
        r.check(want in said.stdout, 'says "%s"' % want, said.stdout)
    r.check('seen      0 records' not in said.stdout, 'saw traffic', said.stdout)


LOCAL = '''
import http.client, json, os, subprocess, sys
SERVER = """
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if 'id' in m:
        result = {'tools': []} if m['method'] == 'tools/list' else {
            'protocolVersion': '2025-06-18', 'capabilities': {}, 'serverInfo': {'name': 's'}}
        print(json.dumps({'jsonrpc': '2.0', 'id': m['id'], 'result': result}), flush=True)
"""
print('ready', flush=True)
sys.stdin.readline()
port = int(os.environ['E2E_BASE'].rsplit(':', 1)[1])
conns = []
for k in range(3):
    c = http.client.HTTPConnection('127.0.0.1', port)
    for i in range(k + 1):
        c.request('POST', '/v1/chat/completions', json.dumps({'model': 'm', 'messages': [
            {'role': 'user', 'content': 'hello ' * 100}]}), {'content-type': 'application/json'})
        c.getresponse().read()
    conns.append(c)
conns[0].close()
p = subprocess.Popen([sys.executable, '-c', SERVER], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, text=True)
for id, method in ((1, 'initialize'), (None, 'notifications/initialized'), (2, 'tools/list')):
    m = {'jsonrpc': '2.0', 'method': method, 'params': {}}
    p.stdin.write(json.dumps(dict(m, id=id) if id else m) + chr(10))
    p.stdin.flush()
    if id:
        p.stdout.readline()
print(p.pid, flush=True)
sys.stdin.readline()
'''


def explain_local(r, ctx):
    """Plain HTTP and a child on pipes: what the client did and its server saw, in numbers."""
    p = provider.Provider()
    p.pki = ctx.pki
    kid = subprocess.Popen([env.PYTHON, '-c', LOCAL], env=daemon.client_env(p, ctx.pki),
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        kid.stdout.readline()
        ear = subprocess.Popen([env.EARSHOT, 'explain', '--seconds', '60', str(kid.pid)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        kid.stdin.write('go\n')
        kid.stdin.flush()
        server = kid.stdout.readline().strip()
        time.sleep(0.5)
        ear.send_signal(signal.SIGINT)
        said = ear.communicate(timeout=30)[0]
        kid.communicate('end\n', timeout=30)
    finally:
        for x in (kid, ear):
            if x.poll() is None:
                x.kill()
                x.wait()
        p.stop()
    exchanges, connections, _ = p.take()
    r.equal((ear.returncode, kid.returncode, len(exchanges)), (0, 0, 6), 'all went well')
    r.check('plain HTTP: read\n  seen      %d connections, %d bytes sent, %d received\n' % (
        len(connections), sum(c['received'] for c in connections),
        sum(c['sent'] for c in connections)) in said, 'plain HTTP as the server saw it', said)
    r.check('standard input and output: read\n  server    %s[%s]: 3 messages to it, 2 from it\n' % (
        os.path.basename(os.path.realpath(env.PYTHON)), server) in said, 'the child', said)
    r.check('calls: 6 of models, 2 of MCP, 0 other HTTP' in said, 'its calls', said)
    r.check('blind spots: none seen\nlosses: none\n' in said, 'nothing else', said)


def explain_unreadable(r, ctx):
    """No library of it is known: its blind spots are told all the same."""
    if env.missing('strip', clientlist.binary('tls-mbedtls-static')):
        r.skip('a stack nobody knows', env.missing(clientlist.binary('tls-mbedtls-static')))
        return
    p = fresh(ctx)
    turns = 'sleep 3; exec "$0" "$@"'
    kid = subprocess.Popen(['sh', '-c', turns, *unreadable(p)], stdout=subprocess.DEVNULL,
                           env=daemon.client_env(p, ctx.pki))
    try:
        said = subprocess.run([env.EARSHOT, 'explain', '--seconds', '6', str(kid.pid)],
                              capture_output=True, text=True, timeout=60)
        r.equal(kid.wait(60), 0, 'the client ran on, unharmed')
    finally:
        if kid.poll() is None:
            kid.kill()
            kid.wait()
        p.stop()
    r.check('blind spot  localhost 127.0.0.1:%d: stack unknown\n' % p.port in said.stdout,
            'its blind spot', said.stdout)
    r.check('plain HTTP: none seen' in said.stdout, 'no plain HTTP', said.stdout)


def tests(ctx):
    if daemon.BARE:
        return []
    return [
        ('blind: a stack nobody knows', lambda r: unknown_stack(
            r, ctx, ['--blind-spots', 'all'], [('localhost', 'stack unknown')])),
        ('blind: hosts that are no model hosts are counted', lambda r: unknown_stack(
            r, ctx, [], [], 1)),
        ('blind: nothing without --plain', lambda r: unknown_stack(
            r, ctx, ['--plain', 'off', '--blind-spots', 'all'], [])),
        ('blind: short programs, many at once', lambda r: short(r, ctx, [])),
        ('blind: short programs, named', lambda r: short(r, ctx, ['--blind-spots', 'all'])),
        ("blind: Java's own TLS", lambda r: java(r, ctx)),
        ('blind: QUIC and io_uring', lambda r: quic(r, ctx)),
        ('blind: sendfile is a gap', lambda r: sendfile(r, ctx)),
        ('blind: what is read is not blind', lambda r: read_is_not_blind(r, ctx)),
        ('peer: memory BIOs', lambda r: peers(r, ctx)),
        ('watch: a client that runs already', lambda r: watch_running(r, ctx)),
        *[('watch: MCP on a %s, %s' % (m, o[-1] if o else 'auto'),
           lambda r, m=m, o=o: watch_mcp(r, m, o))
          for m in ('pipe', 'socketpair') for o in ((), ('--plain', 'syscalls'))],
        ('watch: rustls, one connection', lambda r: watch_rustls(r, ctx, 'aws-lc', ())),
        ('watch: rustls, four old connections', lambda r: watch_rustls(
            r, ctx, 'aws-lc', ('--lanes', '4'))),
        ('watch: rustls on ring, TLS 1.2', lambda r: watch_rustls(
            r, ctx, 'ring', ('--tls12', '--lanes', '4'))),
        ('watch: single events', lambda r: watch_unreadable(r, ctx)),
        ('watch: bad scopes', lambda r: bad_scope(r, ctx)),
        ('explain: a client that talks', lambda r: explain(r, ctx)),
        ('explain: plain HTTP and a child on pipes', lambda r: explain_local(r, ctx)),
        ('explain: a stack nobody knows', lambda r: explain_unreadable(r, ctx)),
    ]
