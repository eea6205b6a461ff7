# SPDX-License-Identifier: Apache-2.0
"""What may become of calls on a WebSocket when a record is lost (tests/drops.py).

All calls of a socket share its handshake, so that any of them may lack what that said. Where the
compression's window goes on from message to message, what comes behind a loss cannot be read: such
calls may be gone, and something is marked. Nothing is wrong: a call is known again by its
response's id, and what is told of it is what was told before, or part of that."""

# The handshake's, and what is not told any more once the socket is seen by itself.
OF_HANDSHAKE = {'server.address', 'server.port', 'gen_ai.provider.name', 'openai.api.type',
                'user_agent.original', 'network.peer.address', 'network.peer.port',
                'gen_ai.response.time_to_first_chunk'}
MARKS = ('earshot.capture.', 'error.type', 'earshot.content.truncated')


def is_mark(name):
    return name.startswith(MARKS)


def faults(got, want, part_of):
    out = []
    marked = got.a.get('earshot.capture.complete') is False
    for k, v in got.a.items():
        if is_mark(k) or (k in OF_HANDSHAKE and k not in want.a) or want.a.get(k) == v:
            continue
        if k not in want.a or not (marked and part_of(k, v, want.a[k])):
            out.append('%s: %s: %r became %r' % (want.name, k, want.a.get(k), v))
    if not marked:
        out += ['%s: %s is gone, and no mark' % (want.name, k) for k in want.a
                if k not in got.a and k not in OF_HANDSHAKE]
    return out


def judge(base, got, part_of):
    """part_of(name, got, want): got says no more than want. What is wrong, in words."""
    was = {s.id: s for s in base if s.id}
    out, found = [], set()
    for s in got:
        if s.id in was:
            out += faults(s, was[s.id], part_of)
            found.add(s.id)
        elif s.id:
            out.append('%s: of nothing' % s.name)
        elif s.a.get('earshot.capture.complete') is not False:
            out.append('%s: no id, and no mark' % s.name)
    marked = any(s.a.get('earshot.capture.complete') is False for s in got)
    if set(was) - found and not marked:
        out.append('%d calls are gone, and nothing is marked' % len(set(was) - found))
    return out
