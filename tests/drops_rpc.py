# SPDX-License-Identifier: Apache-2.0
"""What may become of the spans of MCP and A2A when a record of theirs is lost (tests/drops.py).

Many calls go over one stream and a session shares what it began with. A request is known again by
its process and its id. Each request that was told before is told still, and what is told of it is
what was told before, or part of that; if it is not marked, all of it, but for what the session
said of itself in the lost bytes."""
import collections

# What a session says once, for all its calls.
OF_SESSION = {'earshot.mcp.server.name', 'earshot.mcp.client.name', 'mcp.protocol.version',
              'mcp.session.id', 'gen_ai.agent.name', 'gen_ai.agent.version',
              'gen_ai.agent.description', 'earshot.mcp.progress.count'}
# Told by the other end, it has the other's view of the connection.
OF_ENDS = {'http.response.status_code', 'network.protocol.version', 'user_agent.original',
           'client.address', 'client.port', 'network.peer.address', 'network.peer.port',
           'server.address', 'server.port'}
MARKS = ('earshot.capture.', 'error.type', 'earshot.content.truncated')


def is_rpc(s):
    return 'mcp.method.name' in s.a or 'jsonrpc.request.id' in s.a


def is_notice(s):
    return s.a.get('mcp.method.name', '').startswith('notifications/')


def key_of(s):
    """Of a request; notifications stand for themselves. Where the sender's end lost it, the
    receiver's tells it."""
    return s.a.get('jsonrpc.request.id'), s.a.get('mcp.method.name')


def requests(spans):
    out = {}
    for s in spans:
        if is_rpc(s) and 'jsonrpc.request.id' in s.a:
            out.setdefault(key_of(s), []).append(s)
    return out


def wrong_in(got, want):
    """What is told of got and was not told of want, or is missing without a mark."""
    out = []
    marked = got.a.get('earshot.capture.complete') is False
    for k, v in got.a.items():
        if not k.startswith(MARKS) and want.a.get(k) != v and k not in OF_SESSION | OF_ENDS:
            out.append('%s: %s is %r, was %r' % (got.name, k, v, want.a.get(k)))
    if not marked:
        out += ['%s: %s is gone, and no mark' % (got.name, k) for k in want.a
                if k not in got.a and k not in OF_SESSION | OF_ENDS]
    return out


def matching(key, all_of):
    """What its answer alone told may lack the method."""
    return all_of.get(key) or [s for k, v in all_of.items() for s in v
                               if k[0] == key[0] and None in (k[1], key[1])]


def judge(base, got):
    """What is wrong, in words."""
    was, now = requests(base), requests(got)
    out = []
    for key, want in was.items():
        found = matching(key, now)
        if len(found) < len(want):
            out.append('%s: gone' % (key,))
        for g in found:
            faults = [wrong_in(g, w) for w in want]
            out += min(faults, key=len)
    for key, found in now.items():
        if len(matching(key, was)) < len(found):
            out.append('%s: of nothing, or twice' % (key,))
    # Notifications may be gone with their bytes; none is told twice, or of nothing.
    told = collections.Counter(s.a.get('mcp.method.name') for s in got if is_notice(s))
    had = collections.Counter(s.a.get('mcp.method.name') for s in base if is_notice(s))
    out += ['%s: of nothing, or twice' % m for m in told if told[m] > had[m]]
    # A request whose id was lost at one end is told by both: it cannot be known again.
    out += ['%s: without an id, and no mark' % s.name for s in got if is_rpc(s) and
            'jsonrpc.request.id' not in s.a and not is_notice(s) and
            s.a.get('earshot.capture.complete') is not False]
    tasks = {s.a.get('gen_ai.conversation.id') for s in base}
    out += ['%s: of nothing' % s.name for s in got if s.name.startswith('invoke_agent') and
            s.a.get('gen_ai.conversation.id') not in tasks | {None}]
    return out
