# SPDX-License-Identifier: Apache-2.0
"""What a client itself made of an answer: the second witness, independent of mock and earshot."""
import hashlib
import json
import os
import sys
import zlib

HEADERS = {'content-type': 'application/json', 'authorization': 'Bearer sk-mock-0123456789abcdef',
           'x-api-key': 'sk-ant-mock-0123456789', 'anthropic-version': '2023-06-01'}


def load_cases(path):
    """All cases of the file, or every third or so of them: CASES=1/3. With E2E_UNTIL, again and
    again, until there is a file of that name."""
    first, _, step = os.environ.get('CASES', '0/1').partition('/')
    with open(path, encoding='utf-8') as f:
        cases = json.load(f)[int(first)::int(step)]
    until = os.environ.get('E2E_UNTIL')
    return repeat(cases, until) if until else cases


def repeat(cases, until):
    while not os.path.exists(until):
        yield from cases


def body_bytes(case):
    """The request body; 'big' puts that many bytes of text into the prompt."""
    if case.get('body') is None:
        return b''
    body = dict(case['body'])
    if case.get('big'):
        body['messages'] = [{'role': 'user', 'content': big_text(case['big'])}]
    return json.dumps(body, ensure_ascii=False).encode()


def big_text(n):
    line = 'line %07d: ünïcode, "quotes", back\\slash\n'
    unit = len((line % 0).encode())
    return ''.join(line % i for i in range(n // unit + 1))


def say(row):
    sys.stdout.write(json.dumps(row) + '\n')
    sys.stdout.flush()


def uncode(coding, data):
    if coding in ('gzip', 'x-gzip'):
        return zlib.decompress(data, 31)
    if coding == 'deflate':
        try:
            return zlib.decompress(data)
        except zlib.error:
            return zlib.decompress(data, -15)
    if coding == 'br':
        import brotli
        return brotli.decompress(data)
    if coding == 'zstd':
        import zstandard
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


def events(text):
    """(name, data) of each whole SSE event."""
    for block in text.split(b'\n\n')[:-1]:
        name, data = None, []
        for line in block.split(b'\n'):
            if line.startswith(b'event: '):
                name = line[7:].decode()
            elif line.startswith(b'data: '):
                data.append(line[6:])
        if data:
            yield name, b'\n'.join(data)


class Seen:
    """Collects the parts of an answer in neutral terms."""

    def __init__(self):
        self.id = self.model = self.error = None
        self.usage, self.finish, self.tools, self.texts = {}, {}, [], {}

    def text(self, i, s):
        self.texts[i] = self.texts.get(i, '') + s

    def row(self):
        texts = '\0'.join(self.texts[i] for i in sorted(self.texts))
        return {'id': self.id, 'model': self.model, 'error': self.error, 'usage': self.usage,
                'finish': [self.finish[i] for i in sorted(self.finish)], 'tools': self.tools,
                'text_sha256': hashlib.sha256(texts.encode()).hexdigest()}


def set_usage(s, **kv):
    s.usage.update({k: v for k, v in kv.items() if v is not None})


def openai_usage(s, u):
    if not u:
        return
    set_usage(s, input=u.get('prompt_tokens'), output=u.get('completion_tokens'),
              cache_read=(u.get('prompt_tokens_details') or {}).get('cached_tokens'),
              reasoning=(u.get('completion_tokens_details') or {}).get('reasoning_tokens'))


def chat(s, o):
    if 'error' in o and o['error']:
        s.error = o['error'].get('code') or o['error'].get('type')
        return
    s.id, s.model = o.get('id'), o.get('model')
    openai_usage(s, o.get('usage'))
    for c in o.get('choices', []):
        m = c.get('message') or c.get('delta') or {}
        s.text(c['index'], m.get('content') or c.get('text') or '')
        s.tools += [t['function']['name'] for t in m.get('tool_calls') or []
                    if t.get('function', {}).get('name')]
        if c.get('finish_reason'):
            s.finish[c['index']] = c['finish_reason']


def responses_object(s, o):
    s.id, s.model = o['id'], o['model']
    u = o.get('usage') or {}
    set_usage(s, input=u.get('input_tokens'), output=u.get('output_tokens'),
              cache_read=(u.get('input_tokens_details') or {}).get('cached_tokens'),
              reasoning=(u.get('output_tokens_details') or {}).get('reasoning_tokens'))
    for item in o.get('output', []):
        if item['type'] == 'function_call':
            s.tools.append(item['name'])
        elif item['type'] == 'message':
            for part in item['content']:
                s.text(0, part['text'])
    s.finish = {'completed': {0: 'tool_calls' if s.tools else 'stop'},
                'incomplete': {0: 'length'}}.get(o['status'], {})


def responses(s, o):
    if o.get('type') == 'error':
        s.error = o.get('code')
    elif o.get('object') == 'response':
        responses_object(s, o)
    elif o.get('type') in ('response.completed', 'response.incomplete', 'response.failed'):
        responses_object(s, o['response'])
    elif o.get('type') == 'response.created':
        s.id, s.model = o['response']['id'], o['response']['model']
    elif o.get('error'):
        s.error = o['error'].get('code') or o['error'].get('type')


def messages_usage(s, u):
    fresh = u.get('input_tokens')
    if fresh is not None:
        read, write = u.get('cache_read_input_tokens'), u.get('cache_creation_input_tokens')
        set_usage(s, input=fresh + (read or 0) + (write or 0), cache_read=read, cache_write=write)
    set_usage(s, output=u.get('output_tokens'))


def messages(s, o):
    kind = o.get('type')
    if kind == 'error':
        s.error = o['error']['type']
    elif kind in ('message', 'message_start'):
        m = o.get('message', o)
        s.id, s.model = m['id'], m['model']
        messages_usage(s, m['usage'])
        for b in m['content']:
            messages(s, {'type': 'content_block_start', 'content_block': b})
        if m.get('stop_reason'):
            s.finish[0] = m['stop_reason']
    elif kind == 'content_block_start':
        b = o['content_block']
        if b['type'] == 'tool_use':
            s.tools.append(b['name'])
        elif b['type'] == 'text':
            s.text(0, b['text'])
    elif kind == 'content_block_delta' and o['delta']['type'] == 'text_delta':
        s.text(0, o['delta']['text'])
    elif kind == 'message_delta':
        messages_usage(s, o['usage'])
        s.finish[0] = o['delta']['stop_reason']


def embeddings(s, o):
    chat(s, dict(o, choices=[]))


READERS = {'chat': chat, 'completions': chat, 'embeddings': embeddings, 'responses': responses,
           'messages': messages}


def read_answer(case, status, headers, data, whole=True):
    """headers: lower-case names. Returns the row to print."""
    s = Seen()
    row = {'case': case['name'], 'status': status, 'raw_sha256': hashlib.sha256(data).hexdigest(),
           'raw_len': len(data), 'whole': whole}
    reader = READERS.get(case.get('api'))
    try:
        text = uncode(headers.get('content-encoding'), data) if whole else data
        row['body_sha256'] = hashlib.sha256(text).hexdigest()
        if reader and headers.get('content-type', '').startswith('text/event-stream'):
            for _, payload in events(text):
                if payload != b'[DONE]':
                    feed(reader, s, payload)
        elif reader and text:
            feed(reader, s, text)
    except (zlib.error, ValueError) as e:
        row['unreadable'] = type(e).__name__
    row.update(s.row())
    return row


def feed(reader, s, payload):
    try:
        o = json.loads(payload)
    except ValueError:
        s.error = s.error or 'unreadable'
        return
    if isinstance(o, dict):
        reader(s, o)
