#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The openai and anthropic SDKs (PyPI), as their users call them.

usage: py_sdk.py sync|async|sync-h2|async-h2 CASES
"""
import asyncio
import inspect
import os
import sys

import anthropic
import openai

import witness

BASE = os.environ['E2E_BASE']
OPENAI_KEY, ANTHROPIC_KEY = 'sk-mock-0123456789abcdef', 'sk-ant-mock-0123456789'
# Also what the SDKs' own error classes look like when the wire breaks under a stream.
BROKEN = ('RemoteProtocolError', 'ReadError', 'ConnectError', 'APIConnectionError')


def openai_call(c, case):
    api = {'chat': c.chat.completions, 'completions': c.completions, 'embeddings': c.embeddings,
           'responses': c.responses}.get(case['api'])
    if api is None:
        return c.models.list
    return api.create


def anthropic_call(c, case):
    return c.messages.count_tokens if case['api'] == 'count_tokens' else c.messages.create


def request(clients, case):
    """The SDK's method and its arguments."""
    ours = case['api'] in ('messages', 'count_tokens')
    fn = (anthropic_call if ours else openai_call)(clients[ours], case)
    body = dict(case['body'] or {})
    if case.get('big'):
        body['messages'] = [{'role': 'user', 'content': witness.big_text(case['big'])}]
    # What a release of an SDK has no argument for is still sent, as its users would.
    known = inspect.signature(fn).parameters
    more = {k: body.pop(k) for k in list(body) if k not in known}
    if more and 'extra_body' in known:
        body['extra_body'] = more
    return fn, body, {'x-mock': case.get('mock', '')}


def feed(case, s, obj):
    """SDK objects, through their own attributes' names, become neutral terms."""
    data = obj.model_dump(mode='json', exclude_unset=True, warnings=False)
    reader = witness.READERS.get(case['api'])
    if reader:
        reader(s, data)


def error_row(case, e, s):
    row = dict(s.row(), case=case['name'], status=getattr(e, 'status_code', 0) or 0)
    name = type(e).__name__
    body = getattr(e, 'body', None)
    body = body if isinstance(body, dict) else {}
    inner = body.get('error') if isinstance(body.get('error'), dict) else body
    row['error'] = inner.get('code') or inner.get('type') or ('cut' if name in BROKEN else name)
    row['error_class'] = name
    return row


def run_sync(clients, case):
    s = witness.Seen()
    try:
        fn, body, head = request(clients, case)
        out = fn(**body, extra_headers=head)
        if not body.get('stream'):
            feed(case, s, out)
        else:
            with out as events:
                for i, ev in enumerate(events, 1):
                    feed(case, s, ev)
                    if i == case.get('cancel'):
                        break
        return dict(s.row(), case=case['name'], status=200)
    except Exception as e:    # what it is called is what the test looks at
        return error_row(case, e, s)


async def run_async(clients, case, room):
    s = witness.Seen()
    async with room:
        try:
            fn, body, head = request(clients, case)
            out = await fn(**body, extra_headers=head)
            if not body.get('stream'):
                feed(case, s, out)
            else:
                async with out as events:
                    i = 0
                    async for ev in events:
                        feed(case, s, ev)
                        i += 1
                        if i == case.get('cancel'):
                            break
            witness.say(dict(s.row(), case=case['name'], status=200))
        except Exception as e:
            witness.say(error_row(case, e, s))


def options(http, key):
    """What a user sets who wants HTTP/2, which is an option of the SDKs' own HTTP client."""
    return dict({'http_client': http(http2=True)} if sys.argv[1].endswith('-h2') else {},
                api_key=key)


async def all_async(cases):
    async with openai.AsyncOpenAI(base_url=BASE + '/v1', **options(
            openai.DefaultAsyncHttpxClient, OPENAI_KEY)) as o, anthropic.AsyncAnthropic(
            base_url=BASE, **options(anthropic.DefaultAsyncHttpxClient, ANTHROPIC_KEY)) as a:
        room = asyncio.Semaphore(6)
        await asyncio.gather(*(run_async([o, a], c, room) for c in cases))


def main():
    cases = witness.load_cases(sys.argv[2])
    if sys.argv[1].startswith('async'):
        asyncio.run(all_async(cases))
        return
    with openai.OpenAI(base_url=BASE + '/v1', **options(
            openai.DefaultHttpxClient, OPENAI_KEY)) as o, anthropic.Anthropic(
            base_url=BASE, **options(anthropic.DefaultHttpxClient, ANTHROPIC_KEY)) as a:
        for case in cases:
            witness.say(run_sync([o, a], case))


main()
