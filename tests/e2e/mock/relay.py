# SPDX-License-Identifier: Apache-2.0
"""A relay between a client and a server that is not ours: what passes is the truth."""
import socket
import threading

from . import wire


class Relay:
    """On 127.0.0.1:port; every connection is one to target, a port. take() as of Provider."""

    def __init__(self, target):
        self.target, self.connections, self.lock = target, [], threading.Lock()
        self.server = wire.Server(self.connection)
        self.port = self.server.port

    def connection(self, conn):
        with socket.create_connection(('127.0.0.1', self.target)) as there:
            back = threading.Thread(target=self.backwards, args=(conn, there), daemon=True)
            back.start()
            try:
                while True:
                    there.sendall(conn.read())
            except (OSError, wire.Closed):
                pass
            try:
                there.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            back.join(10)
        with self.lock:
            self.connections.append({
                'conn': conn.number, 'protocol': None, 'received': conn.received,
                'sent': conn.sent, 'doubt': conn.doubt, 'tapes': (conn.rx, conn.tx)})

    def backwards(self, conn, there):
        try:
            while data := there.recv(65536):
                conn.send(data)
            conn.sock.shutdown(socket.SHUT_WR)
        except (OSError, wire.Closed):
            pass

    def take(self):
        quiet = self.server.quiet()
        with self.lock:
            out, self.connections = self.connections, []
        return [], out, quiet

    def stop(self):
        self.server.stop()
