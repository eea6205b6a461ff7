# SPDX-License-Identifier: Apache-2.0
"""Providers at their own addresses: openai's OpenAI and AzureOpenAI, anthropic, and
azure-ai-inference (PyPI), as their users call them.

usage: py_hosts.py HOSTS MODEL...    (HOSTS: JSON, [[name, how, base address]])

A model's name says what happens (tests/wire/scenario.py). Each is asked whole, then streamed."""
import json
import sys

import witness

KEY = 'sk-mock-0123456789abcdef'
ASK = {'messages': [{'role': 'user', 'content': 'How is the weather?'}], 'temperature': 0.25,
       'max_tokens': 256}


def openai_call(client):
    def call(model, stream):
        more = {'stream': True, 'stream_options': {'include_usage': True}} if stream else {}
        return client.chat.completions.create(model=model, **ASK, **more)
    return call


def anthropic_call(client):
    return lambda model, stream: client.messages.create(
        model=model, max_tokens=256, messages=ASK['messages'], stream=stream)


def inference_call(client):
    return lambda model, stream: client.complete(model=model, stream=stream, **ASK)


def connect(how, base):
    """A call, and the reader of what it gives."""
    if how == 'openai':
        import openai
        return openai_call(openai.OpenAI(base_url=base, api_key=KEY, max_retries=0)), chat
    if how == 'azure':
        import openai
        return openai_call(openai.AzureOpenAI(azure_endpoint=base, api_key=KEY, max_retries=0,
                                              api_version='2026-01-01')), chat
    if how == 'anthropic':
        import anthropic
        return anthropic_call(anthropic.Anthropic(base_url=base, api_key=KEY, max_retries=0)), \
            messages
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential
    return inference_call(ChatCompletionsClient(base, AzureKeyCredential(KEY), retry_total=0)), chat


def chat(s, o):
    """Counts stand where each provider puts them."""
    before = s.id, s.model
    choices = o.get('choices') or []
    usage = o.get('usage') or (o.get('x_groq') or {}).get('usage') or (
        choices[0].get('usage') if choices else None)
    for c in choices:
        m = c.get('message') or {}
        if isinstance(m.get('content'), list):    # Mistral's, where it has thought
            m['content'] = ''.join(p.get('text') or '' for p in m['content'])
    witness.chat(s, dict(o, usage=usage, choices=choices))
    s.id, s.model = s.id or before[0], s.model or before[1]
    if usage:
        details = usage.get('prompt_tokens_details') or {}
        witness.set_usage(s, cache_write=details.get('cache_write_tokens'),
                          cache_read=details.get('cached_tokens') or
                          usage.get('prompt_cache_hit_tokens') or usage.get('cached_tokens'))


def messages(s, o):
    witness.messages(s, o)
    usage = (o.get('message') or o).get('usage') or {}
    witness.set_usage(s, reasoning=(usage.get('output_tokens_details') or {}).get(
        'thinking_tokens'))


def plain(obj):
    if hasattr(obj, 'as_dict'):
        return obj.as_dict()
    return obj.model_dump(mode='json', exclude_unset=True, warnings=False)


def one(name, call, reader, model, stream):
    s, row = witness.Seen(), {'host': name, 'model': model, 'stream': stream, 'status': 200}
    try:
        out = call(model, stream)
        for obj in out if stream else [out]:
            reader(s, plain(obj))
    except Exception as e:
        row['status'] = getattr(e, 'status_code', 0) or 0
        s.error = type(e).__name__
    witness.say(dict(s.row(), **row, answered=s.model))


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        hosts = json.load(f)
    for name, how, base in hosts:
        call, reader = connect(how, base)
        for model in sys.argv[2:]:
            for stream in (False, True):
                one(name, call, reader, model, stream)


main()
