# SPDX-License-Identifier: Apache-2.0
"""OpenAI's responses over WebSockets, by real clients: bytes, messages and calls."""
import os

from harness import cases, compare, daemon, env, truth
from mock import provider

from .blind import Running
from .clients import script, write_cases

NODE = os.path.join(env.CACHE, 'npm', 'ws.mjs')
NPM = os.path.join(env.NODE_MODULES, 'ws')
PIP = os.path.join(env.site_packages(), 'websockets')


def calls(n=6, big=0):
    """Calls of one connection; the last one asks for an answer longer than a record."""
    out = [cases.case('ws%02d' % i, 'responses', ('tools=2,events=8', 'events=9,reason,cache',
                                                  'events=5,gap=5')[i % 3], True,
                      **({'tools': [cases.TOOL_R]} if i % 3 == 0 else {})) for i in range(n)]
    if big:
        out[-1]['body']['input'] = cases.SECRET + 'y' * big
        out[-1]['mock'] = 'events=600'
    return out


def python(mode, packed):
    return lambda path: [env.PYTHON, script('py_ws.py'), mode, packed, path]


def node(major, mode, packed):
    return lambda path: [env.node(major), NODE, mode, packed, path]


class Client:
    """mock: directives of the handshake; h2: by extended CONNECT; one: all on one connection."""

    def __init__(self, name, cmd, needs, mock='', h2=False, n=6):
        self.name, self.cmd, self.needs, self.mock, self.h2, self.n = name, cmd, needs, mock, h2, n


def table():
    out = []
    for packed in ('deflate', 'plain'):
        out += [Client('websockets (PyPI), sync, ' + packed, python('sync', packed), [PIP]),
                Client('websockets (PyPI), asyncio, ' + packed, python('async', packed), [PIP]),
                Client('ws (npm), ' + packed, node(26, 'ws', packed), [env.node(26), NPM]),
                Client('openai (npm) on ws, ' + packed, node(26, 'openai', packed),
                       [env.node(26), NPM])]
    for major in (24, 26):
        out.append(Client('node %d, its own' % major, node(major, 'own', '-'),
                          [env.node(major), NPM]))
    return out + [
        Client('ws (npm), no context takeover, small window', node(26, 'ws', 'deflate'),
               [env.node(26), NPM], 'nocontext,bits=10'),
        Client('ws (npm), fragments and pings', node(26, 'ws', 'deflate'), [env.node(26), NPM],
               'frames=50,ping'),
        Client('websockets (PyPI), fragments and pings', python('sync', 'plain'), [PIP],
               'frames=20,ping'),
        Client('node:http2, extended CONNECT', node(26, 'h2', 'plain'), [env.node(26), NPM],
               h2=True)]


def rows_match(r, run, what):
    """Each answer as the client had it is what the server sent."""
    sent = {e['model']: e for e in run.exchanges}
    rows = {row['case']: row for row in run.rows()}
    for c in what:
        row, e = rows.get(c['name']), sent.get(c['body']['model'])
        if not r.check(row and e, 'client and server had %s' % c['name'], run.stderr[-800:]):
            continue
        r.equal((row['sha256'], row['events']), (e['response_sha256'], e['events']),
                'messages of %s' % c['name'])
        r.equal(row['id'], e['facts']['response_id'], 'id of %s' % c['name'])


def watched(ctx, name, client, what, options=()):
    p = provider.Provider(ctx.pki['cert'], ctx.pki['key'], websockets=True,
                          alpn=('h2', 'http/1.1') if client.h2 else ('http/1.1',))
    environ = daemon.client_env(p, ctx.pki, WS_MOCK=client.mock)
    try:
        return daemon.watch(name, p, client.cmd(write_cases(what)), environ,
                            ['--all-streams', *options])
    finally:
        p.stop()


def run_client(r, ctx, client):
    reason = env.missing(*client.needs)
    if reason:
        r.skip(client.name, reason)
        return
    env.npm_script('ws.mjs')
    what = calls(client.n, 100000)
    run = watched(ctx, 'ws ' + client.name, client, what, ['--content', 'full'])
    r.equal(run.rc, 0, 'exit status')
    rows_match(r, run, what)
    if daemon.BARE:
        return
    truth.bytes_match(r, run)
    compare.spans_match(r, run)
    compare.semconv(r, run)
    compare.replayed(r, run)


def joined(r, ctx, packed, mock):
    """Joined in mid-connection: the calls that begin while we watch have id, tokens and reasons,
    if each message can be read alone; else they are there, and marked."""
    if env.missing(PIP):
        r.skip('joined, ' + packed, env.missing(PIP))
        return
    what = [cases.case('late%02d' % i, 'responses', 'events=4,gap=30') for i in range(24)]
    p = provider.Provider(ctx.pki['cert'], ctx.pki['key'], websockets=True)
    try:
        w = Running(p, [env.PYTHON, script('py_ws.py'), 'sync', packed, write_cases(what)],
                    daemon.client_env(p, ctx.pki, WS_MOCK=mock))
    finally:
        p.stop()
    r.check(w.alive and w.went_on, 'the client ran on, unharmed')
    stats = w.run.stats['stats']
    ids = {e['facts']['response_id'] for e in w.run.exchanges}
    known = [s for s in w.run.spans if s.id]
    if packed == 'deflate' and 'nocontext' not in mock:
        r.check(stats.get('U_WS_UNREAD', {}).get('events', 0) > 10, 'unread, and counted', stats)
        r.check(all(s.a.get('earshot.capture.complete') is False for s in w.run.spans), 'marked')
        return
    r.check(len(known) >= 3, 'calls were seen', '%d spans, %s' % (len(w.run.spans), stats))
    r.check({s.id for s in known} <= ids, 'no call that was none')
    whole = [s for s in known if s.a.get('gen_ai.usage.output_tokens')]
    r.check(len(whole) >= len(known) - 2, 'all but the first and the last are whole')
    # The client's own messages refer to each other all the same.
    r.check(stats.get('U_WS_UNREAD', {}).get('events', 0) <= (len(ids) if mock else 0), 'unread',
            stats)


def closes(r, ctx, packed):
    """Whose close frame ended a call or a socket, and its code: as the client has it."""
    if env.missing(PIP):
        r.skip('closes, ' + packed, env.missing(PIP))
        return
    what = [cases.case('by-server', 'responses', 'events=9,cut=4,code=1011'),
            cases.case('own-code', 'responses', 'events=9,cut=1,code=4321'),
            dict(cases.case('by-client', 'responses', 'events=9,cut=3,code=none'),
                 leave=(3, 4001)),
            dict(cases.case('unasked', 'responses'), leave=(0, 1000)),
            cases.case('whole', 'responses', 'events=5')]
    run = watched(ctx, 'closes ' + packed, Client('', python('close', packed), [PIP]), what)
    r.equal(run.rc, 0, 'exit status')
    rows = {row['case']: row for row in run.rows()}
    r.equal({n: row.get('by') for n, row in rows.items()},
            {'by-server': 'server', 'own-code': 'server', 'by-client': 'client',
             'unasked': 'client', 'whole': 'client'}, 'the client was closed as it was meant')
    if daemon.BARE:
        return
    told = {s.model: s.a for s in run.spans if s.model}
    # No call: told as any HTTP is.
    plain = [s.a for s in run.spans if not s.model]
    for c in what[:4]:
        a, row = told.get(c['body']['model']), rows.get(c['name'], {})
        if c['name'] == 'unasked':
            a = plain[0] if len(plain) == 1 else None
        r.equal(a and a.get('earshot.websocket.close_code'), row.get('close'),
                'close code of ' + c['name'])
        # Another thread may read the answer before our write is seen: then nothing is said.
        by = a and a.get('earshot.websocket.closed_by')
        r.check(by == row.get('by') or (by is None and row.get('by') == 'client'),
                'who closed %s' % c['name'], by)
    r.check(told.get('m-whole') and not any('websocket' in k for k in told['m-whole']),
            'none for an answer that was whole before')


JOINS = [('plain', ''), ('deflate', 'nocontext'), ('deflate', '')]


def tests(ctx):
    return [('ws: closes, ' + p, lambda r, p=p: closes(r, ctx, p)) for p in (
        'plain', 'deflate')] + [
        ('ws: joined late, %s %s' % j, lambda r, j=j: joined(r, ctx, *j)) for j in JOINS] + [
        ('ws: ' + c.name, lambda r, c=c: run_client(r, ctx, c)) for c in table()]
