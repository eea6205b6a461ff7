#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A model server that plays one short story, in Anthropic's and OpenAI's streaming formats.

usage: server.py CERT KEY    prints the port it listens on, on loopback

The "model" asks for two tools at once, then for a third, then answers. Which step is next is read
off the request, as a real model would: by what the conversation already holds.
"""
import hashlib
import http.server
import json
import ssl
import sys
import time

# What it says after so many answers of its own: (words, tool calls).
STORY = [
    ('I will look at both cities first.', [('get_weather', {'city': 'Lisbon'}),
                                           ('get_weather', {'city': 'Oslo'})]),
    ('Lisbon is warmer. How far is it?', [('get_distance', {'start': 'Oslo', 'end': 'Lisbon'})]),
    ('Go to Lisbon: 24 degrees and sun, against 9 and rain in Oslo. It is 2,740 km away.', []),
]
TOKENS_A_WORD = 1.4


def tokens(text):
    return int(len(text.split()) * TOKENS_A_WORD) + 1


def made_id(prefix, body):
    return prefix + hashlib.sha256(body).hexdigest()[:24]


def event(name, **fields):
    return 'event: %s\ndata: %s\n\n' % (name, json.dumps(dict(fields, type=name)))


def text_block(i, words):
    yield event('content_block_start', index=i, content_block={'type': 'text', 'text': ''})
    for word in words.split():
        yield event('content_block_delta', index=i,
                    delta={'type': 'text_delta', 'text': word + ' '})
    yield event('content_block_stop', index=i)


def tool_block(i, call_id, name, args):
    text = json.dumps(args)
    yield event('content_block_start', index=i,
                content_block={'type': 'tool_use', 'id': call_id, 'name': name, 'input': {}})
    for k in range(0, len(text), 9):
        yield event('content_block_delta', index=i,
                    delta={'type': 'input_json_delta', 'partial_json': text[k:k + 9]})
    yield event('content_block_stop', index=i)


def messages(body):
    """POST /v1/messages, streamed."""
    req = json.loads(body)
    step = sum(m['role'] == 'assistant' for m in req['messages'])
    words, calls = STORY[min(step, len(STORY) - 1)]
    usage = {'input_tokens': tokens(body.decode()) - 40 * step,
             'cache_read_input_tokens': 40 * step, 'cache_creation_input_tokens': 0,
             'output_tokens': 1}
    yield event('message_start', message={
        'id': made_id('msg_', body), 'type': 'message', 'role': 'assistant', 'content': [],
        'model': req['model'], 'stop_reason': None, 'stop_sequence': None, 'usage': usage})
    yield from text_block(0, words)
    for i, (name, args) in enumerate(calls, 1):
        yield from tool_block(i, made_id('toolu_%d_' % i, body), name, args)
    yield event('message_delta', usage={'output_tokens': tokens(words) + 30 * len(calls)},
                delta={'stop_reason': 'tool_use' if calls else 'end_turn', 'stop_sequence': None})
    yield event('message_stop')


def chat(body):
    """POST /v1/chat/completions, streamed: names the conversation."""
    req = json.loads(body)
    base = {'id': made_id('chatcmpl-', body), 'object': 'chat.completion.chunk',
            'created': int(time.time()), 'model': req['model']}
    for word in ('A', 'warm', 'city', 'in', 'April'):
        yield 'data: %s\n\n' % json.dumps(dict(base, choices=[
            {'index': 0, 'delta': {'content': word + ' '}, 'finish_reason': None}]))
    yield 'data: %s\n\n' % json.dumps(dict(base, choices=[
        {'index': 0, 'delta': {}, 'finish_reason': 'stop'}]))
    yield 'data: %s\n\n' % json.dumps(dict(base, choices=[], usage={
        'prompt_tokens': tokens(body.decode()), 'completion_tokens': 7,
        'total_tokens': tokens(body.decode()) + 7}))
    yield 'data: [DONE]\n\n'


PATHS = {'/v1/messages': messages, '/v1/chat/completions': chat}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('content-length', 0)))
        answer = PATHS.get(self.path)
        if not answer:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('content-type', 'text/event-stream; charset=utf-8')
        self.send_header('transfer-encoding', 'chunked')
        self.end_headers()
        time.sleep(0.12)    # thinking
        for piece in answer(body):
            data = piece.encode()
            self.wfile.write(b'%x\r\n%s\r\n' % (len(data), data))
            time.sleep(0.008)
        self.wfile.write(b'0\r\n\r\n')

    def log_message(self, *args):
        pass    # earshot's trace is the log


def main():
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(sys.argv[1], sys.argv[2])
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.socket = ctx.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
