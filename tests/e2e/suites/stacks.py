# SPDX-License-Identifier: Apache-2.0
"""Each way to encrypt, by a real client: what was read is what the server saw, byte for byte."""
import hashlib
import os

from harness import clientlist, compare, coverage, daemon, env, spans, truth
from mock import provider

from .clients import write_cases


def make_provider(ctx, client):
    """A provider for one client; the names of the agents' own hosts want port 443."""
    path = os.path.join(daemon.folder('socket'), 's') if client.unix else None
    tls = (ctx.pki['cert'], ctx.pki['key']) if client.tls else (None, None)
    p = provider.Provider(*tls, port=client.port, alpn=client.alpn, script=client.script,
                          path=path, websockets=client.websockets)
    p.pki, p.path = ctx.pki, path
    return p


def environment(client, p, pki):
    base = '%s://%s:%d' % ('https' if client.tls else 'http', client.host, p.port)
    out = daemon.client_env(p, pki, client.host, E2E_BASE=base, CODEX_CA_CERTIFICATE=pki['ca'])
    if client.agent:
        out.pop('NO_PROXY')
        out.update(HOME=daemon.folder('home'), TERM='dumb')
    out.update(client.env)
    return out


def rows_match(r, run, client):
    """The second witness: the client's own lines, against the server's log."""
    if client.rows == 'sdk':
        compare.clients_match(r, run, client.what)
        return
    if client.rows is None:
        return
    answers = {e['model']: e.get('response_sha256') for e in run.exchanges}
    rows = {row['case']: row for row in run.rows()}
    for c in client.what:
        row = rows.get(c['name'])
        if client.rows == 'echo':
            r.check(row and row['same'], 'client saw %s' % c['name'], row)
        else:
            got = row and hashlib.sha256(bytes.fromhex(row['body_hex'])).hexdigest()
            r.equal((row or {}).get('status'), 200, 'status of %s' % c['name'])
            r.equal(got, answers.get(c['body']['model']), 'client saw %s' % c['name'])
            if client.http:
                r.equal((row or {}).get('version'), client.http, 'by the version that was granted')


def agent_match(r, run):
    """The tool that the first answer asked for was run, and its result came back."""
    asked = [e for e in run.exchanges if e['inference'] and e['facts'].get('tools')]
    r.check(asked, 'the agent was told to run a tool', '%d exchanges: %s\n%s' % (
        len(run.exchanges), [(e['method'], e['target'], e['status']) for e in run.exchanges],
        run.stderr[-1500:]))
    last = max((e['t_request'] for e in asked), default=0)
    r.check(any(e['inference'] and e['t_request'] > last for e in run.exchanges),
            'and came back with what it said')


def watch(ctx, client, path, options):
    p = make_provider(ctx, client)
    try:
        return daemon.watch(client.name, p, client.cmd(client, path, p),
                            environment(client, p, ctx.pki),
                           ['--all-streams', '--blind-spots', 'all', *options],
                            timeout=client.timeout)
    finally:
        p.stop()


def late(client, run):
    """Bytes are missing, or a handshake was, and something was found by search in a library that
    came late."""
    found = [x for x in run.stats.get('attach', [])
             if x['found'] == 'search' and '.so' in x['path']]
    apart = run.stats.get('stats', {}).get('U_AEAD_ONE_SIDED', {}).get('events')
    return found and (apart or not truth.Score(run, client.received_only).complete())


def run_client(r, ctx, client, options=()):
    reason = env.missing(*client.needs) or (
        ctx.no_names if client.host != 'localhost' else None)
    if reason:
        r.skip(client.name, reason)
        coverage.note_skip(client, reason)
        return
    path = write_cases(client.what)
    if getattr(client, 'prepare', None):
        client.prepare(client, path)
    run = watch(ctx, client, path, options)
    if not daemon.BARE and late(client, run):
        # A module is searched when it is first met; on loopback its first call is over by then.
        # What was found is kept, and the second run has it at once.
        print('          once more: the first sight of a file came after its first call')
        client.note = 'agrees once the file is known'
        run = watch(ctx, client, path, options)
    r.equal(run.rc, getattr(client, 'status', 0), 'exit status')
    if run.rc not in (0, getattr(client, 'status', 0)):
        print('          ' + run.stderr[-1500:].replace('\n', '\n          '))
    rows_match(r, run, client)
    if client.agent:
        agent_match(r, run)
    if daemon.BARE:
        return
    score = truth.bytes_match(r, run, client.unread, client.received_only)
    r.equal([(b['host'], b['reason'], b['detail']) for b in run.stats.get('blind_spots', [])], [],
            'no blind spot where all is read')
    for c in run.connections:
        del c['tapes']    # of hundreds of runs, they would fill the memory
    calls = [e for e in run.exchanges if e['inference']]
    if client.calls:
        compare.spans_match(r, run)
        compare.replayed(r, run)
    if not options:
        coverage.note(client, run, score, len(calls), len(spans.model_calls(run.spans)))


def tests(ctx, with_large=False):
    """with_large: also those that only `make coverage` runs."""
    clients = clientlist.everything(with_large)
    found = [('stack %s: %s' % (c.stack, c.name), lambda r, c=c: run_client(r, ctx, c))
             for c in clients]
    # As on kernels whose sockets have no tracepoints of their own.
    old = ('--plain', 'syscalls')
    return found + [('stack %s, %s: %s' % (c.stack, ' '.join(old), c.name),
                     lambda r, c=c: run_client(r, ctx, c, old))
                    for c in clients if c.stack == 'socket' and not with_large]
