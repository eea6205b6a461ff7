# SPDX-License-Identifier: Apache-2.0
"""Plain HTTP moved in every way that Linux has, one connection for each. usage: py_plain.py PORT
UNIX_PATH CASE... Prints a case's name when it is over; then waits for its standard input."""
import ctypes
import mmap
import os
import select
import socket
import struct
import sys
import threading
import time

PORT, UNIX = int(sys.argv[1]), sys.argv[2]
LIBC = ctypes.CDLL(None, use_errno=True)
MSG_TRUNC = 0x20
X86 = os.uname().machine == 'x86_64'
NR_PREADV2, NR_PWRITEV2 = (327, 328) if X86 else (286, 287)


class Iovec(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint),
                ('iov', ctypes.POINTER(Iovec)), ('iovlen', ctypes.c_size_t),
                ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t),
                ('flags', ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [('hdr', Msghdr), ('len', ctypes.c_uint)]


def iovecs(buffers):
    return (Iovec * len(buffers))(*[Iovec(ctypes.addressof(b), len(b)) for b in buffers])


def messages(buffers):
    """One message for each buffer; what it points to has to be kept."""
    vecs = [iovecs([b]) for b in buffers]
    return (Mmsghdr * len(vecs))(*[Mmsghdr(Msghdr(None, 0, v, 1)) for v in vecs]), (vecs, buffers)


def filled(data):
    return ctypes.create_string_buffer(data, len(data))


def connect(path=None):
    if path:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
    else:
        s = socket.create_connection(('127.0.0.1', PORT))
    return s


def request(case, op, body=b'', extra=''):
    return ('POST /%s/%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n' % (
        op, case, extra, len(body))).encode() + body


def pattern(n, seed=1):
    return bytes((i * 31 + seed * 7 + (i >> 8)) & 0xff for i in range(n))


def until_end(s):
    data = b''
    while got := s.recv(65536):
        data += got
    return data


def head_and(s, n):
    """Reads one answer with n bytes of body, and no more."""
    data = b''
    while b'\r\n\r\n' not in data:
        data += s.recv(1, 0)
    left = n
    while left:
        got = s.recv(left)
        left -= len(got)
        data += got
    return data


# ---- ways to write ----

def send(name):
    with connect() as s:
        s.sendall(request(name, 'length-3000', pattern(5000)))
        head_and(s, 3000)


def send_piecemeal(name):
    """Half a head, then a byte at a time."""
    with connect() as s:
        data = request(name, 'length-10', pattern(100))
        s.send(data[:9])
        for i in range(9, len(data)):
            s.send(data[i:i + 1])
        head_and(s, 10)


def send_partial(name):
    """A small buffer that does not block takes a part of each write."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        s.connect(('127.0.0.1', PORT))
        s.setblocking(False)
        data = memoryview(request(name, 'length-100', pattern(700000)))
        while data:
            try:
                data = data[s.send(data):]
            except BlockingIOError:
                select.select([], [s], [])
        s.setblocking(True)
        head_and(s, 100)


def writev(name):
    with connect() as s:
        data = request(name, 'length-100', pattern(9000))
        parts = [data[i:i + 11] for i in range(0, len(data), 11)]
        for i in range(0, len(parts), 900):
            os.writev(s.fileno(), parts[i:i + 900])
        head_and(s, 100)


def sendmsg(name):
    with connect() as s:
        data = request(name, 'length-100', pattern(200000))
        s.sendmsg([b'', data[:1], b'', data[1:40], data[40:50000], data[50000:]])
        head_and(s, 100)


def sendmmsg(name, first=True):
    """Two messages in one call; the first call of the stream, or not."""
    with connect() as s:
        data = request(name, 'length-100', pattern(900))
        if not first:
            s.sendall(data)
            head_and(s, 100)
        m, keep = messages([filled(data[:300]), filled(data[300:])])
        assert LIBC.sendmmsg(s.fileno(), m, 2, 0) == 2 and keep
        head_and(s, 100)


def sendmmsg_later(name):
    sendmmsg(name, False)


def sendfile(name):
    with connect() as s, open(__file__, 'rb') as f:
        body = f.read(4000)
        s.sendall(request(name, 'length-100', body)[:-4000])
        sent = 0
        while sent < 4000:
            sent += os.sendfile(s.fileno(), f.fileno(), sent, 4000 - sent)
        head_and(s, 100)


def pwritev2(name):
    with connect() as s:
        b = [filled(request(name, 'length-100', pattern(2000)))]
        n = LIBC.syscall(NR_PWRITEV2, s.fileno(), iovecs(b), ctypes.c_long(1), ctypes.c_long(-1),
                         ctypes.c_long(-1), 0)
        assert n == len(b[0]), ctypes.get_errno()
        head_and(s, 100)


# ---- ways to read ----

def readv(name):
    with connect() as s:
        s.sendall(request(name, 'until-60000'))
        while os.readv(s.fileno(), [bytearray(7) for _ in range(300)]):
            pass


def recvmsg(name):
    with connect() as s:
        s.sendall(request(name, 'until-60000'))
        while s.recvmsg(5000, 100)[0]:
            pass


def peek(name):
    with connect() as s:
        s.sendall(request(name, 'until-60000'))
        while True:
            n = len(s.recv(1000, socket.MSG_PEEK))
            s.recvmsg_into([bytearray(500)], 0, socket.MSG_PEEK)
            if not n:
                break
            s.recv(n)


def waitall(name):
    with connect() as s:
        s.sendall(request(name, 'drip-30000'))
        while s.recv(9000, socket.MSG_WAITALL):
            pass


def trunc(name):
    """The middle of the answer is thrown away."""
    with connect() as s:
        s.sendall(request(name, 'length-60000'))
        n = len(head_and(s, 1000))
        s.recv(20000, MSG_TRUNC | socket.MSG_WAITALL)
        until = 60000 - 1000 - 20000
        while until:
            until -= len(s.recv(until))
        assert n


def recvmmsg(name):
    with connect() as s:
        s.sendall(request(name, 'length-9000'))
        head_and(s, 1000)
        m, keep = messages([ctypes.create_string_buffer(1000) for _ in range(4)])
        got = LIBC.recvmmsg(s.fileno(), m, 4, 0x100, None)    # MSG_WAITALL
        assert got == 4 and keep, got
        left = 8000 - sum(x.len for x in m)
        while left:
            left -= len(s.recv(left))


def splice(name, behind=3000):
    """The middle of the answer goes into a pipe, or its end."""
    r, w = os.pipe()
    with connect() as s:
        s.sendall(request(name, 'length-9000'))
        head_and(s, 1000)
        left = 8000 - behind
        while left:
            n = os.splice(s.fileno(), w, left)
            os.read(r, n)
            left -= n
        left = behind
        while left:
            left -= len(s.recv(left))
    os.close(r)
    os.close(w)


def splice_last(name):
    splice(name, 0)


def preadv2(name):
    with connect() as s:
        s.sendall(request(name, 'until-9000'))
        b = [ctypes.create_string_buffer(700), ctypes.create_string_buffer(800)]
        while LIBC.syscall(NR_PREADV2, s.fileno(), iovecs(b), ctypes.c_long(2), ctypes.c_long(-1),
                           ctypes.c_long(-1), 0) > 0:
            pass


class Ring:
    """As much of io_uring as one operation takes (include/uapi/linux/io_uring.h)."""
    RECV = 27

    def __init__(self):
        p = bytearray(120)
        self.fd = LIBC.syscall(425, 4, (ctypes.c_char * 120).from_buffer(p))
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), 'io_uring_setup')
        self.sq = struct.unpack_from('<7I', p, 40)    # head, tail, mask, ..., array
        self.cq = struct.unpack_from('<6I', p, 80)    # head, tail, mask, ..., cqes
        self.maps = [mmap.mmap(self.fd, n, offset=at) for n, at in (
            (self.sq[6] + 16, 0), (self.cq[5] + 16 * 8, 0x8000000), (64 * 4, 0x10000000))]

    def submit(self, op, fd, buf, n):
        sq, _, entries = self.maps
        struct.pack_into('<BBHiQQI', entries, 0, op, 0, 0, fd, 0, ctypes.addressof(buf), n)
        struct.pack_into('<I', sq, self.sq[6], 0)
        struct.pack_into('<I', sq, self.sq[1], 1)
        assert LIBC.syscall(426, self.fd, 1, 0, 0, None, 0) == 1

    def result(self):
        """Of the one operation; None: not yet."""
        cq = self.maps[1]
        if not struct.unpack_from('<I', cq, self.cq[1])[0]:
            return None
        return struct.unpack_from('<i', cq, self.cq[5] + 8)[0]


def uring_read(name):
    """io_uring reads for a thread at the end of whatever call the thread makes."""
    ring, (r, w) = Ring(), os.pipe()
    trap, into = filled(b'#' * 6000), ctypes.create_string_buffer(100000)
    with connect() as s:
        s.sendall(request(name, 'slow-2000'))
        ring.submit(Ring.RECV, s.fileno(), into, len(into))
        while ring.result() is None:
            os.write(w, trap.raw * 10)
            for _ in range(10):
                assert LIBC.read(r, trap, 6000) == 6000
        until_end(s)
    for fd in (r, w, ring.fd):
        os.close(fd)


def nonblocking(name):
    with connect() as s:
        s.sendall(request(name, 'drip-9000'))
        s.setblocking(False)
        while True:
            try:
                if not s.recv(5000):
                    break
            except BlockingIOError:
                time.sleep(0.001)


def read_zero(name):
    """A read of nothing is no end."""
    with connect() as s:
        s.sendall(request(name, 'length-100'))
        s.recv(0)
        head_and(s, 100)


# ---- ends ----

def half_close(name):
    """The request's side is closed before the answer comes: its end comes with the answer."""
    with connect() as s:
        s.sendall(request(name, 'slow-50000'))
        s.shutdown(socket.SHUT_WR)
        until_end(s)


def half_close_busy(name):
    """The same while the client never sleeps: the network's changes come with it as current."""
    with connect() as s:
        s.sendall(request(name, 'slow-5000'))
        s.shutdown(socket.SHUT_WR)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            pass
        until_end(s)


def half_close_left(name):
    """... and the client leaves before the answer comes."""
    with connect() as s:
        s.sendall(request(name, 'slow-5000'))
        s.shutdown(socket.SHUT_WR)
        time.sleep(0.05)


def half_close_late(name):
    """The answer and its end have come, nothing is read yet."""
    with connect() as s:
        s.sendall(request(name, 'until-5000'))
        time.sleep(0.1)
        s.shutdown(socket.SHUT_WR)
        until_end(s)


def shut_both_unread(name):
    """What has come can be read behind a shutdown of both directions."""
    with connect() as s:
        s.sendall(request(name, 'length-5000'))
        time.sleep(0.1)
        s.shutdown(socket.SHUT_RDWR)
        until_end(s)


def shut_both_unread_closed(name):
    """... or not be read."""
    with connect() as s:
        s.sendall(request(name, 'length-5000'))
        head_and(s, 2000)
        time.sleep(0.1)
        s.shutdown(socket.SHUT_RDWR)


def half_closed_unread(name):
    """Closed by both ends before the last of it is read, which it never is."""
    with connect() as s:
        s.sendall(request(name, 'slow-5000'))
        s.shutdown(socket.SHUT_WR)
        head_and(s, 2000)
        time.sleep(0.1)


def reset_read(name):
    with connect() as s:
        s.sendall(request(name, 'reset-2000'))
        head_and(s, 2000)
        time.sleep(0.1)
        try:
            s.recv(10)
        except ConnectionError:
            pass


def reset_write(name):
    with connect() as s:
        s.sendall(request(name, 'reset-2000'))
        head_and(s, 2000)
        time.sleep(0.1)
        try:
            s.sendall(b'x')
        except ConnectionError:
            pass


def reset_idle(name):
    """Told by nothing but the close."""
    with connect() as s:
        s.sendall(request(name, 'reset-2000'))
        head_and(s, 2000)
        time.sleep(0.1)


def linger(name):
    with connect() as s:
        s.sendall(request(name, 'length-2000'))
        head_and(s, 2000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def linger_long(name):
    with connect() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 5))
        s.sendall(request(name, 'length-2000'))
        head_and(s, 2000)


def dup_closed(name):
    """A copy of the descriptor is closed: the connection goes on."""
    with connect() as s:
        s.sendall(request(name, 'length-2000'))
        head_and(s, 2000)
        os.close(os.dup(s.fileno()))
        s.sendall(request(name, 'length-1000'))
        head_and(s, 1000)


def dup_onto_itself(name):
    with connect() as s:
        s.sendall(request(name, 'length-2000')[:30])
        os.dup2(s.fileno(), s.fileno())
        s.sendall(request(name, 'length-2000')[30:])
        head_and(s, 2000)


def other_thread_shuts(name):
    with connect() as s:
        s.sendall(request(name, 'length-2000'))
        head_and(s, 2000)
        t = threading.Thread(target=lambda: s.recv(10))
        t.start()
        time.sleep(0.05)
        s.shutdown(socket.SHUT_RDWR)
        t.join()


def closed_while_read(name):
    """Another thread closes the descriptor that this one reads from; the answer comes after."""
    s = connect()
    fd = s.detach()
    os.write(fd, request(name, 'slow-2000'))
    t = threading.Timer(0.05, os.close, (fd,))
    t.start()
    os.readv(fd, [bytearray(100000)])
    t.join()


def forked(name):
    """A child that shares the socket ends first."""
    with connect() as s:
        s.sendall(request(name, 'length-2000'))
        head_and(s, 2000)
        if not os.fork():
            os._exit(0)
        os.wait()
        s.sendall(request(name, 'length-1000'))
        head_and(s, 1000)


def mapped(name):
    """A write from a file's pages that nobody has touched yet."""
    with open(__file__, 'rb') as f, connect() as s:
        body = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        s.sendall(request(name, 'length-100', body[:10])[:-10])
        s.sendall(memoryview(body)[:10])
        head_and(s, 100)


def unix(name):
    with connect(UNIX) as s:
        s.sendall(request(name, 'until-60000', pattern(2000)))
        until_end(s)


def unix_abstract(name):
    with connect('\0' + UNIX) as s:
        s.sendmsg([request(name, 'until-3000', pattern(2000))])
        until_end(s)


for case in sys.argv[3:]:
    globals()[case](case)
    print(case, flush=True)
time.sleep(0.05)
sys.stdin.readline()
