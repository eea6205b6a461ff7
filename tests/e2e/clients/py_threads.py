# SPDX-License-Identifier: Apache-2.0
"""Message threads of the anthropic package (PyPI): the server keeps the conversation.

usage: py_threads.py sync|async MODEL...

A model's name says what is answered (tests/wire/scenario.py); each turn asks another one, every
second turn streamed, and the last thing it does is to fork the thread, which begins a new one."""
import asyncio
import os
import sys

from anthropic import Anthropic, AsyncAnthropic

import witness

OPTIONS = dict(base_url=os.environ['E2E_BASE'], api_key='sk-ant-mock-0123456789', max_retries=0)


def said(reply):
    """What the next turn begins with: results of the tools that the reply called, or words."""
    calls = [b.id for b in reply.content if b.type == 'tool_use'] if reply else []
    return {'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': i, 'content': 'x'}
                                        for i in calls] or 'And now?'}


def say(model, reply, previous, kept):
    s = witness.Seen()
    witness.messages(s, reply.model_dump(mode='json', exclude_unset=True))
    details = reply.usage.output_tokens_details
    witness.set_usage(s, reasoning=details and details.thinking_tokens)
    witness.say(dict(s.row(), model=model, answered=reply.model, status=200, previous=previous,
                     kept=kept))


def run_sync(models):
    with Anthropic(**OPTIONS) as client:
        thread, reply = client.beta.messages.thread(model=models[0], max_tokens=256), None
        for i, model in enumerate([*models, models[0]]):
            if i == len(models):
                thread = thread.fork()
            previous = thread.previous_message_id
            if i % 2:
                with thread.stream(said(reply), model=model) as events:
                    reply = events.get_final_message()
            else:
                reply = thread.send(said(reply), model=model)
            say(model, reply, previous, thread.previous_message_id)


async def run_async(models):
    async with AsyncAnthropic(**OPTIONS) as client:
        thread, reply = client.beta.messages.thread(model=models[0], max_tokens=256), None
        for i, model in enumerate([*models, models[0]]):
            if i == len(models):
                thread = thread.fork()
            previous = thread.previous_message_id
            if i % 2:
                async with thread.stream(said(reply), model=model) as events:
                    reply = await events.get_final_message()
            else:
                reply = await thread.send(said(reply), model=model)
            say(model, reply, previous, thread.previous_message_id)


def main():
    mode, *models = sys.argv[1:]
    if mode == 'async':
        asyncio.run(run_async(models))
    else:
        run_sync(models)


main()
