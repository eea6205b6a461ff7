# SPDX-License-Identifier: Apache-2.0
"""OpenAI's responses over a WebSocket, by PyPI's websockets: one connection, a call after the
other, or each on a socket of its own. close: each on a socket of its own, whose end is told: by
whom it was closed, and the code; a case with `leave` is left after so many events, by that code.

usage: py_ws.py sync|async|close deflate|plain CASES"""
import asyncio
import hashlib
import json
import os
import ssl
import sys

BASE = os.environ['E2E_BASE'].replace('https:', 'wss:')
HEAD = {'authorization': 'Bearer sk-mock-0123456789abcdef'}


def context():
    return ssl.create_default_context(cafile=os.environ['E2E_CA'])


def asked(case):
    body = {k: v for k, v in case['body'].items() if k != 'stream'}
    return json.dumps(dict(body, type='response.create', metadata={'mock': case['mock']}))


class Row:
    """What the client saw of one call."""

    def __init__(self, case):
        self.row = {'case': case['name'], 'model': case['body']['model'], 'events': 0, 'id': None,
                    'finish': None, 'error': None}
        self.sum = hashlib.sha256()

    def take(self, text):
        """True when the call is over."""
        event = json.loads(text)
        self.sum.update(text.encode())
        self.row['events'] += 1
        self.row['id'] = (event.get('response') or {}).get('id') or self.row['id']
        if event['type'] in ('response.completed', 'response.incomplete', 'response.failed'):
            self.row.update(finish=event['type'], usage=event['response'].get('usage'))
            return True
        if event['type'] == 'error':
            self.row['error'] = event.get('code') or event['type']
            return True
        return False

    def say(self):
        print(json.dumps(dict(self.row, sha256=self.sum.hexdigest())), flush=True)


def settings(deflate):
    head = dict(HEAD)
    if os.environ.get('WS_MOCK'):
        head['x-mock'] = os.environ['WS_MOCK']
    return dict(compression='deflate' if deflate else None, ssl=context(),
                additional_headers=head, max_size=None)


def run_sync(cases, deflate):
    from websockets.sync.client import connect
    with connect(BASE + '/v1/responses', **settings(deflate)) as ws:
        for case in cases:
            row = Row(case)
            ws.send(asked(case))
            try:
                while not row.take(ws.recv()):
                    pass
            except Exception as e:    # the server may cut the line
                row.row['error'] = row.row['error'] or type(e).__name__
            row.say()
            if row.row['error'] and not row.row['finish']:
                return


def run_close(cases, deflate):
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect
    for case in cases:
        row = Row(case)
        with connect(BASE + '/v1/responses', **settings(deflate)) as ws:
            events, code = case.get('leave', (-1, 1000))
            try:
                if events:
                    ws.send(asked(case))
                while row.row['events'] != events and not row.take(ws.recv()):
                    pass
            except ConnectionClosed:
                pass
            ws.close(code)
        last = ws.protocol
        server = last.close_rcvd if last.close_rcvd_then_sent else None
        row.row['close'] = (server or last.close_sent).code
        row.row['by'] = 'server' if server else 'client'
        row.say()


async def run_async(cases, deflate):
    from websockets.asyncio.client import connect

    async def one(case):
        async with connect(BASE + '/v1/responses', **settings(deflate)) as ws:
            row = Row(case)
            await ws.send(asked(case))
            async for text in ws:
                if row.take(text):
                    break
            row.say()
    await asyncio.gather(*[one(c) for c in cases])


def main():
    mode, deflate, path = sys.argv[1], sys.argv[2] == 'deflate', sys.argv[3]
    with open(path, encoding='utf-8') as f:
        cases = json.load(f)
    if mode == 'sync':
        run_sync(cases, deflate)
    elif mode == 'close':
        run_close(cases, deflate)
    else:
        asyncio.run(run_async(cases, deflate))


main()
