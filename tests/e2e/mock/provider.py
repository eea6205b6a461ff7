#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mock model provider: OpenAI's and Anthropic's paths, and a log of what truly happened.

usage: provider.py --cert CHAIN --key KEY [--port N] [--log FILE]

It speaks HTTP/1.1; h2 where that is asked for by ALPN and allowed. Where it is told to, it grants
WebSockets on the path of responses (by upgrade, and by extended CONNECT on h2), with the directives
of websocket.py; else clients fall back. A request says what it wants in its x-mock header, or,
where the client sends none of ours, the script given to the provider says it: the directives of
wire.Writer, and
  status=N, fail=N (only the first N of this model), html   a refusal
  tools=N, reason, cache, events=N, finish=WORD             what a good answer holds
  err=N                                                     error inside the stream after N events
  garbage=text|cut|events|head                              a body (or head) that is none
  cut=N                                                     connection ends after N events
  close                                                     last response of the connection
"""
import argparse
import hashlib
import json
import ssl
import threading
import time

if __package__:
    from . import answers, errors, http2, websocket, wire
else:
    import os
    import sys
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from mock import answers, errors, http2, websocket, wire

PATHS = {'/v1/chat/completions': 'chat', '/v1/completions': 'completions',
         '/v1/embeddings': 'embeddings', '/v1/responses': 'responses',
         '/v1/messages': 'messages', '/v1/messages/count_tokens': 'count_tokens'}
MAKERS = {'chat': answers.chat, 'completions': answers.completions,
          'embeddings': answers.embeddings, 'responses': answers.responses,
          'messages': answers.messages}
KEPT = ('host', 'user-agent', 'content-type', 'accept-encoding', 'x-stainless-retry-count',
        'traceparent', 'x-mock', 'x-case')


def plain(req, facts):
    """Requests that ask no model: lists, counts, telemetry, health."""
    if req.method == 'HEAD' or req.path == '/health':
        return answers.Answer(ctype='text/plain', body=b'ok\n', facts=facts)
    if req.path == '/v1/messages/count_tokens':
        return answers.Answer(body=answers.dumps({'input_tokens': len(req.body) // 4}), facts=facts)
    if req.path == '/v1/models':
        data = [{'id': 'mock-%d' % i, 'object': 'model', 'created': 1, 'owned_by': 'mock'}
                for i in range(40)]
        return answers.Answer(body=answers.dumps({'object': 'list', 'data': data}), facts=facts)
    if req.method == 'POST' and req.path == '/telemetry':
        return answers.Answer(204, None, b'', facts=facts)
    if 'if-none-match' in req.headers:
        return answers.Answer(304, None, b'', facts=facts)
    return answers.Answer(404, body=answers.dumps({'error': {'message': 'no such path'}}),
                          facts=facts)


class Provider:
    """Serves until stop(). exchanges and connections hold the truth, in order of their ends.
    alpn: what it agrees to; h2c: by an upgrade, without TLS. script(api, body) gives directives
    to requests without any."""

    def __init__(self, cert=None, key=None, host='127.0.0.1', port=0, log=None,
                 alpn=('http/1.1',), script=None, path=None, websockets=False):
        self.script, self.websockets, self.h2c = script, websockets, 'h2c' in alpn
        self.lock = threading.Lock()
        self.exchanges, self.connections, self.asked = [], [], {}
        self.log = open(log, 'a', encoding='utf-8') if log else None
        tls = None
        if cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(cert, key)
            if websockets:
                # PyPI's websockets reads on one thread while it writes on another, and Python
                # before 3.13 does not guard its TLS object: a ticket that comes while the request
                # is sealed can break the client.
                tls.num_tickets = 0
            tls.set_alpn_protocols(list(alpn))
        self.server = wire.Server(self.connection, tls, host, port, path)
        self.port = self.server.port

    def take(self):
        """Waits for silence; returns what happened since the last time, and forgets it."""
        quiet = self.server.quiet()
        with self.lock:
            out = (self.exchanges, self.connections, quiet)
            self.exchanges, self.connections, self.asked = [], [], {}
        return out

    def note(self, kind, where, row):
        with self.lock:
            where.append(row)
            if self.log:
                self.log.write(wire.dumps(dict(kind=kind, **row)) + '\n')
                self.log.flush()

    def connection(self, conn):
        seq = 0
        try:
            if conn.protocol() == 'h2' or not conn.secure and conn.begins(b'PRI * '):
                http2.serve(conn, lambda req: self.exchange_h2(conn, req),
                            self.websocket_h2 if self.websockets else None)
            while self.exchange(conn, seq):
                seq += 1
        except wire.Closed:
            pass
        finally:
            self.note('connection', self.connections,
                      {'conn': conn.number, 'peer_port': conn.peer_port, 'exchanges': seq,
                       'received': conn.received, 'sent': conn.sent, 'doubt': conn.doubt,
                       'protocol': conn.protocol(), 'secure': conn.secure,
                       'tapes': (conn.rx, conn.tx)})

    def row(self, conn, seq, req):
        """What is known once a request is read: (row of the log, api, body, model)."""
        api, body = PATHS.get(req.path) if req.method == 'POST' else None, {}
        try:
            body = json.loads(req.body) if req.body else {}
        except ValueError:
            pass
        model = body.get('model') if isinstance(body, dict) else None
        row = {'conn': conn.number, 'seq': seq, 'peer_port': conn.peer_port, 'api': api,
               'default_port': 443 if conn.secure else 80, 'method': req.method,
               'target': req.target, 'model': model,
               'inference': api in MAKERS, 'headers': {k: req.headers[k] for k in KEPT
                                                       if k in req.headers},
               'request': {k: body[k] for k in body if k not in ('messages', 'input', 'prompt')}
               if isinstance(body, dict) else {},
               'request_len': len(req.body),
               'request_sha256': hashlib.sha256(req.body).hexdigest(),
               't_request_first': req.started, 't_request': req.read_at}
        return row, api, body, model

    def exchange_h2(self, conn, req):
        """One stream's request: (status, headers, parts of the body, trailers)."""
        row, api, body, model = self.row(conn, req.number, req)
        if req.grpc:
            head, trailers = [('content-type', 'application/grpc')], [('grpc-status', '0')]
            row.update(status=200, stream=False, facts={}, complete=True)
            self.note('exchange', self.exchanges, row)
            return 200, head, [req.body], trailers
        ans = self.answer(req, api, body, model)
        time.sleep(int(req.d.get('delay', 0)) / 1000)
        parts = [ans.body or b''] if ans.events is None else list(ans.events)
        parts = parts[:int(req.d['cut'])] if 'cut' in req.d else parts
        data, headers = b''.join(parts), list(ans.headers)
        row.update(status=ans.status, stream=ans.events is not None, facts=ans.facts,
                   complete='cut' not in req.d, response_len=len(data),
                   events=0 if ans.events is None else len(parts), t_first=req.read_at,
                   t_body=req.read_at, t_last=time.monotonic_ns(),
                   response_sha256=hashlib.sha256(data).hexdigest())
        self.note('exchange', self.exchanges, row)
        if 'coding' in req.d and parts:
            coder = wire.CODERS[req.d['coding']]()
            headers.append(('content-encoding', req.d['coding'].replace('-raw', '')))
            parts = [coder.write(p) for p in parts] + [coder.end()]
        return ans.status, headers, parts, None

    def exchange(self, conn, seq):
        """One request and its response. False: the connection ends here."""
        req = wire.Request(conn)
        if self.h2c and 'h2c' in req.headers.get('upgrade', '').lower():
            http2.serve(conn, lambda r: self.exchange_h2(conn, r), first=req)
        if self.websockets and req.headers.get('upgrade', '').lower() == 'websocket' and \
                self.has_socket(req.path):
            return self.websocket(conn, req)
        row, api, body, model = self.row(conn, seq, req)
        ans = self.answer(req, api, body, model)
        row.update(status=ans.status, stream=ans.events is not None, facts=ans.facts)
        writer = wire.Writer(conn, req.d, has_body=req.method != 'HEAD')
        row['complete'] = False
        try:
            self.respond(conn, req, ans, writer, row)
            row['complete'] = True
        finally:
            row.update(t_first=writer.first, t_body=writer.body_first, t_last=writer.last)
            self.note('exchange', self.exchanges, row)
        if 'close' in req.d or req.d.get('framing') == 'close' or \
                req.headers.get('connection', '').lower() == 'close':
            conn.close(req.d.get('end', 'clean'))
            return False
        return True

    # ---- WebSockets ------------------------------------------------------------------------
    def has_socket(self, path):
        return path == '/v1/responses'

    def opened(self, conn, req, ws):
        """Before the client's first message."""

    def websocket(self, conn, req):
        """The rest of this connection."""
        ws = websocket.Socket(req.headers, req.d, conn.send)
        lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
        lines += ['%s: %s' % h for h in ws.headers]
        conn.send('\r\n'.join(lines).encode() + b'\r\n\r\n')
        self.opened(conn, req, ws)
        while not ws.closed:
            data, conn.buf = conn.buf or conn.read(), b''
            for text in ws.feed(data):
                self.message(conn, req, ws, text)
        conn.sock.settimeout(0.3)
        try:
            while conn.read():    # what was under way when we closed
                pass
        finally:
            conn.close('clean')
        return False

    def websocket_h2(self, conn, req, write):
        """(headers, feed): what a stream answers, and what takes its data."""
        ws = websocket.Socket(req.headers, req.d, write)

        def feed(data):
            for text in ws.feed(data):
                self.message(conn, req, ws, text)
            return ws.closed
        return ws.headers, feed

    def socket_row(self, conn, req, text, **more):
        """The log's row of a call that this text of the client asks for."""
        return dict({'conn': conn.number, 'seq': getattr(req, 'number', 0),
                     'peer_port': conn.peer_port, 'websocket': True,
                     'default_port': 443 if conn.secure else 80, 'method': req.method,
                     'target': req.target, 'headers': {k: req.headers[k] for k in KEPT
                                                       if k in req.headers},
                     'request_len': len(text),
                     'request_sha256': hashlib.sha256(text.encode()).hexdigest(),
                     'status': 101, 'stream': True, 'complete': False, 'events': 0,
                     't_first': 0, 't_last': 0}, **more)

    def message(self, conn, req, ws, text):
        """One text of the client; response.create gets an answer, event by event."""
        now = time.monotonic_ns()
        body = json.loads(text)
        if body.get('type') != 'response.create':
            return
        d = wire.directives((body.get('metadata') or {}).get('mock', '')) or (
            self.script('responses', body) if self.script else {})
        warm, model = body.get('generate') is False, body.get('model')
        with self.lock:
            nth = self.asked[model] = self.asked.get(model, -1) + 1
        ans = answers.responses(answers.Maker(dict(body, stream=True), model, nth, d))
        if 'err' in d:
            ans = errors.break_stream('responses', ans, int(d['err']))
        texts = [x.split(b'data: ', 1)[1].decode().strip() for x in ans.events]
        if warm:
            texts = [answers.without_output(x) for x in (texts[0], texts[-1])]
        row = self.socket_row(conn, req, text, api='responses', model=model, inference=not warm,
                              request={k: body[k] for k in body if k != 'input'},
                              t_request_first=now, t_request=now, facts=ans.facts)
        try:
            for i, x in enumerate(texts):
                if i == int(d.get('cut', -1)) and 'code' in d:
                    if d['code'] != 'none':
                        ws.close(int(d['code']))
                    return
                if i == int(d.get('cut', -1)):
                    conn.close(d.get('end', 'hard'))
                    raise wire.Closed('cut')
                time.sleep(int(d.get('gap', 0)) / 1000)
                row['t_first'] = row['t_first'] or time.monotonic_ns()
                ws.send(x)
                row['events'] += 1
            row['complete'] = True
        finally:
            row.update(t_body=row['t_first'], t_last=time.monotonic_ns(),
                       response_len=sum(map(len, texts)),
                       response_sha256=hashlib.sha256(''.join(texts).encode()).hexdigest())
            self.note('exchange', self.exchanges, row)

    def answer(self, req, api, body, model):
        if 'websocket' in req.headers.get('upgrade', '').lower():
            return answers.Answer(426, body=answers.dumps({'error': {'message': 'no upgrade'}}))
        if api not in MAKERS:
            return plain(req, {})
        if self.script and not req.d:
            req.d = self.script(api, body)
        with self.lock:
            nth = self.asked[model] = self.asked.get(model, -1) + 1
        d = req.d
        if 'status' in d and nth < int(d.get('fail', 1 << 30)):
            return errors.refusal(api, int(d['status']), d)
        ans = MAKERS[api](answers.Maker(body, model, nth, d))
        if 'err' in d and ans.events:
            ans = errors.break_stream(api, ans, int(d['err']))
        if 'garbage' in d:
            ans = errors.break_json(ans, d['garbage'])
        ans.headers.append(('x-request-id', 'req_' + (ans.facts.get('response_id') or 'none')))
        return ans

    def respond(self, conn, req, ans, writer, row):
        if req.d.get('garbage') == 'head':
            conn.send(bytes(range(256)))
            conn.close('hard')
            raise wire.Closed('garbage')
        sent = hashlib.sha256()
        row['response_len'] = row['events'] = 0
        try:
            if ans.events is None:
                body = ans.body or b''
                sent.update(body)
                row['response_len'] = len(body)
                writer.head(ans.status, ans.headers, body)
            else:
                self.stream(conn, req, ans, writer, row, sent)
            writer.end(ans.events is not None)
        finally:
            row['response_sha256'] = sent.hexdigest()

    def stream(self, conn, req, ans, writer, row, sent):
        """The log counts events that were really written: a cut stream has fewer."""
        writer.head(ans.status, ans.headers, None)
        for i, event in enumerate(ans.events):
            if i == int(req.d.get('cut', -1)):
                writer.flush()
                conn.close(req.d.get('end', 'hard'))
                raise wire.Closed('cut')
            if 'watch' in req.d and conn.peer_gone():
                raise wire.Closed('client left')
            writer.part(event)
            sent.update(event)
            row['events'] += 1
            row['response_len'] += len(event)
        # Some clients leave at the last event, before the frame that ends the body.
        row['complete'] = 'cutbytes' not in req.d

    def stop(self):
        self.server.stop()
        if self.log:
            self.log.close()


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--cert')
    ap.add_argument('--key')
    ap.add_argument('--host', default='127.0.0.1')
    ap.add_argument('--port', type=int, default=0)
    ap.add_argument('--log')
    o = ap.parse_args()
    p = Provider(o.cert, o.key, o.host, o.port, o.log)
    print('listening on %s:%d' % (o.host, p.port), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        p.stop()


if __name__ == '__main__':
    main()
