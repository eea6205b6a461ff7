# SPDX-License-Identifier: Apache-2.0
"""MCP as the Python SDK speaks it: pipes, streamable HTTP with events and with plain answers, and
HTTP+SSE; the revision with a handshake and the one without. A2A in both of its revisions. The
client's own words are the truth."""
import os

from harness import daemon, env

from .clients import script

PY_MCP, PY_A2A = script('py_mcp.py'), script('py_a2a.py')


class Nobody:
    """There is no provider to ask."""

    def take(self):
        return [], [], True


def about(row):
    return row.get('tool') or row.get('prompt') or row.get('uri') or row.get('about')


def said_of(row):
    """What the client's row says of its request: (method, what it was about, its error)."""
    if 'code' in row:
        return row['method'], about(row), str(row['code'])
    return row['method'], about(row), 'tool_error' if row.get('failed') else None


def told_by(s):
    a = s.a
    what = a.get('gen_ai.tool.name') or a.get('gen_ai.prompt.name') or a.get('mcp.resource.uri')
    return a['mcp.method.name'], what, a.get('error.type')


def watched(r, name, args, client=PY_MCP, least=9):
    reason = env.missing(env.PYTHON)
    if reason:
        r.skip(name, reason)
        return None, None
    run = daemon.watch(name, Nobody(), [env.PYTHON, client, *args],
                       dict(os.environ, PYTHONPATH=env.site_packages(),
                            PYTHONDONTWRITEBYTECODE='1'))
    r.equal(run.rc, 0, 'exit status')
    rows = run.rows()
    r.check(len(rows) >= least, 'the client did its work', run.stderr[-2000:])
    return run, rows


def one(r, kind, mode):
    name = 'mcp %s %s' % (kind, mode)
    run, rows = watched(r, name, ['client' if kind == 'stdio' else 'both', kind, mode])
    if not rows or daemon.BARE:
        return
    first, rows = rows[0], rows[1:]
    spans = sorted((s for s in run.spans if 'mcp.method.name' in s.a), key=lambda s: s.start)
    asked = [s for s in spans if s.a['mcp.method.name'] in {x['method'] for x in rows}]
    r.equal([told_by(s) for s in asked], [said_of(x) for x in rows], 'what was asked, in order')
    r.equal({s.kind for s in asked}, {3}, 'the client tells it, once')
    r.equal({s.a.get('mcp.protocol.version') for s in asked}, {first['version']}, 'revision')
    # Errors do not name the server, and without a session nobody remembers.
    named = [s for s in spans if kind in ('stdio', 'sse') or mode == 'legacy' or not
             s.a.get('rpc.response.status_code')]
    r.equal({s.a.get('earshot.mcp.server.name') for s in named if s in asked}, {first['server']},
            'server')
    r.equal({s.a.get('network.transport') for s in asked},
            {'pipe' if kind == 'stdio' else 'tcp'}, 'transport')
    r.equal({s.resource['process.pid'] for s in asked}.__len__(), 1, 'one process asks')
    wound = [s for s in asked if s.a.get('gen_ai.tool.name') == 'wind']
    r.equal([s.a.get('earshot.mcp.progress.count') for s in wound],
            [3 if kind != 'json' else None], 'progress')
    back = [s for s in spans if s.a['mcp.method.name'] == 'roots/list']
    r.equal(len(back), int(any(x.get('tool') == 'whose' for x in rows)), 'the server asks back')
    r.equal({s.resource['process.pid'] for s in back} & {s.resource['process.pid'] for s in asked},
            set(), 'that is another process')
    start = {s.a['mcp.method.name'] for s in spans} & {'initialize', 'server/discover'}
    r.equal(start, {'initialize' if mode == 'legacy' else 'server/discover'}, 'how it began')
    session = {s.a.get('mcp.session.id') for s in asked}
    r.check(len(session) == 1, 'one session, or none', session)
    r.equal(None not in session, kind == 'sse' or (kind != 'stdio' and mode == 'legacy'),
            'a session where it has one')
    r.equal([s for s in run.spans if 'mcp.method.name' not in s.a], [], 'nothing else')
    for key in ('rpc_unmatched', 'incomplete'):
        r.equal(run.stats[key], 0, key)


CASES = [(kind, mode) for kind in ('stdio', 'http', 'json', 'sse') for mode in ('auto', 'legacy')]


def a2a(r, binding, version):
    run, rows = watched(r, 'a2a %s %s' % (binding, version), ['both', binding, version], PY_A2A, 6)
    if not rows or daemon.BARE:
        return
    spans = sorted((s for s in run.spans if s.a.get('gen_ai.operation.name') == 'invoke_agent'),
                   key=lambda s: s.start)
    r.equal([s.a.get('gen_ai.conversation.id') for s in spans], [x['context'] for x in rows],
            'each task, by its context')
    r.equal([bool(s.error()) for s in spans], [x['state'].endswith('FAILED') for x in rows],
            'which of them failed')
    for key, want in (('gen_ai.agent.name', 'planner'), ('gen_ai.agent.version', '7.1'),
                      ('gen_ai.provider.name', 'a2a'), ('server.address', '127.0.0.1')):
        r.equal({s.a.get(key) for s in spans}, {want}, key)
    r.equal({(s.name, s.kind) for s in spans}, {('invoke_agent planner', 3)}, 'name and kind')
    rest = {(s.kind, s.name) for s in run.spans if s not in spans}
    r.check({(2, 'POST'), (3, 'GET')} <= rest <= {(2, 'POST'), (2, 'GET'), (3, 'GET')},
            'the rest is the card, and the server\'s end', rest)


A2A = [(binding, version) for binding in ('JSONRPC', 'HTTP+JSON') for version in ('1.0', '0.3')]


def tests(ctx):
    return ([('a2a: %s, %s' % case, lambda r, c=case: a2a(r, *c)) for case in A2A] +
            [('mcp: %s, %s' % case, lambda r, c=case: one(r, *c)) for case in CASES])
