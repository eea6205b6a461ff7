# SPDX-License-Identifier: Apache-2.0
"""Anthropic's messages, at its own host, at Vertex and at other providers."""
from wire.facts import asked
from wire.scenario import EARLIER, RESULT, WEATHER, cut_text, dumps
from wire.speaker import Speaker

STOPS = {'stop': 'end_turn', 'length': 'max_tokens', 'tools': 'tool_use'}


def usage_of(u):
    """The wire counts cached tokens beside the input."""
    out = {'input_tokens': u.input - u.cache_read - u.cache_write, 'output_tokens': u.output}
    fact = {'input': u.input, 'output': u.output}
    if u.cache_read or u.cache_write:
        out.update(cache_read_input_tokens=u.cache_read, cache_creation_input_tokens=u.cache_write)
        fact.update(cache_read=u.cache_read, cache_write=u.cache_write)
    if u.reasoning:
        out['output_tokens_details'] = {'thinking_tokens': u.reasoning}
        fact['reasoning'] = u.reasoning
    return out, fact


class Messages(Speaker):
    name, host = 'anthropic', 'api.anthropic.com'
    op, provider, dialect = 'chat', 'anthropic', 'anthropic.messages'
    late_provider = 'anthropic'
    method_head = (('anthropic-version', '2023-06-01'),)
    model_in_path = False

    def target(self, s, stream):
        return '/v1/messages?beta=true'

    def request(self, s, stream):
        messages = [{'role': 'user', 'content': s.prompt}]
        if s.history:
            messages += [{'role': 'assistant', 'content': [
                {'type': 'tool_use', 'id': EARLIER.id, 'name': EARLIER.name,
                 'input': EARLIER.args}]},
                {'role': 'user', 'content': [
                    {'type': 'tool_result', 'tool_use_id': EARLIER.id, 'content': RESULT}]}]
        body = {'model': s.model, 'max_tokens': s.max_tokens,
                'system': [{'type': 'text', 'text': s.system}],
                'messages': messages, 'temperature': s.temperature, 'top_k': 40,
                'stop_sequences': list(s.stops)}
        fact = {'model': s.model, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
                'top_k': 40, 'stop': list(s.stops)}
        if s.history:
            body['tools'] = [{'name': WEATHER['name'], 'description': WEATHER['description'],
                              'input_schema': WEATHER['schema']}]
        if stream:
            body['stream'] = fact['stream'] = True
        return body, fact

    def content(self, s):
        return asked(s, result='result(#%s json %s)' % (EARLIER.id, dumps(RESULT)))

    def blocks(self, s):
        out = []
        if s.thought:
            text = ''.join(s.thought)
            out.append(({'type': 'thinking', 'thinking': text, 'signature': 'sig=='},
                        s.thought, [('reasoning', text)], []))
        if s.text:
            out.append(({'type': 'text', 'text': s.text}, s.pieces, [('text', s.text)], []))
        for t in s.tools:
            out.append(({'type': 'tool_use', 'id': t.id, 'name': t.name, 'input': t.args},
                        cut_text(dumps(t.args), 3),
                        [('tool_call', t.id, t.name, dumps(t.args))], [(t.name, t.id, False)]))
        return out

    def whole(self, s):
        usage, fact = usage_of(s.usage)
        blocks = self.blocks(s)
        fact.update(id=s.id, answered_by=s.answered, finish=STOPS[s.stop],
                    out=[p for b in blocks for p in b[2]], tools=[t for b in blocks for t in b[3]])
        return {'id': s.id, 'type': 'message', 'role': 'assistant', 'model': s.answered,
                'content': [b[0] for b in blocks], 'stop_reason': STOPS[s.stop],
                'stop_sequence': None, 'usage': usage}, fact

    def stream(self, s):
        def say(kind, learned=None, **body):
            events.append(((kind, dict({'type': kind}, **body)), learned or {}))
        events = []
        usage, counted = usage_of(s.usage)
        say('message_start', dict({k: counted[k] for k in counted if k != 'reasoning'}, output=1,
                                  id=s.id, answered_by=s.answered, candidate=True),
            message={'id': s.id, 'type': 'message', 'role': 'assistant', 'model': s.answered,
                     'content': [], 'stop_reason': None,
                     'usage': dict({k: v for k, v in usage.items() if 'details' not in k},
                                   output_tokens=1)})
        say('ping')
        for n, (block, pieces, parts, tools) in enumerate(self.blocks(s)):
            kind = block['type']
            empty = dict(block)
            empty.update({'text': {'text': ''}, 'thinking': {'thinking': '', 'signature': ''},
                          'tool_use': {'input': {}}}[kind])
            opened = {'tools': tools, 'out': [parts[0][:3] + ('',)]} if tools else {}
            say('content_block_start', opened, index=n, content_block=empty)
            for piece in pieces:
                delta, part = {
                    'text': ({'type': 'text_delta', 'text': piece}, ('text', piece)),
                    'thinking': ({'type': 'thinking_delta', 'thinking': piece},
                                 ('reasoning', piece)),
                    'tool_use': ({'type': 'input_json_delta', 'partial_json': piece},
                                 ('args', block.get('id'), piece))}[kind]
                say('content_block_delta', {'out': [part]}, index=n, delta=delta)
            if kind == 'thinking':
                say('content_block_delta', index=n,
                    delta={'type': 'signature_delta', 'signature': 'sig=='})
            say('content_block_stop', index=n)
        end = {k: v for k, v in counted.items() if k in ('output', 'reasoning')}
        say('message_delta', dict(end, finish=STOPS[s.stop]),
            delta={'stop_reason': STOPS[s.stop], 'stop_sequence': None},
            usage={k: v for k, v in usage.items() if 'output' in k})
        say('message_stop')
        return events

    def error(self):
        return 529, [('request-id', 'req_1')], {
            'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'},
            'request_id': 'req_1'}, {'error': 'overloaded_error', 'error_message': 'Overloaded'}

    def stream_error(self):
        return ('error', {'type': 'error', 'error': {'type': 'api_error', 'message': 'Oops'}}), \
            {'error': 'api_error', 'error_message': 'Oops'}


class Vertex(Messages):
    name, host = 'anthropic at vertex', 'us-east5-aiplatform.googleapis.com'
    provider = 'gcp.vertex_ai'
    method_head = ()

    def target(self, s, stream):
        return '/v1/projects/p/locations/us-east5/publishers/anthropic/models/%s:%s' % (
            s.model, 'streamRawPredict' if stream else 'rawPredict')

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        del body['model']
        body['anthropic_version'] = 'vertex-2023-10-16'
        return body, fact


SPEAKERS = [Messages, Vertex]
