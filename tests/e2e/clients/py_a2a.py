#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent that asks another over A2A: the SDK for Python, client and server.

usage: py_a2a.py both JSONRPC|HTTP+JSON 1.0|0.3
       py_a2a.py serve BINDING VERSION         prints its port
       py_a2a.py client PORT

The client prints one JSON line for each task: the context and the state that the SDK tells."""
import asyncio
import json
import logging
import os
import socket
import subprocess
import sys

import httpx
from a2a.client.client import ClientConfig
from a2a.client.client_factory import create_client
from a2a.helpers import proto_helpers as make
from a2a.server.agent_execution.agent_executor import AgentExecutor
from a2a.server.request_handlers.default_request_handler_v2 import DefaultRequestHandlerV2
from a2a.server.routes.agent_card_routes import create_agent_card_routes
from a2a.server.routes.jsonrpc_routes import create_jsonrpc_routes
from a2a.server.routes.rest_routes import create_rest_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import a2a_pb2 as a2a

logging.disable(logging.CRITICAL)


class Planner(AgentExecutor):
    """Fails where it is asked to."""

    async def execute(self, context, queue):
        task = make.new_task_from_user_message(context.message)
        await queue.enqueue_event(task)
        bad = 'fail' in make.get_message_text(context.message)
        for state in (a2a.TASK_STATE_WORKING,
                      a2a.TASK_STATE_FAILED if bad else a2a.TASK_STATE_COMPLETED):
            await queue.enqueue_event(make.new_text_status_update_event(
                task.id, task.context_id, state, 'so it is'))

    async def cancel(self, context, queue):
        raise NotImplementedError


def card(url, binding, version):
    return a2a.AgentCard(
        name='planner', description='Plans ahead', version='7.1',
        supported_interfaces=[a2a.AgentInterface(url=url, protocol_binding=binding,
                                                 protocol_version=version)],
        capabilities=a2a.AgentCapabilities(streaming=True),
        default_input_modes=['text/plain'], default_output_modes=['text/plain'],
        skills=[a2a.AgentSkill(id='p', name='plan', description='plans', tags=['x'])])


def serve(binding, version):
    import uvicorn
    from starlette.applications import Starlette
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
        about = card('http://127.0.0.1:%d/' % port, binding, version)
        handler = DefaultRequestHandlerV2(Planner(), InMemoryTaskStore(), about)
        old = version == '0.3'
        routes = (create_jsonrpc_routes(handler, '/', enable_v0_3_compat=old)
                  if binding == 'JSONRPC' else
                  create_rest_routes(handler, enable_v0_3_compat=old))
        app = Starlette(routes=create_agent_card_routes(about) + routes)
        print(port, flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level='critical')).run(sockets=[s])


async def ask(client, text, streaming):
    message = make.new_text_message(text, role=a2a.ROLE_USER)
    context = state = None
    async for r in client.send_message(a2a.SendMessageRequest(message=message)):
        for part in (r.task, r.status_update):
            context = part.context_id or context
            state = part.status.state or state
    print(json.dumps({'streaming': streaming, 'context': context,
                      'state': a2a.TaskState.Name(state)}), flush=True)


async def client(port):
    for streaming in (False, True):
        config = ClientConfig(streaming=streaming, httpx_client=httpx.AsyncClient(),
                              supported_protocol_bindings=['JSONRPC', 'HTTP+JSON'])
        c = await create_client('http://127.0.0.1:%s' % port, config)
        for text in ('plan', 'please fail', 'plan ' * int(os.environ.get('E2E_LARGE', 20000))):
            await ask(c, text, streaming)


def both(*args):
    server = subprocess.Popen([sys.executable, __file__, 'serve', *args], stdout=subprocess.PIPE)
    try:
        port = server.stdout.readline().decode().strip()
        return subprocess.call([sys.executable, __file__, 'client', port])
    finally:
        server.terminate()
        server.wait()


if sys.argv[1] == 'both':
    sys.exit(both(*sys.argv[2:4]))
elif sys.argv[1] == 'serve':
    serve(*sys.argv[2:])
else:
    asyncio.run(client(sys.argv[2]))
