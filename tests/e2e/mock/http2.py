# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 for clients that speak nothing else: the same answers as over HTTP/1.1, and gRPC calls
that get their message back. The framing is the h2 package's, so that it is nobody's here.

Each part of an answer (an event) is a DATA frame and a write of its own, and streams take turns.
Of the directives of wire.Writer it knows coding=NAME, early=N, delay=MS, gap=MS, trailers, and
  cut=N                         the server resets the stream after N parts
  goaway                        it says GOAWAY once this stream is answered"""
import collections
import select
import time

from . import wire


class Stream:
    """One request as far as it has come; with the names of wire.Request once it is whole."""

    def __init__(self, number, headers, now):
        head = {k.lower(): v for k, v in headers}
        self.number, self.started = number, now
        self.method, self.target = head.get(':method', ''), head.get(':path', '/')
        self.path = self.target.split('?')[0]
        self.headers = {k: v for k, v in head.items() if not k.startswith(':')}
        self.headers.setdefault('host', head.get(':authority', ''))
        self.d = wire.directives(self.headers.get('x-mock', ''))
        self.parts, self.out, self.trailers, self.ended = [], None, None, False
        self.protocol, self.feed, self.over = head.get(':protocol'), None, False

    @property
    def grpc(self):
        return self.headers.get('content-type', '').startswith('application/grpc')


class Session:
    """One connection. answer(request) -> (status, headers, parts of the body, trailers).
    socket(conn, request, write) -> (headers, feed(data) -> closed): WebSockets, by extended
    CONNECT (RFC 8441); None: they are not offered."""

    def __init__(self, conn, answer, socket=None):
        import h2.config
        import h2.connection
        self.conn, self.answer, self.socket, self.streams = conn, answer, socket, {}
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding='utf-8'))
        self.open_state = h2.connection.ConnectionState.SERVER_OPEN

    def run(self, first=None):
        """first: the request that asked for the upgrade, as wire.Request; its answer is stream
        1's (RFC 7540 section 3.2)."""
        if self.socket:
            import h2.settings
            self.h2.local_settings = h2.settings.Settings(client=False, initial_values={
                h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1,
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100})
        if first:
            self.granted(first)
        else:
            self.h2.initiate_connection()
        self.flush()
        while True:
            data, self.conn.buf = self.conn.buf or self.conn.read(), b''
            for event in self.h2.receive_data(data):
                self.take(event)
            self.push()
            self.flush()

    def granted(self, first):
        self.conn.send(b'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n'
                       b'Upgrade: h2c\r\n\r\n')
        self.h2.initiate_upgrade_connection(first.headers.pop('http2-settings').encode())
        for name in ('connection', 'upgrade'):
            del first.headers[name]
        s = self.streams[1] = Stream(1, [(':method', first.method), (':path', first.target)] +
                                     list(first.headers.items()), first.started)
        s.parts = [first.body]
        self.respond(s)

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.conn.send(data)

    def take(self, event):
        kind, number = type(event).__name__, getattr(event, 'stream_id', 0)
        if kind == 'RequestReceived':
            self.streams[number] = Stream(number, event.headers, time.monotonic_ns())
            if self.socket and self.streams[number].protocol == 'websocket':
                self.upgrade(self.streams[number])
        elif kind == 'DataReceived' and number in self.streams:
            self.h2.acknowledge_received_data(event.flow_controlled_length, number)
            s = self.streams[number]
            if s.feed:
                s.over |= s.feed(event.data)
            else:
                s.parts.append(event.data)
        elif kind == 'StreamEnded' and number in self.streams:
            if self.streams[number].feed:
                self.streams[number].over = True
            else:
                self.respond(self.streams[number])
        elif kind == 'StreamReset':
            self.streams.pop(number, None)
        elif kind == 'ConnectionTerminated':
            # Streams that are open go on (RFC 9113 section 6.8); the package thinks not.
            self.h2.state_machine.state = self.open_state

    def upgrade(self, s):
        s.out = collections.deque()
        headers, s.feed = self.socket(self.conn, s, s.out.append)
        self.h2.send_headers(s.number, [(':status', '200')] + headers)
        self.flush()

    def respond(self, s):
        s.body, s.read_at = b''.join(s.parts), time.monotonic_ns()
        status, headers, parts, s.trailers = self.answer(s)
        for _ in range(int(s.d.get('early', 0))):
            self.h2.send_headers(s.number, [(':status', '103'), ('link', '</style.css>')])
        if 'trailers' in s.d:
            s.trailers = [('x-trailer', 'yes')]
        self.h2.send_headers(s.number, [(':status', str(status))] + [
            (k.lower(), v) for k, v in headers])
        s.out = collections.deque(p for p in parts if p)
        self.flush()

    def waits(self):
        """The client has said something meanwhile."""
        sock = self.conn.sock
        pending = sock.pending() if self.conn.secure else 0
        return bool(pending or select.select([sock], [], [], 0)[0])

    def push(self):
        """As much as the client's windows let through, a part of each stream at a time; until
        the client says something."""
        moved = True
        while moved and not self.waits():
            moved = False
            for s in [s for s in self.streams.values() if s.out is not None]:
                moved |= self.push_one(s)
                self.flush()

    def push_one(self, s):
        if not s.out and s.feed and not s.over:
            return False
        if not s.out:
            self.finish(s)
            return True
        room = min(self.h2.local_flow_control_window(s.number), self.h2.max_outbound_frame_size)
        if room <= 0:
            return False
        time.sleep(int(s.d.get('gap', 0)) / 1000)
        part = s.out.popleft()
        self.h2.send_data(s.number, part[:room])
        if len(part) > room:
            s.out.appendleft(part[room:])
        return True

    def finish(self, s):
        del self.streams[s.number]
        if 'cut' in s.d:
            self.h2.reset_stream(s.number, 2)    # INTERNAL_ERROR
        elif s.trailers:
            self.h2.send_headers(s.number, s.trailers, end_stream=True)
        else:
            self.h2.end_stream(s.number)
        if 'goaway' in s.d:
            self.conn.send(self.h2.data_to_send() + GOAWAY + s.number.to_bytes(4, 'big') +
                           bytes(4))


# Length 8, type 7, no flags, stream 0; the last stream and NO_ERROR follow. The package would
# count the connection as closed, but its streams go on (RFC 9113 section 6.8).
GOAWAY = bytes((0, 0, 8, 7, 0, 0, 0, 0, 0))


def serve(conn, answer, socket=None, first=None):
    """Until the client has left. Errors of the protocol end it like a close."""
    import h2.exceptions
    try:
        Session(conn, answer, socket).run(first)
    except h2.exceptions.ProtocolError as e:
        raise wire.Closed('h2: %s' % e)
