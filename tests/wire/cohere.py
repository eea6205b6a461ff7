# SPDX-License-Identifier: Apache-2.0
"""Cohere's chat, of today and before, and its embeddings."""
from wire.facts import asked
from wire.scenario import ALL, EARLIER, PLAIN, RESULT, WEATHER, cut_text, dumps
from wire.speaker import Speaker

STOPS = {'stop': 'COMPLETE', 'length': 'MAX_TOKENS', 'tools': 'TOOL_CALL'}


def usage_of(u):
    """What is billed is what is told."""
    out = {'billed_units': {'input_tokens': u.input, 'output_tokens': u.output},
           'tokens': {'input_tokens': u.input + 60, 'output_tokens': u.output + 2}}
    fact = {'input': u.input, 'output': u.output}
    if u.cache_read:
        out['cached_tokens'] = fact['cache_read'] = u.cache_read
    return out, fact


class Chat(Speaker):
    name, host = 'cohere chat', 'api.cohere.com'
    op, provider, dialect = 'chat', 'cohere', 'cohere.chat'
    scenarios = ALL

    def target(self, s, stream):
        return '/v2/chat'

    def request(self, s, stream):
        messages = [{'role': 'system', 'content': s.system}, {'role': 'user', 'content': s.prompt}]
        if s.history:
            messages += [{'role': 'assistant', 'tool_calls': [
                {'id': EARLIER.id, 'type': 'function',
                 'function': {'name': EARLIER.name, 'arguments': dumps(EARLIER.args)}}]},
                {'role': 'tool', 'tool_call_id': EARLIER.id, 'content': RESULT}]
        body = {'model': s.model, 'messages': messages, 'max_tokens': s.max_tokens,
                'temperature': s.temperature, 'p': s.top_p, 'k': 40, 'seed': 7,
                'stop_sequences': list(s.stops), 'stream': stream,
                'response_format': {'type': 'json_object'}}
        fact = {'model': s.model, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
                'top_p': s.top_p, 'top_k': 40, 'seed': 7, 'stop': list(s.stops),
                'stream': stream, 'output_type': 'json'}
        if s.history:
            body['tools'] = [{'type': 'function', 'function': {
                'name': WEATHER['name'], 'description': WEATHER['description'],
                'parameters': WEATHER['schema']}}]
        return body, fact

    def content(self, s):
        return asked(s, system='in system:', define='function')

    def whole(self, s):
        message = {'role': 'assistant'}
        out = []
        if s.thought or s.text:
            message['content'] = []
        if s.thought:
            message['content'].append({'type': 'thinking', 'thinking': ''.join(s.thought)})
            out.append(('reasoning', ''.join(s.thought)))
        if s.text:
            message['content'].append({'type': 'text', 'text': s.text})
            out.append(('text', s.text))
        if s.tools:
            message['tool_calls'] = [{'id': t.id, 'type': 'function', 'function': {
                'name': t.name, 'arguments': dumps(t.args)}} for t in s.tools]
            out += [('tool_call', t.id, t.name, dumps(t.args)) for t in s.tools]
        usage, fact = usage_of(s.usage)
        fact.update(id=s.id, finish=STOPS[s.stop], out=out,
                    tools=[(t.name, t.id, False) for t in s.tools])
        return {'id': s.id, 'message': message, 'finish_reason': STOPS[s.stop],
                'usage': usage}, fact

    def stream(self, s):
        def say(kind, learned=None, **body):
            events.append(((kind, dict({'type': kind}, **body)), learned or {}))
        events = []
        say('message-start', {'id': s.id, 'candidate': True}, id=s.id,
            delta={'message': {'role': 'assistant', 'content': [], 'tool_plan': '',
                               'tool_calls': [], 'citations': []}})
        n = 0
        for kind, key, pieces in (('reasoning', 'thinking', s.thought), ('text', 'text', s.pieces)):
            if not pieces:
                continue
            say('content-start', index=n, delta={'message': {'content': {'type': key, key: ''}}})
            for t in pieces:
                say('content-delta', {'out': [(kind, t)]}, index=n,
                    delta={'message': {'content': {key: t}}})
            say('content-end', index=n)
            n += 1
        if s.tools:
            say('tool-plan-delta', {'out': [('reasoning', 'I will look.')]},
                delta={'message': {'tool_plan': 'I will look.'}})
        for i, t in enumerate(s.tools):
            say('tool-call-start', {'tools': [(t.name, t.id, False)],
                                    'out': [('tool_call', t.id, t.name, '')]}, index=i,
                delta={'message': {'tool_calls': {'id': t.id, 'type': 'function', 'function': {
                    'name': t.name, 'arguments': ''}}}})
            for piece in cut_text(dumps(t.args), 3):
                say('tool-call-delta', {'out': [('args', t.id, piece)]}, index=i,
                    delta={'message': {'tool_calls': {'function': {'arguments': piece}}}})
            say('tool-call-end', index=i)
        usage, fact = usage_of(s.usage)
        say('message-end', dict(fact, finish=STOPS[s.stop]),
            delta={'finish_reason': STOPS[s.stop], 'usage': usage})
        return events

    def error(self):
        return 429, [], {'message': 'trial limit', 'id': 'e1'}, {'error': '429',
                                                                 'error_message': 'trial limit'}


class Tokens(Chat):
    """Nothing was billed."""
    name = 'cohere unbilled'
    scenarios = (PLAIN,)

    def whole(self, s):
        body, fact = super().whole(s)
        del body['usage']['billed_units']
        tokens = body['usage']['tokens']
        return body, dict(fact, input=tokens['input_tokens'], output=tokens['output_tokens'])

    def stream(self, s):
        return None


class ChatV1(Speaker):
    name, host = 'cohere chat v1', 'api.cohere.com'
    op, provider, dialect = 'chat', 'cohere', 'cohere.chat_v1'
    framing = 'lines'
    scenarios = ALL[:1]

    def target(self, s, stream):
        return '/v1/chat'

    def request(self, s, stream):
        return {'model': s.model, 'message': s.prompt, 'preamble': s.system, 'stream': stream,
                'chat_history': [{'role': 'USER', 'message': 'a'},
                                 {'role': 'CHATBOT', 'message': 'b'}]}, {
            'model': s.model, 'stream': stream}

    def content(self, s):
        return ['system: text(%s)' % s.system] if False else [
            'system: text(%s)' % s.system, 'in user: text(%s)' % s.prompt,
            'in user: text(a)', 'in assistant: text(b)']

    def whole(self, s):
        usage, fact = usage_of(s.usage)
        return {'response_id': s.id, 'text': s.text, 'generation_id': 'g1', 'chat_history': [],
                'finish_reason': STOPS[s.stop], 'meta': usage}, dict(
            fact, id=s.id, finish=STOPS[s.stop], out=[('text', s.text)])

    def stream(self, s):
        events = [((None, {'is_finished': False, 'event_type': 'stream-start',
                           'generation_id': 'g1'}), {'candidate': True})]
        events += [((None, {'is_finished': False, 'event_type': 'text-generation', 'text': t}),
                    {'out': [('text', t)]}) for t in s.pieces]
        body, fact = self.whole(s)
        fact.pop('out')
        return events + [((None, {'is_finished': True, 'event_type': 'stream-end',
                                  'finish_reason': STOPS[s.stop], 'response': body}), fact)]

    error = Chat.error


class Embed(Speaker):
    name, host = 'cohere embed', 'api.cohere.com'
    op, provider, dialect = 'embeddings', 'cohere', 'cohere.embed'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/v2/embed'

    def request(self, s, stream):
        return {'model': s.model, 'texts': [s.prompt], 'input_type': 'search_query',
                'embedding_types': ['float', 'int8'], 'output_dimension': 256}, {
            'model': s.model, 'formats': ['float', 'int8'], 'dimensions': 256}

    def whole(self, s):
        return {'id': 'e1', 'embeddings': {'float': [[0.5, 1]], 'int8': [[1, 2]]},
                'texts': [s.prompt], 'meta': {'api_version': {'version': '2'},
                                              'billed_units': {'input_tokens': s.usage.input}}}, {
            'input': s.usage.input}

    error = Chat.error


SPEAKERS = [Chat, Tokens, ChatV1, Embed]
