# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as servers really speak it: any framing, coding, cut and pause, on request."""
import json
import random
import socket
import ssl
import struct
import threading
import time
import zlib

from .tape import Tape

LINGER_RESET = struct.pack('ii', 1, 0)


DISTANCE = 0.02    # seconds: two round trips of 10 ms


class Closed(Exception):
    """The peer closed, or we did: this connection is over."""


class Conn:
    """One accepted connection. Keeps the plaintext that really went each way."""

    def __init__(self, sock, number, peer):
        self.sock, self.number, self.peer_port = sock, number, peer[1] if peer else 0
        self.buf = b''
        self.rx, self.tx, self.doubt = Tape(), Tape(), 0
        self.first_byte = self.opened = time.monotonic_ns()

    @property
    def received(self):
        return self.rx.count

    @property
    def sent(self):
        return self.tx.count - self.doubt

    def protocol(self):
        """What ALPN came to, or None."""
        return self.sock.selected_alpn_protocol() if self.secure else None

    @property
    def secure(self):
        return isinstance(self.sock, ssl.SSLSocket)

    def read(self):
        """Whatever comes next, past the buffer."""
        try:
            got = self.sock.recv(262144)
        except (OSError, ValueError) as e:
            raise Closed(str(e))
        if not got:
            raise Closed('eof')
        self.rx.add(got)
        return got

    def fill(self):
        got = self.read()
        if not self.buf:
            self.first_byte = time.monotonic_ns()
        self.buf += got

    def begins(self, mark):
        """The next bytes are these; waits until that can be told."""
        while len(self.buf) < len(mark) and mark.startswith(self.buf):
            self.fill()
        return self.buf.startswith(mark)

    def take_until(self, mark):
        while mark not in self.buf:
            self.fill()
        head, self.buf = self.buf.split(mark, 1)
        return head

    def take(self, n):
        parts = []
        while n > len(self.buf):
            parts.append(self.buf)
            n -= len(self.buf)
            self.buf = b''
            self.fill()
        parts.append(self.buf[:n])
        self.buf = self.buf[n:]
        return b''.join(parts)

    def send(self, data):
        self.tx.add(data)
        try:
            self.sock.sendall(data)
        except OSError as e:
            self.doubt = len(data)    # how much of it left is not known
            raise Closed(str(e))

    def peer_gone(self):
        """True when the client has closed its side (or half of it)."""
        self.sock.setblocking(False)
        try:
            return self.sock.recv(1) == b''
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self.sock.setblocking(True)

    def close(self, how='clean'):
        """clean: TLS close first; hard: only TCP closes; reset: TCP says RST."""
        try:
            if how == 'reset':
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
            elif how == 'clean' and self.secure:
                self.sock.settimeout(2)
                self.sock.unwrap()
        except (OSError, ValueError):
            pass
        self.sock.close()


class Request:
    def __init__(self, conn):
        head = conn.take_until(b'\r\n\r\n').decode('latin-1')
        self.started = conn.first_byte
        self.received_before = conn.received
        lines = head.split('\r\n')
        self.method, self.target, self.version = lines[0].split(' ', 2)
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            self.headers.setdefault(name.strip().lower(), value.strip())
        self.path = self.target.split('?')[0]
        self.d = directives(self.headers.get('x-mock', ''))
        if self.headers.get('expect', '').lower() == '100-continue':
            conn.send(b'HTTP/1.1 100 Continue\r\n\r\n')
        self.body = self.read_body(conn)
        self.read_at = time.monotonic_ns()

    def read_body(self, conn):
        if 'chunked' in self.headers.get('transfer-encoding', '').lower():
            parts = []
            while True:
                size = int(conn.take_until(b'\r\n').split(b';')[0], 16)
                if size == 0:
                    while conn.take_until(b'\r\n'):
                        pass
                    return b''.join(parts)
                parts.append(conn.take(size))
                conn.take(2)
        return conn.take(int(self.headers.get('content-length') or 0))


def dumps(row):
    """A row of the log as JSON; of a tape, only its digest."""
    return json.dumps(row, default=Tape.digest)


def directives(text):
    """'pieces=7, close, coding=gzip' -> {'pieces': '7', 'close': '', 'coding': 'gzip'}"""
    pairs = (p.strip().partition('=') for p in text.split(',') if p.strip())
    return {k.strip(): v.strip() for k, _, v in pairs}


# ---- content codings --------------------------------------------------------------------------
class Identity:
    def write(self, data):
        return data

    def end(self):
        return b''


class Zlib:
    """Flushed after each write, or a stream of events would wait in the coder."""

    def __init__(self, wbits):
        self.c = zlib.compressobj(6, zlib.DEFLATED, wbits)

    def write(self, data):
        return self.c.compress(data) + self.c.flush(zlib.Z_SYNC_FLUSH)

    def end(self):
        return self.c.flush(zlib.Z_FINISH)


class Brotli:
    def __init__(self):
        import brotli
        self.c = brotli.Compressor(quality=5)

    def write(self, data):
        return self.c.process(data) + self.c.flush()

    def end(self):
        return self.c.finish()


class Zstd:
    def __init__(self):
        import zstandard
        self.block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self.c = zstandard.ZstdCompressor().compressobj()

    def write(self, data):
        return self.c.compress(data) + self.c.flush(self.block)

    def end(self):
        return self.c.flush()


CODERS = {'identity': Identity, 'gzip': lambda: Zlib(31), 'deflate': lambda: Zlib(15),
          'deflate-raw': lambda: Zlib(-15), 'br': Brotli, 'zstd': Zstd}


def codings_here():
    """The codings that this machine can make."""
    def works(name):
        try:
            CODERS[name]()
        except ImportError:
            return False
        return True
    return {name for name in CODERS if works(name)}


# ---- responses --------------------------------------------------------------------------------
REASONS = {200: 'OK', 204: 'No Content', 304: 'Not Modified', 400: 'Bad Request',
           401: 'Unauthorized', 404: 'Not Found', 426: 'Upgrade Required',
           429: 'Too Many Requests', 500: 'Oops',
           502: 'Bad Gateway', 503: 'Unavailable', 529: 'Overloaded'}


class Writer:
    """
    One response. What the directives may ask for:
      pieces=N | pieces=rand:SEED   each write to TLS is at most N bytes, or random
      join                          pieces are cut over the whole response, not each event
      framing=chunked|length|close  how the body ends
      coding=gzip|deflate|deflate-raw|br|zstd
      early=N                       N 103 responses first
      trailers                      behind a chunked body
      delay=MS, gap=MS              before the head, between the body's parts
      cutbytes=N                    the connection dies after N bytes of the response
      end=clean|hard|reset          how it dies then
    """

    def __init__(self, conn, d, has_body=True):
        self.conn, self.d, self.has_body = conn, d, has_body
        self.first = self.body_first = self.last = 0
        self.left = int(d['cutbytes']) if 'cutbytes' in d else None
        self.held = []
        coding = d.get('coding', 'identity')
        self.coder = CODERS[coding]()
        self.coding = coding.replace('-raw', '')
        pieces = d.get('pieces', '0')
        self.rng = random.Random(pieces) if pieces.startswith('rand') else None
        self.size = 0 if self.rng else int(pieces)

    def framing(self, length):
        want = self.d.get('framing')
        if want == 'length' and length is None:
            want = 'chunked'
        return want or ('chunked' if length is None else 'length')

    def head(self, status, headers, body):
        """body: bytes if it is known now (and coded here), else None."""
        if 'delay' in self.d:
            time.sleep(int(self.d['delay']) / 1000)
        for _ in range(int(self.d.get('early', 0))):
            self.emit(b'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n')
        if body is not None:
            body = self.coder.write(body) + self.coder.end() if body else body
        self.mode = self.framing(None if body is None else len(body))
        lines = ['HTTP/1.1 %d %s' % (status, REASONS.get(status, 'Status'))]
        lines += ['%s: %s' % h for h in headers]
        if self.coding != 'identity':
            lines.append('Content-Encoding: ' + self.coding)
        if self.mode == 'chunked':
            lines.append('Transfer-Encoding: chunked')
        elif self.mode == 'length' and status not in (204, 304):
            lines.append('content-length: %d' % len(body))
        if self.mode == 'close' or 'close' in self.d:
            lines.append('Connection: close')
        if 'trailers' in self.d:
            lines.append('Trailer: x-mock-sum')
        self.emit('\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n')
        if body and self.has_body:
            self.frame(body)

    def part(self, data):
        if self.body_first and 'gap' in self.d:
            time.sleep(int(self.d['gap']) / 1000)
        self.frame(self.coder.write(data))

    def frame(self, data):
        if not data:
            return
        size = int(self.d.get('chunk', 0)) or len(data)
        for k in range(0, len(data), size):
            part = data[k:k + size]
            if self.mode == 'chunked':
                ext = ';note="a;b"' if 'ext' in self.d else ''
                part = b'%x%s\r\n%s\r\n' % (len(part), ext.encode(), part)
            self.emit(part)
        self.body_first = self.body_first or time.monotonic_ns()

    def end(self, streamed):
        if streamed:
            self.frame(self.coder.end())
        if self.mode == 'chunked' and self.has_body:
            sums = b'x-mock-sum: 1\r\nx-other: two\r\n' if 'trailers' in self.d else b''
            self.emit(b'0\r\n' + sums + b'\r\n')
        self.flush()

    def emit(self, data):
        if 'join' in self.d:
            self.held.append(data)
        else:
            self.cut(data)

    def flush(self):
        held, self.held = b''.join(self.held), []
        self.cut(held)

    def cut(self, data):
        if self.left is not None:
            data = data[:self.left]
            self.left -= len(data)
        k = 0
        while k < len(data):
            n = self.rng.randint(1, 97) if self.rng else self.size or len(data)
            self.first = self.first or time.monotonic_ns()
            self.conn.send(data[k:k + n])
            k += n
        self.last = time.monotonic_ns()
        if self.left == 0:
            self.conn.close(self.d.get('end', 'hard'))
            raise Closed('cut')


class Server:
    """Accepts, hands each connection to handle() on its own thread, and can wait for silence."""

    def __init__(self, handle, tls=None, host='127.0.0.1', port=0, path=None):
        """path: of a unix socket, instead of a port."""
        self.handle, self.tls = handle, tls
        if path:
            self.sock, self.port = socket.socket(socket.AF_UNIX), 0
            self.sock.bind(path)
            self.sock.listen(256)
        else:
            self.sock = socket.create_server((host, port), backlog=256)
            self.port = self.sock.getsockname()[1]
        self.lock = threading.Condition()
        self.open, self.count = set(), 0
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                sock, peer = self.sock.accept()
            except OSError:
                return
            with self.lock:
                self.count += 1
                number = self.count
                self.open.add(number)
            threading.Thread(target=self.serve, args=(sock, number, peer), daemon=True).start()

    def serve(self, sock, number, peer):
        try:
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(60)
            if self.tls:
                # The way to a server: on loopback a client would be through its handshake
                # before anybody else on a busy machine had the time to look at it.
                time.sleep(DISTANCE)
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.handle(Conn(sock, number, peer))
        except (OSError, ValueError):
            pass    # a handshake that failed is the client's to tell
        finally:
            sock.close()
            with self.lock:
                self.open.discard(number)
                self.lock.notify_all()

    def quiet(self, seconds=10):
        """Waits until no connection is open. False: some still are."""
        with self.lock:
            return self.lock.wait_for(lambda: not self.open, seconds)

    def stop(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)    # wakes accept(), which holds the port
        except OSError:
            pass
        self.sock.close()
        self.thread.join(2)
