#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The MCP SDK for Python, client and server, in each of its transports and revisions.

usage: py_mcp.py client stdio|http|json|sse auto|legacy [PORT]
       py_mcp.py serve stdio|http|json|sse              over HTTP it prints its port
       py_mcp.py both http|json|sse auto|legacy         each as a child

The client prints one JSON line for each thing it asked, in order: method, what about, and what
the SDK made of the answer. First of all it prints what it agreed on with the server."""
import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import warnings

from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import Root

logging.disable(logging.CRITICAL)
warnings.simplefilter('ignore')
server = MCPServer('clockwork', version='4.2', log_level='ERROR')


@server.tool()
def echo(text: str) -> str:
    """Says it again."""
    return text


@server.tool()
def fail() -> str:
    """Never works."""
    raise RuntimeError('out of springs')


@server.tool()
async def wind(turns: int, ctx: Context) -> str:
    """Tells how far it is."""
    for i in range(turns):
        await ctx.report_progress(i + 1, turns)
    return 'wound'


@server.tool()
async def whose(ctx: Context) -> str:
    """Asks back."""
    return str(len((await ctx.session.list_roots()).roots))


@server.resource('clock://face')
def face() -> str:
    return 'XII'


@server.prompt()
def ask(what: str) -> str:
    return 'What is %s?' % what


def say(**what):
    print(json.dumps(what), flush=True)


async def progress(done, total, message):
    pass


async def tool(client, name, args, **more):
    r = await client.call_tool(name, args, **more)
    say(method='tools/call', tool=name, failed=bool(r.is_error))


async def use(client, legacy):
    say(version=client.protocol_version, server=client.server_info.name)
    say(method='tools/list', count=len((await client.list_tools()).tools))
    for size in (3, int(os.environ.get('E2E_LARGE', 100000))):
        await tool(client, 'echo', {'text': 'tück' * size})
    await tool(client, 'fail', {})
    await tool(client, 'wind', {'turns': 3}, progress_callback=progress)
    if legacy:
        await tool(client, 'whose', {})
    r = await client.read_resource('clock://face')
    say(method='resources/read', uri='clock://face', same=r.contents[0].text == 'XII')
    await client.get_prompt('ask', {'what': 'time'})
    say(method='prompts/get', prompt='ask')
    for what, call in (('tools/call', lambda: client.call_tool('none', {})),
                       ('prompts/get', lambda: client.get_prompt('none', {}))):
        try:
            r = await call()
            say(method=what, about='none', failed=r.is_error)
        except Exception as e:    # the SDK's own class holds the code
            say(method=what, about='none', code=e.error.code)


async def roots(context):
    from mcp.types import ListRootsResult
    return ListRootsResult(roots=[Root(uri='file:///x')])


async def client(kind, mode, port):
    url = 'http://127.0.0.1:%s/' % port
    to = {'stdio': lambda: StdioServerParameters(command=sys.executable,
                                                 args=[__file__, 'serve', 'stdio'],
                                                 env=dict(os.environ)),
          'http': lambda: url + 'mcp', 'json': lambda: url + 'mcp',
          'sse': lambda: sse_client(url + 'sse')}[kind]()
    async with Client(to, mode=mode, list_roots_callback=roots) as c:
        await use(c, mode == 'legacy' and kind != 'json')


def serve(kind):
    if kind == 'stdio':
        server.run('stdio')
        return
    import uvicorn
    app = (server.sse_app() if kind == 'sse' else
           server.streamable_http_app(json_response=kind == 'json'))
    with socket.create_server(('127.0.0.1', 0)) as s:
        print(s.getsockname()[1], flush=True)
        config = uvicorn.Config(app, log_level='error', timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[s])


def both(kind, mode):
    server = subprocess.Popen([sys.executable, __file__, 'serve', kind], stdout=subprocess.PIPE)
    try:
        port = server.stdout.readline().decode().strip()
        return subprocess.call([sys.executable, __file__, 'client', kind, mode, port])
    finally:
        server.terminate()
        server.wait()


if sys.argv[1] == 'serve':
    serve(sys.argv[2])
elif sys.argv[1] == 'both':
    sys.exit(both(*sys.argv[2:4]))
else:
    asyncio.run(client(*sys.argv[2:4], sys.argv[4] if len(sys.argv) > 4 else 0))
