# SPDX-License-Identifier: Apache-2.0
"""The server's end of a WebSocket (RFC 6455, RFC 7692), whatever carries its bytes.

What the directives of the handshake (x-mock) may ask for:
  deflate=off                 no permessage-deflate, though the client offers it
  nocontext                   no message of the server refers to another
  bits=N                      the server's window
  frames=N                    messages are cut into frames of at most N bytes
  ping                        a ping between two frames or messages, whose answer is awaited by none
"""
import base64
import hashlib
import struct
import zlib

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
TAIL = b'\0\0\xff\xff'


class Socket:
    """feed() takes bytes and returns whole texts; write(bytes) is how the answers leave."""

    def __init__(self, headers, d, write):
        self.write, self.d, self.buf, self.message, self.packed = write, d, b'', b'', False
        self.closed = self.said_close = False
        offer = headers.get('sec-websocket-extensions', '')
        self.headers, self.inflater, self.deflater = [], None, None
        if 'sec-websocket-key' in headers:
            key = hashlib.sha1(headers['sec-websocket-key'].encode() + GUID).digest()
            self.headers.append(('sec-websocket-accept', base64.b64encode(key).decode()))
        if 'permessage-deflate' in offer and d.get('deflate') != 'off':
            self.agree(offer)

    def agree(self, offer):
        params = ['permessage-deflate']
        self.bits = int(self.d.get('bits', 15))
        if self.bits < 15:
            params.append('server_max_window_bits=%d' % self.bits)
        self.alone = 'nocontext' in self.d or 'server_no_context_takeover' in offer
        if self.alone:
            params.append('server_no_context_takeover')
        self.client_alone = 'client_no_context_takeover' in offer
        if self.client_alone:
            params.append('client_no_context_takeover')
        self.headers.append(('sec-websocket-extensions', '; '.join(params)))
        self.inflater, self.deflater = zlib.decompressobj(-15), self.new_deflater()

    def new_deflater(self):
        return zlib.compressobj(6, zlib.DEFLATED, -self.bits)

    def feed(self, data):
        self.buf += data
        out = []
        while not self.closed and (frame := self.next_frame()):
            text = self.take(*frame)
            if text is not None:
                out.append(text)
        return out

    def next_frame(self):
        """(first byte, payload) of the next whole frame, or None."""
        if len(self.buf) < 2:
            return None
        n, at = self.buf[1] & 127, 2
        if n > 125:
            wide = 2 if n == 126 else 8
            if len(self.buf) < 2 + wide:
                return None
            n, at = int.from_bytes(self.buf[2:2 + wide], 'big'), 2 + wide
        if len(self.buf) < at + 4 + n:
            return None
        first, mask = self.buf[0], self.buf[at:at + 4]
        body = self.buf[at + 4:at + 4 + n]
        self.buf = self.buf[at + 4 + n:]
        plain = int.from_bytes(body, 'big') ^ int.from_bytes((mask * (n // 4 + 1))[:n], 'big')
        return first, plain.to_bytes(n, 'big')

    def take(self, first, payload):
        op = first & 15
        if op == CLOSE:
            self.closed = True
            if not self.said_close:
                self.send_frame(0x80 | CLOSE, payload[:2])
        elif op == PING:
            self.send_frame(0x80 | PONG, payload)
        elif op < CLOSE:
            if op:
                self.packed = bool(first & 64)
            self.message += payload
            if first & 128:
                return self.whole()
        return None

    def whole(self):
        data, self.message = self.message, b''
        if self.packed:
            data = self.inflater.decompress(data + TAIL)
            if self.client_alone:
                self.inflater = zlib.decompressobj(-15)
        return data.decode()

    def send_frame(self, first, payload):
        n = len(payload)
        head = bytes([first, n]) if n < 126 else struct.pack('>BBH', first, 126, n) \
            if n < 65536 else struct.pack('>BBQ', first, 127, n)
        self.write(head + payload)

    def close(self, code=1000):
        """The client's answer to it is what closes."""
        self.send_frame(0x80 | CLOSE, struct.pack('>H', code) + b'the owl')
        self.said_close = True

    def send(self, text, kind=TEXT):
        data, first = text.encode(), kind
        if self.deflater:
            data = self.deflater.compress(data) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
            data, first = data[:-4], first | 64
            if self.alone:
                self.deflater = self.new_deflater()
        size = int(self.d.get('frames', 0)) or len(data) or 1
        cuts = [data[k:k + size] for k in range(0, len(data), size)] or [b'']
        for i, part in enumerate(cuts):
            last = 128 if i == len(cuts) - 1 else 0
            self.send_frame((0 if i else first) | last, part)
            if 'ping' in self.d:
                self.send_frame(0x80 | PING, b'%d' % i)
