# SPDX-License-Identifier: Apache-2.0
"""An OTLP/HTTP receiver that keeps all it gets, and says no in every way the protocol has."""
import base64
import ssl
import threading
import time
import zlib

from . import wire


def partial_success(rejected, message):
    """An ExportTraceServiceResponse: 1 partial_success {1 rejected int64, 2 message string}."""
    text = message.encode()
    inner = b'\x08' + bytes([rejected]) + b'\x12' + bytes([len(text)]) + text
    return b'\x0a' + bytes([len(inner)]) + inner


class Reply:
    def __init__(self, status=200, body=b'', headers=(), delay=0, hang_up=False):
        self.status, self.body, self.headers = status, body, list(headers)
        self.delay, self.hang_up = delay, hang_up


class Collector:
    """replies: what to answer to the first requests; all later ones are taken."""

    def __init__(self, replies=(), cert=None, key=None, port=0):
        self.replies, self.requests, self.lock = list(replies), [], threading.Lock()
        tls = None
        if cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(cert, key)
            tls.set_alpn_protocols(['http/1.1'])
        self.server = wire.Server(self.connection, tls, port=port)
        self.port = self.server.port

    def connection(self, conn):
        try:
            while self.one(conn):
                pass
        except wire.Closed:
            pass

    def one(self, conn):
        req = wire.Request(conn)
        body = req.body
        if req.headers.get('content-encoding') == 'gzip':
            body = zlib.decompress(body, 31)
        with self.lock:
            reply = self.replies.pop(0) if self.replies else Reply()
            self.requests.append({'at': time.monotonic(), 'path': req.path, 'status': reply.status,
                                  'hung_up': reply.hang_up, 'headers': req.headers, 'body': body})
        time.sleep(reply.delay)
        if reply.hang_up:
            conn.close('reset')
            return False
        head = [('content-type', req.headers.get('content-type', 'application/x-protobuf'))]
        writer = wire.Writer(conn, {})
        writer.head(reply.status, head + reply.headers, reply.body)
        writer.end(False)
        return True

    def taken(self):
        """Bodies that were answered with 200, in order."""
        with self.lock:
            return [r['body'] for r in self.requests if r['status'] == 200 and not r['hung_up']]

    def stop(self):
        self.server.stop()


def decode(bodies):
    """ExportTraceServiceRequest objects in the OTLP JSON form, read by a decoder that is not
    ours (PyPI opentelemetry-proto). Raises ImportError where it is not installed."""
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    out = []
    for body in bodies:
        msg = trace_service_pb2.ExportTraceServiceRequest()
        msg.ParseFromString(body)
        o = json_format.MessageToDict(msg, use_integers_for_enums=True)
        for rs in o.get('resourceSpans', []):
            for ss in rs.get('scopeSpans', []):
                for s in ss.get('spans', []):
                    for k in ('traceId', 'spanId', 'parentSpanId'):
                        if k in s:
                            s[k] = base64.b64decode(s[k]).hex()
        out.append(o)
    return out
