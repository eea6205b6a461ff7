# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 for clients that speak nothing else: the same answers as over HTTP/1.1, and gRPC calls
that get their message back. The framing is the h2 package's, so that it is nobody's here."""
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
        self.parts, self.out, self.trailers = [], b'', None

    @property
    def grpc(self):
        return self.headers.get('content-type', '').startswith('application/grpc')


class Session:
    """One connection. answer(request) -> (status, headers, body, trailers or None)."""

    def __init__(self, conn, answer):
        import h2.config
        import h2.connection
        self.conn, self.answer, self.streams = conn, answer, {}
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding='utf-8'))

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        while True:
            data, self.conn.buf = self.conn.buf or self.conn.read(), b''
            for event in self.h2.receive_data(data):
                self.take(event)
            self.push()
            self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.conn.send(data)

    def take(self, event):
        kind, number = type(event).__name__, getattr(event, 'stream_id', 0)
        if kind == 'RequestReceived':
            self.streams[number] = Stream(number, event.headers, time.monotonic_ns())
        elif kind == 'DataReceived' and number in self.streams:
            self.streams[number].parts.append(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, number)
        elif kind == 'StreamEnded' and number in self.streams:
            self.respond(self.streams[number])
        elif kind == 'StreamReset':
            self.streams.pop(number, None)
        elif kind == 'ConnectionTerminated':
            self.streams.clear()

    def respond(self, s):
        s.body, s.read_at = b''.join(s.parts), time.monotonic_ns()
        status, headers, body, s.trailers = self.answer(s)
        self.h2.send_headers(s.number, [(':status', str(status))] + [
            (k.lower(), v) for k, v in headers])
        s.out, s.ended = body, False
        self.push()

    def push(self):
        """As much as the client's windows let through."""
        for s in [s for s in self.streams.values() if hasattr(s, 'ended')]:
            while s.out:
                room = min(self.h2.local_flow_control_window(s.number),
                           self.h2.max_outbound_frame_size)
                if room <= 0:
                    return
                self.h2.send_data(s.number, s.out[:room])
                s.out = s.out[room:]
                self.flush()
            if s.trailers:
                self.h2.send_headers(s.number, s.trailers, end_stream=True)
            else:
                self.h2.end_stream(s.number)
            del self.streams[s.number]


def serve(conn, answer):
    """Until the client has left. Errors of the protocol end it like a close."""
    import h2.exceptions
    try:
        Session(conn, answer).run()
    except h2.exceptions.ProtocolError as e:
        raise wire.Closed('h2: %s' % e)
