#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""asyncio streams: TLS over memory BIOs, so no stream has an fd. All cases run at once, each on
its own connection, eight at a time.

usage: py_asyncio.py CASES
"""
import asyncio
import os
import ssl
import sys
import urllib.parse

import witness

BASE = urllib.parse.urlsplit(os.environ['E2E_BASE'])


async def read_head(r):
    """The final response head; 1xx heads before it are skipped."""
    while True:
        lines = (await r.readuntil(b'\r\n\r\n')).decode('latin-1').split('\r\n')
        status = int(lines[0].split(' ')[1])
        if status >= 200:
            pairs = (line.partition(':') for line in lines[1:] if line)
            return status, {k.strip().lower(): v.strip() for k, _, v in pairs}


async def read_chunks(r, parts):
    while True:
        size = int((await r.readuntil(b'\r\n')).split(b';')[0], 16)
        if size == 0:
            while await r.readuntil(b'\r\n') != b'\r\n':
                pass
            return
        parts.append(await r.readexactly(size))
        await r.readexactly(2)


async def read_body(r, case, status, head, parts):
    if case.get('method') == 'HEAD' or status in (204, 304):
        return
    if 'chunked' in head.get('transfer-encoding', ''):
        await read_chunks(r, parts)
    elif 'content-length' in head:
        parts.append(await r.readexactly(int(head['content-length'])))
    else:
        parts.append(await r.read())


async def exchange(r, w, case):
    body = witness.body_bytes(case)
    lines = ['%s %s HTTP/1.1' % (case.get('method', 'POST'), case['path']),
             'Host: ' + BASE.netloc, 'User-Agent: py-asyncio/1.0',
             'Content-Length: %d' % len(body)]
    lines += ['%s: %s' % kv for kv in witness.HEADERS.items()]
    lines += ['%s: %s' % kv for kv in case.get('headers', {}).items()]
    if case.get('mock'):
        lines.append('x-mock: ' + case['mock'])
    w.write('\r\n'.join(lines).encode() + b'\r\n\r\n' + body)
    await w.drain()
    parts = []
    try:
        status, head = await read_head(r)
    except (asyncio.IncompleteReadError, OSError, ValueError, IndexError):
        return {'case': case['name'], 'status': 0, 'error': 'cut'}
    try:
        await read_body(r, case, status, head, parts)
    except (asyncio.IncompleteReadError, OSError):
        return dict(witness.read_answer(case, status, head, b''.join(parts)), error='cut')
    return witness.read_answer(case, status, head, b''.join(parts))


async def one(case, room, ctx):
    async with room:
        r, w = await asyncio.open_connection(BASE.hostname, BASE.port, limit=1 << 24,
                                             ssl=ctx if BASE.scheme == 'https' else None)
        witness.say(await exchange(r, w, case))
        w.close()
        try:
            await w.wait_closed()
        except (OSError, ssl.SSLError):
            pass


async def main():
    ctx = ssl.create_default_context(cafile=os.environ['E2E_CA'])
    room = asyncio.Semaphore(8)
    await asyncio.gather(*(one(c, room, ctx) for c in witness.load_cases(sys.argv[1])))


asyncio.run(main())
