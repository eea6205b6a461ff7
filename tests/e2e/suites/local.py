# SPDX-License-Identifier: Apache-2.0
"""What stays on the machine: MCP and other JSON-RPC over the pipes of children and plain HTTP."""
import os
import subprocess

from harness import coverage, daemon, env, truth
from mock.relay import Relay
from mock.tape import Tape

from .clients import script

MCP = os.path.join(env.CACHE, 'npm', 'mcp.mjs')


class Local:
    """As much of a client as the table of coverage wants."""
    large, note, calls = False, '', False

    def __init__(self, name, stack, version):
        self.name, self.stack, self.version = name, stack, version


def all_same(r, run, n):
    rows = run.rows()
    r.equal(run.rc, 0, 'exit status')
    r.check(len(rows) == n and all(x['same'] for x in rows), 'the client got its %d answers' % n,
            run.stderr[-1000:])


def tapes(folder, n):
    """What the servers left, as connections: written by the child, read by the child."""
    out = []
    for i in range(n):
        data = []
        for end in ('out', 'in'):
            path = os.path.join(folder, 's%d.%s' % (i, end))
            data.append(open(path, 'rb').read() if os.path.exists(path) else b'')
        out.append({'conn': i, 'protocol': None, 'doubt': 0, 'received': len(data[0]),
                    'sent': len(data[1]), 'tapes': tuple(map(Tape, data))})
    return out


# For pipes, a stream is what the child writes and reads.
def over_pipes(r, ctx, name, version, cmd, servers, answers, options=(), needs=()):
    reason = env.missing(*needs)
    if reason:
        r.skip(name, reason)
        return
    folder = daemon.folder('pipes')
    run = daemon.watch(name, ctx.provider, [x.replace('DIR', folder) for x in cmd],
                       daemon.client_env(ctx.provider, ctx.pki), ['--all-streams', *options])
    all_same(r, run, answers)
    if not daemon.BARE:
        run.connections = tapes(folder, servers)
        score = truth.bytes_match(r, run, 0, sources=('stdio',))
        if not options:
            coverage.note(Local(name, 'stdio', version), run, score, 0, 0)
        ends_named(r, run, servers, answers)


def ends_named(r, run, servers, answers):
    """Who spoke with whom: each server once, all with the one client, every request answered."""
    said = run.stats.get('stdio', [])
    r.equal(len({x['server_tgid'] for x in said}), servers, 'servers named')
    clients = {x['client_tgid'] for x in said}
    r.check(len(clients) == 1 and 0 not in clients, 'one client named', clients)
    r.check(not clients & {x['server_tgid'] for x in said}, 'which is no server', said)
    r.equal(sum(x['unanswered'] for x in said), 0, 'requests without an answer')
    r.check(sum(x['answered'] for x in said) >= answers, 'requests answered', said)
    r.equal(sum(x[k]['broken'] for x in said for k in ('to_server', 'from_server')), 0,
            'broken messages')


def mcp_stdio(r, ctx, options=()):
    over_pipes(r, ctx, 'MCP SDK (npm), three servers on pipes', '1.32.2', [
        env.node(26), MCP, 'client-stdio', 'DIR', '3'], 3, 12, options,
        [env.node(26), MCP])


def framed(r, ctx, options=()):
    for mode in ('pipe', 'socketpair'):
        over_pipes(r, ctx, 'JSON-RPC with Content-Length, ' + mode, 'Python', [
            env.PYTHON, script('py_jsonrpc.py'), mode, 'DIR'], 1, 5, options)


def mcp_http(r, ctx):
    name = 'MCP SDK (npm), server over HTTP'
    reason = env.missing(env.node(26), MCP)
    if reason:
        r.skip(name, reason)
        return
    server = subprocess.Popen([env.node(26), MCP, 'serve-http'], stdout=subprocess.PIPE, text=True)
    try:
        relay = Relay(int(server.stdout.readline()))
        run = daemon.watch(name, relay, [env.node(26), MCP, 'client-http',
                                         'http://127.0.0.1:%d/mcp' % relay.port],
                           dict(os.environ), ['--all-streams'])
        relay.stop()
    finally:
        server.kill()
        server.wait()
    all_same(r, run, 4)
    if not daemon.BARE:
        score = truth.bytes_match(r, run, 5, sources=('socket',))
        coverage.note(Local(name, 'socket', '1.32.2'), run, score, 0, 0)


def tests(ctx):
    old = ('--plain', 'syscalls')    # as on kernels whose sockets have no tracepoints of their own
    return [('local: ' + name, lambda r, t=test, a=args: t(r, ctx, *a)) for name, test, args in (
        ('MCP over pipes', mcp_stdio, ()), ('JSON-RPC with Content-Length', framed, ()),
        ('MCP over HTTP', mcp_http, ()), ('MCP over pipes, --plain syscalls', mcp_stdio, (old,)),
        ('JSON-RPC with Content-Length, --plain syscalls', framed, (old,)))]
