#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A small agent: asks a model, runs the tools it wants, and asks again until it has an answer.

usage: agent.py https://HOST:PORT CA

It knows nothing of earshot: http.client and ssl of the standard library, nothing else.
"""
import http.client
import json
import ssl
import sys
import urllib.parse

WEATHER = {'Lisbon': '24 degrees, sun', 'Oslo': '9 degrees, rain'}
TOOLS = {'get_weather': lambda city: WEATHER[city],
         'get_distance': lambda start, end: '2740 km'}
SCHEMAS = [
    {'name': 'get_weather', 'description': 'Weather of a city in April',
     'input_schema': {'type': 'object', 'properties': {'city': {'type': 'string'}}}},
    {'name': 'get_distance', 'description': 'Distance between two cities',
     'input_schema': {'type': 'object', 'properties': {'start': {'type': 'string'},
                                                       'end': {'type': 'string'}}}},
]


class Model:
    def __init__(self, base, ca):
        url = urllib.parse.urlsplit(base)
        self.conn = http.client.HTTPSConnection(
            url.hostname, url.port, context=ssl.create_default_context(cafile=ca))

    def stream(self, path, body):
        """Yields the JSON of each event."""
        self.conn.request('POST', path, json.dumps(dict(body, stream=True)), {
            'content-type': 'application/json', 'user-agent': 'demo-agent/1.0',
            'anthropic-version': '2023-06-01', 'x-api-key': 'sk-demo-not-a-key'})
        with self.conn.getresponse() as resp:
            for line in resp:
                if line.startswith(b'data: ') and line != b'data: [DONE]\n':
                    yield json.loads(line[6:])

    def ask(self, messages):
        """One model call: the blocks of its answer."""
        blocks = []
        for ev in self.stream('/v1/messages', {
                'model': 'claude-sonnet-4-5', 'max_tokens': 1000, 'temperature': 0.2,
                'system': 'You plan short trips.', 'messages': messages, 'tools': SCHEMAS}):
            if ev['type'] == 'content_block_start':
                blocks.append(dict(ev['content_block'], json=''))
            elif ev['type'] == 'content_block_delta':
                delta = ev['delta']
                blocks[-1]['text' if 'text' in delta else 'json'] += \
                    delta.get('text') or delta.get('partial_json', '')
        return [{'type': 'text', 'text': b['text']} if b['type'] == 'text' else
                {'type': 'tool_use', 'id': b['id'], 'name': b['name'],
                 'input': json.loads(b['json'])} for b in blocks]

    def title(self, question):
        return ''.join(c['delta'].get('content', '') for ev in self.stream(
            '/v1/chat/completions', {
                'model': 'gpt-5-mini', 'stream_options': {'include_usage': True},
                'messages': [{'role': 'user', 'content': 'Name this: ' + question}]})
            for c in ev['choices'])


def run_tool(call):
    result = TOOLS[call['name']](**call['input'])
    print('  tool  %s(%s) -> %s' % (call['name'], ', '.join(call['input'].values()), result))
    return {'type': 'tool_result', 'tool_use_id': call['id'], 'content': result}


def main():
    model = Model(sys.argv[1], sys.argv[2])
    question = 'Where is it warmer in April, Lisbon or Oslo, and how far is it?'
    print('  user  ' + question)
    print('  title ' + model.title(question))
    messages = [{'role': 'user', 'content': question}]
    while True:
        answer = model.ask(messages)
        calls = [b for b in answer if b['type'] == 'tool_use']
        for block in answer:
            if block['type'] == 'text':
                print('  model ' + block['text'])
        if not calls:
            return
        messages += [{'role': 'assistant', 'content': answer},
                     {'role': 'user', 'content': [run_tool(c) for c in calls]}]


main()
