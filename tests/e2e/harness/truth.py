# SPDX-License-Identifier: Apache-2.0
"""Byte truth: each connection that the server had is one stream that earshot read, and holds the
same bytes in both directions. Streams come from --stats-file with --all-streams."""

# Sources whose streams are connections of the client; others are pipes and the like.
WIRES = ('tls', 'go', 'aead', 'socket')


class Pair:
    """A connection and its stream, and what is between them."""

    def __init__(self, conn, stream):
        self.conn, self.stream = conn, stream
        self.unread = conn['tapes'][1].count - stream['passed'][1]

    @property
    def lost(self):
        return sum(self.stream['lost']) + sum(self.stream['ignored'])


def same(tape, stream, i, partly):
    """Does this direction of the stream hold that tape (partly: or a beginning of it)? Where
    bytes are missing and counted, only lengths can agree."""
    n, whole = stream['passed'][i], tape.count
    if n > whole or (n < whole and not partly):
        return False
    if stream['captured'][i] + stream['lost'][i] + stream['ignored'][i] != n:
        return False
    if stream['lost'][i] or stream['ignored'][i]:
        return True
    digest = stream.get('digest')
    return digest is None or n == 0 or digest[i] == tape.digest(n)


def fits(conn, stream, received_only=False):
    """The server reads all that a client writes, but a client need not read all."""
    rx, tx = conn['tapes']
    if received_only:
        return stream['passed'][0] == 0 and same(tx, stream, 1, True)
    return same(rx, stream, 0, False) and same(tx, stream, 1, True)


def match(connections, streams, received_only=False, sources=WIRES):
    """(pairs, connections without a stream, streams without a connection): as many pairs as can
    be made, since equal connections may stand for each other. received_only: the client is known
    to write in a way that cannot be read, and nothing may be claimed of that side."""
    conns = [c for c in connections if c['tapes'][0].count or c['tapes'][1].count]
    rows = [s for s in streams if sum(s['passed']) and s.get('source', 'tls') in sources]
    options = [sorted((i for i, s in enumerate(rows) if fits(c, s, received_only)),
                      key=lambda i, c=c: c['tapes'][1].count - rows[i]['passed'][1])
               for c in conns]
    taken = {}

    def place(c, seen):
        for i in options[c]:
            if i not in seen:
                seen.add(i)
                if i not in taken or place(taken[i], seen):
                    taken[i] = c
                    return True
        return False

    for c in range(len(conns)):
        place(c, set())
    pairs = [Pair(conns[c], rows[i]) for i, c in sorted(taken.items())]
    placed = set(taken.values())
    return (pairs, [c for i, c in enumerate(conns) if i not in placed],
            [s for i, s in enumerate(rows) if i not in taken])


def describe(conn):
    rx, tx = conn['tapes']
    return 'connection %s (%s): received %d %s, sent %d %s, first bytes %r' % (
        conn['conn'], conn['protocol'] or 'no ALPN', rx.count, rx.digest(), tx.count, tx.digest(),
        bytes(rx.data[:40]))


def describe_stream(s):
    return 'stream of %s %s: passed %s captured %s lost %s ignored %s digest %s' % (
        s.get('tgid'), s.get('source'), s['passed'], s['captured'], s['lost'], s['ignored'],
        s.get('digest'))


class Score:
    """Sums for the table of what was seen."""

    def __init__(self, run, received_only=False, sources=WIRES):
        self.pairs, self.unseen, self.spare = match(
            run.connections, run.stats.get('streams', []), received_only, sources)
        conns = [p.conn for p in self.pairs] + self.unseen
        self.expected = [sum(c['tapes'][i].count for c in conns) for i in (0, 1)]
        self.seen = [sum(p.stream['captured'][i] for p in self.pairs) for i in (0, 1)]
        self.unread = sum(p.unread for p in self.pairs)

    def complete(self):
        return bool(self.pairs) and not self.unseen and not self.spare


def bytes_match(r, run, unread=0, received_only=False, sources=WIRES):
    """unread: the most that this client may leave unread of each connection: what the server
    sent behind the last answer. Returns the Score."""
    score = Score(run, received_only, sources)
    r.check(any(score.expected), 'the client came to the server', run.stderr[-800:])
    r.check(not score.unseen and not score.spare,
            'each of %d connections is one stream, byte for byte' % len(run.connections),
            '\n'.join(['%d pairs' % len(score.pairs)] + [describe(c) for c in score.unseen] +
                      [describe_stream(s) for s in score.spare]))
    for p in score.pairs:
        # What the server could not finish sending, the client did not get.
        if not r.check(p.unread <= unread + p.conn['doubt'], 'all was read that was sent',
                       '%d of %d bytes were not\n%s' % (p.unread, p.conn['sent'],
                                                        describe(p.conn))):
            break
    r.equal(sum(p.lost for p in score.pairs), 0, 'nothing lost or ignored')
    if received_only:
        said = run.stderr + str(run.stats.get('attach'))
        r.check('received only' in said.lower(), 'it says that only one side is seen', said)
    return score
