# SPDX-License-Identifier: Apache-2.0
"""What the mock provider answers: bodies in each provider's own words, and beside each the facts
that a reader of the wire must find in it. Same request, same answer: all variety comes from the
directives of the request and from a generator seeded with the model's name and the attempt."""
import hashlib
import json
import random

# Split at any byte, this breaks readers that take bytes for characters or look for quotes.
WORDS = ['alpha', 'wörter', '雪が降る', 'back\\slash', '"quoted"', 'tab\there', 'line\nend',
         'emoji 🦉', 'data: x', '\u2028', '{"a":[1,2]}', 'plain', 'words', 'go', 'on', '\u0001']
TOOLS = ['get_weather', 'search_docs', 'run_query', 'mcp__files__read', 'Bash']


class Answer:
    """status, head, then either body (one piece) or events (a stream); facts is the truth."""

    def __init__(self, status=200, ctype='application/json', body=None, events=None, facts=None):
        self.status, self.body, self.events = status, body, events
        self.headers = [('content-type', ctype)] if ctype else []
        self.facts = facts or {}


def dumps(obj):
    return json.dumps(obj, ensure_ascii=False, separators=(',', ':')).encode()


def sse(obj, name=None):
    data = obj if isinstance(obj, bytes) else dumps(obj)
    return (b'event: ' + name.encode() + b'\n' if name else b'') + b'data: ' + data + b'\n\n'


def text_hash(texts):
    return hashlib.sha256('\0'.join(texts).encode()).hexdigest()


def without_output(text):
    """A response as it is when nothing was to be generated."""
    event = json.loads(text)
    event['response'].update(output=[], usage=None)
    return dumps(event).decode()


class Maker:
    """Everything drawn for one answer, so that streamed and whole forms say the same."""

    def __init__(self, req, model, nth, d):
        self.req, self.model, self.d = req, model, d
        seed = hashlib.sha256(('%s#%d' % (model, nth)).encode()).hexdigest()
        self.hex = seed
        self.rng = random.Random(seed)
        self.choices = int(req.get('n') or 1)
        self.pieces = int(d.get('events', 6))
        self.words = [[self.word() for _ in range(self.pieces)] for _ in range(self.choices)]
        self.tools = [self.tool(i, *call) for i, call in enumerate(
            d.get('calls') or [()] * int(d.get('tools', 0)))]
        self.reasoning = 'thinking ' + self.word() if 'reason' in d else None
        self.created = 1790000000 + self.rng.randrange(100000)

    def word(self):
        return ' '.join(self.rng.choice(WORDS) for _ in range(self.rng.randint(1, 4))) + ' '

    def tool(self, i, name=None, args=None):
        """One call; a script may have said which ('calls': pairs of name and arguments)."""
        args = args or {'city': self.rng.choice(WORDS), 'n': i, 'deep': {'x': [1, None, True]}}
        return {'id': 'call_' + self.hex[8 + i:24 + i], 'name': name or TOOLS[i % len(TOOLS)],
                'args': args, 'json': json.dumps(args, ensure_ascii=False)}

    def texts(self):
        return [''.join(w) for w in self.words]

    def tokens(self):
        """Provider-neutral: cache is inside input, reasoning inside output."""
        fresh = 20 + self.rng.randrange(400)
        read = 64 + self.rng.randrange(1000) if 'cache' in self.d else 0
        write = 16 + self.rng.randrange(100) if 'cache' in self.d else 0
        think = 8 + self.rng.randrange(64) if self.reasoning else 0
        out = 5 + self.pieces + think + self.rng.randrange(50)
        return {'fresh': fresh, 'input': fresh + read + write, 'cache_read': read,
                'cache_write': write, 'reasoning': think, 'output': out}

    def facts(self, op, rid, finish, usage):
        return {'operation': op, 'response_id': rid, 'response_model': self.answer_model(),
                'finish': finish, 'usage': usage, 'tools': [t['name'] for t in self.tools],
                'tool_ids': [t['id'] for t in self.tools],
                'text_sha256': text_hash(self.texts())}

    def answer_model(self):
        return self.model + '-2026-05-01'


def neutral(tok, *also):
    """Usage as the wire tells it, in neutral names; only what is really sent."""
    out = {'input': tok['input'], 'output': tok['output']}
    for name in also:
        out[name] = tok[name]
    return out


# ---- OpenAI chat.completions ------------------------------------------------------------------
def chat_usage(tok, detail=True):
    u = {'prompt_tokens': tok['input'], 'completion_tokens': tok['output'],
         'total_tokens': tok['input'] + tok['output']}
    if detail:
        u['prompt_tokens_details'] = {'cached_tokens': tok['cache_read'], 'audio_tokens': 0}
        u['completion_tokens_details'] = {'reasoning_tokens': tok['reasoning'], 'audio_tokens': 0}
    return u


def chat_tool_deltas(m):
    """Arguments of parallel calls come in turns, cut inside escapes and characters' escapes."""
    out = [{'index': i, 'id': t['id'], 'type': 'function',
            'function': {'name': t['name'], 'arguments': ''}} for i, t in enumerate(m.tools)]
    cuts = [[t['json'][k:k + 5] for k in range(0, len(t['json']), 5)] for t in m.tools]
    for k in range(max(map(len, cuts), default=0)):
        out += [{'index': i, 'function': {'arguments': c[k]}} for i, c in enumerate(cuts)
                if k < len(c)]
    return out


def chat_stream(m, rid, finish, tok, with_usage):
    def chunk(i, delta, reason=None):
        o = {'id': rid, 'object': 'chat.completion.chunk', 'created': m.created,
             'model': m.answer_model(), 'service_tier': 'default', 'system_fingerprint': 'fp_mock',
             'choices': [{'index': i, 'delta': delta, 'logprobs': None, 'finish_reason': reason}]}
        return sse(dict(o, usage=None) if with_usage else o)

    order = [(k, i) for k in range(m.pieces) for i in range(m.choices)]
    ev = [chunk(i, {'role': 'assistant', 'content': '', 'refusal': None}) for i in range(m.choices)]
    ev += [chunk(i, {'content': m.words[i][k]}) for k, i in order]
    ev += [chunk(0, {'tool_calls': [t]}) for t in chat_tool_deltas(m)]
    ev += [chunk(i, {}, finish[i]) for i in range(m.choices)]
    if with_usage:
        ev.append(sse({'id': rid, 'object': 'chat.completion.chunk', 'created': m.created,
                       'model': m.answer_model(), 'service_tier': 'default', 'choices': [],
                       'usage': chat_usage(tok)}))
    return ev + [sse(b'[DONE]')]


def chat(m):
    rid = 'chatcmpl-' + m.hex[:24]
    first = m.d.get('finish') or ('tool_calls' if m.tools else 'stop')
    finish = [first] + ['length'] * (m.choices - 1)
    tok = m.tokens()
    stream = bool(m.req.get('stream'))
    with_usage = not stream or bool((m.req.get('stream_options') or {}).get('include_usage'))
    tok['input'] -= tok['cache_write']
    usage = neutral(tok, 'cache_read', 'reasoning') if with_usage else {}
    facts = m.facts('chat', rid, finish, usage)
    facts.update(service_tier='default', system_fingerprint='fp_mock', api='chat_completions')
    if stream:
        return Answer(ctype='text/event-stream; charset=utf-8', facts=facts,
                      events=chat_stream(m, rid, finish, tok, with_usage))
    calls = [{'id': t['id'], 'type': 'function',
              'function': {'name': t['name'], 'arguments': t['json']}} for t in m.tools]
    choices = []
    for i, text in enumerate(m.texts()):
        msg = {'role': 'assistant', 'content': text, 'refusal': None, 'annotations': []}
        if i == 0 and calls:
            msg['tool_calls'] = calls
        choices.append({'index': i, 'message': msg, 'logprobs': None, 'finish_reason': finish[i]})
    return Answer(facts=facts, body=dumps(
        {'id': rid, 'object': 'chat.completion', 'created': m.created, 'model': m.answer_model(),
         'choices': choices, 'usage': chat_usage(tok), 'service_tier': 'default',
         'system_fingerprint': 'fp_mock'}))


# ---- OpenAI completions, embeddings -----------------------------------------------------------
def completions(m):
    rid = 'cmpl-' + m.hex[:24]
    m.tools, tok = [], m.tokens()
    tok['input'] = tok['fresh']
    finish = ['stop'] + ['length'] * (m.choices - 1)
    stream = bool(m.req.get('stream'))
    with_usage = not stream or bool((m.req.get('stream_options') or {}).get('include_usage'))
    facts = m.facts('text_completion', rid, finish, neutral(tok) if with_usage else {})

    def obj(choices, **more):
        return dict({'id': rid, 'object': 'text_completion', 'created': m.created,
                     'model': m.answer_model(), 'choices': choices}, **more)

    def choice(i, text, reason=None):
        return {'text': text, 'index': i, 'logprobs': None, 'finish_reason': reason}

    if not stream:
        whole = [choice(i, t, finish[i]) for i, t in enumerate(m.texts())]
        return Answer(facts=facts, body=dumps(obj(whole, usage=chat_usage(tok, detail=False))))
    ev = [sse(obj([choice(i, m.words[i][k])])) for k in range(m.pieces) for i in range(m.choices)]
    ev += [sse(obj([choice(i, '', finish[i])])) for i in range(m.choices)]
    if with_usage:
        ev.append(sse(obj([], usage=chat_usage(tok, detail=False))))
    return Answer(ctype='text/event-stream', facts=facts, events=ev + [sse(b'[DONE]')])


def embeddings(m):
    n = len(m.req['input']) if isinstance(m.req.get('input'), list) else 1
    dim = int(m.req.get('dimensions') or 8)
    tok = 3 + m.rng.randrange(500)
    data = []
    for i in range(n):
        if m.req.get('encoding_format') == 'base64':
            import base64
            import struct
            vec = [m.rng.uniform(-1, 1) for _ in range(dim)]
            emb = base64.b64encode(struct.pack('<%df' % dim, *vec)).decode()
        else:
            emb = [round(m.rng.uniform(-1, 1), 6) for _ in range(dim)]
        data.append({'object': 'embedding', 'index': i, 'embedding': emb})
    m.tools = []
    facts = m.facts('embeddings', None, [], {'input': tok})
    facts['text_sha256'] = None
    return Answer(facts=facts, body=dumps(
        {'object': 'list', 'data': data, 'model': m.answer_model(),
         'usage': {'prompt_tokens': tok, 'total_tokens': tok}}))


# ---- OpenAI responses -------------------------------------------------------------------------
def responses_items(m):
    items = []
    if m.reasoning:
        items.append({'id': 'rs_' + m.hex[:20], 'type': 'reasoning',
                      'summary': [{'type': 'summary_text', 'text': m.reasoning}]})
    items.append({'id': 'msg_' + m.hex[:20], 'type': 'message', 'status': 'completed',
                  'role': 'assistant', 'content': [{'type': 'output_text', 'annotations': [],
                                                    'text': m.texts()[0]}]})
    items += [{'id': 'fc_' + t['id'], 'type': 'function_call', 'status': 'completed',
               'call_id': t['id'], 'name': t['name'], 'arguments': t['json']} for t in m.tools]
    return items


def responses_item_events(m, item, i):
    at = {'output_index': i, 'item_id': item['id']}
    if item['type'] == 'reasoning':
        at['summary_index'] = 0
        return [('response.reasoning_summary_text.delta', dict(at, delta=m.reasoning)),
                ('response.reasoning_summary_text.done', dict(at, text=m.reasoning))]
    if item['type'] == 'function_call':
        args = item['arguments']
        ev = [('response.function_call_arguments.delta', dict(at, delta=args[k:k + 7]))
              for k in range(0, len(args), 7)]
        return ev + [('response.function_call_arguments.done', dict(at, arguments=args))]
    at['content_index'] = 0
    part = item['content'][0]
    ev = [('response.content_part.added', dict(at, part=dict(part, text='')))]
    ev += [('response.output_text.delta', dict(at, delta=w, logprobs=[])) for w in m.words[0]]
    return ev + [('response.output_text.done', dict(at, text=part['text'], logprobs=[])),
                 ('response.content_part.done', dict(at, part=part))]


def responses_stream(m, items, final):
    opening = dict(final, status='in_progress', output=[], usage=None, incomplete_details=None)
    ev = [('response.created', {'response': opening}),
          ('response.in_progress', {'response': opening})]
    for i, item in enumerate(items):
        start = dict(item, status='in_progress')
        start.update({'content': []} if item['type'] == 'message' else
                     {'arguments': ''} if item['type'] == 'function_call' else {'summary': []})
        ev.append(('response.output_item.added', {'output_index': i, 'item': start}))
        ev += responses_item_events(m, item, i)
        ev.append(('response.output_item.done', {'output_index': i, 'item': item}))
    ev.append(('response.' + final['status'], {'response': final}))
    return [sse(dict({'type': t, 'sequence_number': k}, **o), t) for k, (t, o) in enumerate(ev)]


def responses(m):
    rid = 'resp_' + m.hex[:32]
    m.choices, m.words = 1, m.words[:1]
    tok = m.tokens()
    tok['input'] -= tok['cache_write']
    short = m.d.get('finish') == 'length'
    finish = ['length' if short else 'tool_calls' if m.tools else 'stop']
    items = responses_items(m)
    usage = {'input_tokens': tok['input'], 'output_tokens': tok['output'],
             'input_tokens_details': {'cached_tokens': tok['cache_read']},
             'output_tokens_details': {'reasoning_tokens': tok['reasoning']},
             'total_tokens': tok['input'] + tok['output']}
    final = {'id': rid, 'object': 'response', 'created_at': m.created,
             'status': 'incomplete' if short else 'completed', 'background': False, 'error': None,
             'incomplete_details': {'reason': 'max_output_tokens'} if short else None,
             'instructions': m.req.get('instructions'), 'model': m.answer_model(), 'output': items,
             'parallel_tool_calls': True, 'previous_response_id': m.req.get('previous_response_id'),
             'service_tier': 'default', 'temperature': 1.0, 'tool_choice': 'auto',
             'tools': m.req.get('tools') or [], 'top_p': 1.0, 'usage': usage, 'metadata': {}}
    facts = m.facts('chat', rid, finish, neutral(tok, 'cache_read', 'reasoning'))
    facts.update(service_tier='default', api='responses')
    if m.req.get('stream'):
        return Answer(ctype='text/event-stream; charset=utf-8', facts=facts,
                      events=responses_stream(m, items, final))
    return Answer(facts=facts, body=dumps(final))


# ---- Anthropic messages -----------------------------------------------------------------------
def messages_usage(tok):
    return {'input_tokens': tok['fresh'], 'cache_creation_input_tokens': tok['cache_write'],
            'cache_read_input_tokens': tok['cache_read'],
            'cache_creation': {'ephemeral_5m_input_tokens': tok['cache_write'],
                               'ephemeral_1h_input_tokens': 0},
            'output_tokens': tok['output'], 'service_tier': 'standard'}


def messages_block_events(i, block, pieces):
    empty = {'text': {'type': 'text', 'text': ''},
             'thinking': {'type': 'thinking', 'thinking': '', 'signature': ''}}.get(block['type'])
    if block['type'] == 'tool_use':
        empty = dict(block, input={})
        text = json.dumps(block['input'], ensure_ascii=False)
        deltas = [{'type': 'input_json_delta', 'partial_json': p}
                  for p in [''] + [text[k:k + 6] for k in range(0, len(text), 6)]]
    elif block['type'] == 'thinking':
        deltas = [{'type': 'thinking_delta', 'thinking': block['thinking']},
                  {'type': 'signature_delta', 'signature': block['signature']}]
    else:
        deltas = [{'type': 'text_delta', 'text': w} for w in pieces]
    ev = [('content_block_start', {'index': i, 'content_block': empty})]
    ev += [('content_block_delta', {'index': i, 'delta': d}) for d in deltas]
    return ev + [('content_block_stop', {'index': i})]


def messages_stream(m, msg, tok):
    first = dict(msg, content=[], stop_reason=None,
                 usage=dict(messages_usage(tok), output_tokens=1))
    ev = [('message_start', {'message': first}), ('ping', {})]
    for i, block in enumerate(msg['content']):
        ev += messages_block_events(i, block, m.words[0])
    ev.append(('message_delta', {'usage': {'output_tokens': tok['output']}, 'delta': {
        'stop_reason': msg['stop_reason'], 'stop_sequence': None}}))
    ev.append(('message_stop', {}))
    return [sse(dict({'type': t}, **o), t) for t, o in ev]


def messages(m):
    rid = 'msg_01' + m.hex[:22]
    m.choices, m.words = 1, m.words[:1]
    tok = m.tokens()
    tok['reasoning'] = 0
    finish = m.d.get('finish') or ('tool_use' if m.tools else 'end_turn')
    content = []
    if m.reasoning:
        content.append({'type': 'thinking', 'thinking': m.reasoning, 'signature': m.hex})
    content.append({'type': 'text', 'text': m.texts()[0]})
    content += [{'type': 'tool_use', 'id': 'toolu_' + t['id'], 'name': t['name'],
                 'input': t['args']} for t in m.tools]
    msg = {'id': rid, 'type': 'message', 'role': 'assistant', 'model': m.answer_model(),
           'content': content, 'stop_reason': finish, 'stop_sequence': None,
           'usage': messages_usage(tok)}
    facts = m.facts('chat', rid, [finish], neutral(tok, 'cache_read', 'cache_write'))
    facts['tool_ids'] = ['toolu_' + i for i in facts['tool_ids']]
    if m.req.get('stream'):
        return Answer(ctype='text/event-stream; charset=utf-8', facts=facts,
                      events=messages_stream(m, msg, tok))
    return Answer(facts=facts, body=dumps(msg))
