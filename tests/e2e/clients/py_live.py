# SPDX-License-Identifier: Apache-2.0
"""OpenAI's Realtime API by the openai package (PyPI): one connection, a turn after the other.

usage: py_live.py sync|async TURN...

Turns are those of tests/wire/live.py. Prints one JSON line for each response."""
import asyncio
import base64
import json
import os
import sys

from openai import AsyncOpenAI, OpenAI

MODEL = 'gpt-realtime-1'
SOUND = base64.b64encode(bytes(range(256)) * 8).decode()
SESSION = {'type': 'realtime', 'instructions': 'Be brief.', 'output_modalities': ['text']}
ITEM = {'type': 'message', 'role': 'user', 'content': [{'type': 'input_text', 'text': 'hi'}]}


def options():
    return dict(base_url=os.environ['E2E_BASE'] + '/v1', api_key='sk-mock-0123456789abcdef')


def asked(turn):
    return {'metadata': {'turn': turn}, 'max_output_tokens': 99, 'instructions': 'Be kind.'}


def say(turn, r, pieces):
    """r: the package's own object of the response."""
    u, d = r.usage, r.status_details
    items = r.output or []
    print(json.dumps({
        'turn': turn, 'id': r.id, 'conversation': r.conversation_id, 'status': r.status,
        'reason': d.reason if d else None, 'error': d.error.code if d and d.error else None,
        'input': u and u.input_tokens, 'output': u and u.output_tokens,
        'cached': u and u.input_token_details.cached_tokens,
        'tools': [[i.name, i.call_id] for i in items if i.type == 'function_call'],
        'text': ''.join(p.text or p.transcript or '' for i in items if i.type == 'message'
                        for p in i.content), 'pieces': pieces}), flush=True)


def answer(turn, event):
    """What the client does about an event: the name of the method to call, or None."""
    if event.type == 'response.output_audio.delta':
        return {'turn_detected': 'append', 'client_cancelled': 'cancel'}.get(turn)
    return None


def run_sync(turns):
    with OpenAI(**options()) as client, client.realtime.connect(model=MODEL) as c:
        c.session.update(session=SESSION)
        for turn in turns:
            pieces = 0
            if turn == 'spoken':
                c.input_audio_buffer.append(audio=SOUND)
            else:
                c.conversation.item.create(item=ITEM)
                c.response.create(response=asked(turn))
            while (event := c.recv()).type != 'response.done':
                pieces += event.type.endswith('.delta')
                do = answer(turn, event)
                if do == 'append':
                    c.input_audio_buffer.append(audio=SOUND)
                elif do == 'cancel':
                    c.response.cancel(response_id=event.response_id)
            say(turn, event.response, pieces)


async def run_async(turns):
    async with AsyncOpenAI(**options()) as client, client.realtime.connect(model=MODEL) as c:
        await c.session.update(session=SESSION)
        for turn in turns:
            pieces = 0
            if turn == 'spoken':
                await c.input_audio_buffer.append(audio=SOUND)
            else:
                await c.conversation.item.create(item=ITEM)
                await c.response.create(response=asked(turn))
            while (event := await c.recv()).type != 'response.done':
                pieces += event.type.endswith('.delta')
                do = answer(turn, event)
                if do == 'append':
                    await c.input_audio_buffer.append(audio=SOUND)
                elif do == 'cancel':
                    await c.response.cancel(response_id=event.response_id)
            say(turn, event.response, pieces)


def main():
    mode, *turns = sys.argv[1:]
    if mode == 'async':
        asyncio.run(run_async(turns))
    else:
        run_sync(turns)


main()
