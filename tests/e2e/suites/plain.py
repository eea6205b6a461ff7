# SPDX-License-Identifier: Apache-2.0
"""Plain HTTP in every way that Linux has to move bytes and to end a connection: each record holds
what the far end's own log has at that place, what is missing is counted, and the end is seen."""
import ctypes
import os
import re
import socket
import struct
import subprocess
import threading
import time

from harness import daemon, env

from .clients import script

RESET = struct.pack('ii', 1, 0)    # SO_LINGER: closes with RST
DATA, CLOSE, SETTLE = 1, 2, 69

# What the far end wrote and read, is: all there; all there that was read; there or counted.
WHOLE, BEGIN, COUNTED = 'whole', 'begin', 'counted'
CASES = {
    'sendmmsg': COUNTED, 'sendmmsg_later': COUNTED, 'recvmmsg': COUNTED,
    'writev': WHOLE, 'sendmsg': WHOLE,
    'send': WHOLE, 'send_piecemeal': WHOLE, 'send_partial': WHOLE, 'sendfile': COUNTED,
    'mapped': WHOLE, 'readv': WHOLE, 'recvmsg': WHOLE, 'peek': WHOLE, 'waitall': WHOLE,
    'pwritev2': WHOLE, 'preadv2': WHOLE, 'uring_read': COUNTED, 'splice': COUNTED,
    'splice_last': COUNTED, 'trunc': COUNTED,
    'nonblocking': WHOLE, 'read_zero': WHOLE, 'half_close': WHOLE,
    'half_close_busy': WHOLE, 'half_close_late': WHOLE, 'half_closed_unread': BEGIN,
    'shut_both_unread': WHOLE, 'shut_both_unread_closed': BEGIN, 'reset_read': WHOLE,
    'reset_write': WHOLE, 'reset_idle': WHOLE, 'linger': WHOLE, 'linger_long': WHOLE,
    'other_thread_shuts': WHOLE, 'forked': WHOLE, 'unix': WHOLE, 'unix_abstract': WHOLE,
    'dup_onto_itself': WHOLE, 'dup_closed': WHOLE, 'closed_while_read': BEGIN,
    'half_close_left': BEGIN,
}
# enum es_socket: who hung up; 1: the client, 2: the far end.
HUNG_UP = {'send': 1, 'linger': 1, 'half_close_left': 1, 'half_close': 2, 'reset_idle': 2,
           'reset_write': 2, 'readv': 2}
# System calls tell of a close by the descriptor alone, and nothing of io_uring.
NOT_BY_CALLS = ('dup_closed', 'closed_while_read', 'uring_read')


def pattern(n):
    return bytes((i * 37 + (i >> 8) * 3) & 0xff for i in range(n))


def uring_here():
    libc = ctypes.CDLL(None)
    fd = libc.syscall(425, 1, (ctypes.c_char * 120)())    # io_uring_setup
    return fd >= 0 and os.close(fd) is None


class Far:
    """The other end of one connection: what it read and what it wrote."""

    def __init__(self, sock):
        self.sock, self.name, self.tapes, self.buf = sock, None, (bytearray(), bytearray()), b''

    def fill(self):
        got = self.sock.recv(65536)
        if not got:
            raise EOFError
        self.tapes[0].extend(got)
        self.buf += got

    def send(self, data):
        self.sock.sendall(data)
        self.tapes[1].extend(data)

    def one(self):
        """Answers one request; True: it was the last."""
        while b'\r\n\r\n' not in self.buf:
            self.fill()
        head, self.buf = self.buf.split(b'\r\n\r\n', 1)
        how, n, name = re.match(rb'POST /(\w+)-(\d+)/(\w+)', head).groups()
        length = int(re.search(rb'Content-Length: (\d+)', head).group(1))
        self.name = name.decode()
        while len(self.buf) < length:
            self.fill()
        self.buf = self.buf[length:]
        return getattr(self, how.decode())(int(n))

    def length(self, n):
        self.send(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % n + pattern(n))

    def reset(self, n):
        self.length(n)
        time.sleep(0.05)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return True

    def until(self, n, piece=1 << 20):
        self.send(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
        body = pattern(n)
        for i in range(0, n, piece):
            self.send(body[i:i + piece])
            time.sleep(0.002)
        return True

    def drip(self, n):
        return self.until(n, 1000)

    def slow(self, n):
        time.sleep(0.15)
        return self.until(n)


class FarEnd:
    """Listens on TCP and on unix sockets, one with a name in a folder and one without."""

    def __init__(self, path):
        self.far, self.stop, self.path = [], False, path
        self.sockets = [socket.create_server(('127.0.0.1', 0))]
        for name in (path, '\0' + path):
            s = socket.socket(socket.AF_UNIX)
            s.bind(name)
            s.listen(8)
            self.sockets.append(s)
        self.port = self.sockets[0].getsockname()[1]
        self.threads = [threading.Thread(target=self.listen, args=(s,)) for s in self.sockets]
        for t in self.threads:
            t.start()

    def listen(self, s):
        s.settimeout(0.1)
        while not self.stop:
            try:
                c = s.accept()[0]
            except TimeoutError:
                continue
            c.settimeout(10)
            self.far.append(Far(c))
            threading.Thread(target=self.serve, args=(self.far[-1],), daemon=True).start()
        s.close()

    def serve(self, far):
        try:
            while not far.one():
                pass
        except (EOFError, OSError):
            pass
        far.sock.close()

    def close(self):
        self.stop = True
        for t in self.threads:
            t.join()


class Stream:
    def __init__(self):
        self.pieces, self.ends, self.passed, self.lost = ([], []), [], (0, 0), (0, 0)
        self.hung_up = 0

    def bytes(self, i):
        return b''.join(data for _, data in self.pieces[i])


def streams(path):
    """Those of plain sockets, out of a recording (abi.h)."""
    out, at = {}, 24
    with open(path, 'rb') as f:
        data = f.read()
    while at < len(data):
        kind, _, size, _, tgid, _ = struct.unpack_from('<HHIQII', data, at)
        key = (tgid, *struct.unpack_from('<QQQ', data, at + 24)) if kind in (
            DATA, CLOSE, SETTLE) else None
        if kind == DATA:
            offset, _, _, n = struct.unpack_from('<QQII', data, at + 48)
            out.setdefault(key, Stream()).pieces[data[at + 72]].append(
                (offset, data[at + 80:at + 80 + n]))
        elif key in out:
            out[key].ends.append(kind)
            numbers = struct.unpack_from('<4Q', data, at + 48)
            out[key].hung_up, = struct.unpack_from('<I', data, at + 112)
            out[key].passed, out[key].lost = numbers[:2], numbers[2:]
        at += (size + 7) & ~7
    return list(out.values())


def judge(r, far, stream, want):
    name = far.name
    for i, what in enumerate(('requests', 'answers')):
        tape = bytes(far.tapes[i])
        wrong = [at for at, data in stream.pieces[i] if tape[at:at + len(data)] != data]
        r.check(not wrong, '%s: what is read of the %s is what was there' % (name, what), wrong)
        got, lost = len(stream.bytes(i)), stream.lost[i]
        r.equal(got + lost, stream.passed[i], '%s: all of the %s is counted' % (name, what))
        if want != BEGIN or not i:
            r.equal(stream.passed[i], len(tape), '%s: no byte of the %s is forgotten' % (
                name, what))
    r.equal(sum(stream.lost) > 0, want == COUNTED, '%s: bytes lost' % name)
    if not name.startswith('unix'):
        r.equal(stream.ends, [CLOSE], '%s: the end is seen when it comes' % name)
    if name in HUNG_UP:
        r.equal(stream.hung_up, HUNG_UP[name], '%s: who hung up' % name)


def test(r, cases, options):
    folder = daemon.folder('plain')
    run, far = daemon.Run(folder), FarEnd(os.path.join(folder, 's'))
    try:
        p = subprocess.run(daemon.command(run, [
            env.PYTHON, script('py_plain.py'), str(far.port), far.path, *cases],
            ['--all-streams', '--http', 'all', *options]), input='\n', capture_output=True,
            text=True, timeout=120, check=False)
    finally:
        far.close()
    r.equal((p.returncode, p.stdout.split()[:len(cases)]), (0, list(cases)), 'the client is done')
    read = streams(run.path('record'))
    for x in far.far:
        mine = [s for s in read if b'/%s ' % x.name.encode() in s.bytes(0)] or [
            s for s in read if not s.pieces[0] and s.passed[0] == len(x.tapes[0])]
        if r.equal(len(mine), 1, '%s: one stream' % x.name):
            judge(r, x, mine[0], CASES[x.name])
            read.remove(mine[0])
    r.check(not read, 'and no more', [s.pieces for s in read])


def here(r):
    cases = list(CASES)
    if not uring_here():
        r.skip('plain: bytes and ends', 'no io_uring here')
        cases.remove('uring_read')
    test(r, cases, ())


def tests(_ctx):
    if daemon.BARE:
        return []
    old = [x for x in CASES if x not in NOT_BY_CALLS]
    return [('plain: bytes and ends', here),
            ('plain: bytes and ends, --plain syscalls',
             lambda r: test(r, old, ('--plain', 'syscalls')))]
