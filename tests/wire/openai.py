# SPDX-License-Identifier: Apache-2.0
"""OpenAI's chat completions, completions, embeddings and responses, and those made like them."""
from wire.facts import asked
from wire.scenario import EARLIER, LONG, RESULT, WEATHER, cut_text, dumps
from wire.speaker import Speaker

STOPS = {'stop': 'stop', 'length': 'length', 'tools': 'tool_calls'}


def usage_fact(u, **more):
    fact = {'input': u.input, 'output': u.output, 'total': u.input + u.output}
    if u.cache_read:
        fact['cache_read'] = u.cache_read
    if u.cache_write:
        fact['cache_write'] = u.cache_write
    if u.reasoning:
        fact['reasoning'] = u.reasoning
    fact.update(more)
    return fact


class Chat(Speaker):
    name, host = 'openai chat', 'api.openai.com'
    op, provider, dialect = 'chat', 'openai', 'openai.chat'
    late_provider = 'openai'
    path = '/v1/chat/completions'
    max_key = 'max_completion_tokens'
    thought_key = 'reasoning_content'

    def target(self, s, stream):
        return self.path

    def messages(self, s):
        out = [{'role': 'system', 'content': s.system}, {'role': 'user', 'content': s.prompt}]
        if s.history:
            out.append({'role': 'assistant', 'content': None, 'tool_calls': [
                {'id': EARLIER.id, 'type': 'function',
                 'function': {'name': EARLIER.name, 'arguments': dumps(EARLIER.args)}}]})
            out.append({'role': 'tool', 'tool_call_id': EARLIER.id, 'content': RESULT})
        return out

    def tools(self):
        return [{'type': 'function', 'function': {
            'name': WEATHER['name'], 'description': WEATHER['description'],
            'parameters': WEATHER['schema']}}]

    def request(self, s, stream):
        body = {'model': s.model, 'messages': self.messages(s), 'temperature': s.temperature,
                'top_p': s.top_p, 'stop': list(s.stops), self.max_key: s.max_tokens}
        fact = {'model': s.model, 'temperature': s.temperature, 'top_p': s.top_p,
                'stop': list(s.stops), 'max_tokens': s.max_tokens}
        if s.history:
            body['tools'] = self.tools()
        if stream:
            body['stream'] = True
            body['stream_options'] = {'include_usage': True}
            fact['stream'] = True
        return body, fact

    def content(self, s):
        return asked(s, system='in system:', define='function')

    def usage(self, s):
        u = s.usage
        out = {'prompt_tokens': u.input, 'completion_tokens': u.output,
               'total_tokens': u.input + u.output}
        if u.cache_read or u.cache_write:
            out['prompt_tokens_details'] = {'cached_tokens': u.cache_read,
                                            'cache_write_tokens': u.cache_write}
        if u.reasoning:
            out['completion_tokens_details'] = {'reasoning_tokens': u.reasoning}
        return out, usage_fact(u)

    def head(self, s, kind):
        obj = {'id': s.id, 'object': kind, 'created': 1790000000, 'model': s.answered,
               'system_fingerprint': 'fp_1'}
        return obj, {'id': s.id, 'answered_by': s.answered, 'fingerprint': 'fp_1'}

    def whole(self, s):
        obj, fact = self.head(s, 'chat.completion')
        message = {'role': 'assistant', 'content': s.text or None, 'refusal': None}
        out = []
        if s.thought:
            message[self.thought_key] = ''.join(s.thought)
            out.append(('reasoning', ''.join(s.thought)))
        if s.text:
            out.append(('text', s.text))
        if s.tools:
            message['tool_calls'] = [{'id': t.id, 'type': 'function', 'function': {
                'name': t.name, 'arguments': dumps(t.args)}} for t in s.tools]
            out += [('tool_call', t.id, t.name, dumps(t.args)) for t in s.tools]
        obj['choices'] = [{'index': 0, 'message': message, 'logprobs': None,
                           'finish_reason': STOPS[s.stop]}]
        obj['usage'], counted = self.usage(s)
        fact.update(counted, finish=STOPS[s.stop], out=out,
                    tools=[(t.name, t.id, False) for t in s.tools])
        return obj, fact

    def chunk(self, s, delta, finish=None):
        obj, fact = self.head(s, 'chat.completion.chunk')
        obj['choices'] = [{'index': 0, 'delta': delta, 'finish_reason': finish}]
        obj['usage'] = None
        return obj, fact

    def stream(self, s):
        def say(delta, stop=None, **learned):
            obj, fact = self.chunk(s, delta, stop)
            fact.update(learned, candidate=True)
            events.append(((None, obj), fact))
        events = []
        say({'role': 'assistant', 'content': ''})
        for text in s.thought:
            say({self.thought_key: text}, out=[('reasoning', text)])
        for text in s.pieces:
            say({'content': text}, out=[('text', text)])
        for i, t in enumerate(s.tools):
            say({'tool_calls': [{'index': i, 'id': t.id, 'type': 'function',
                                 'function': {'name': t.name, 'arguments': ''}}]},
                tools=[(t.name, t.id, False)], out=[('tool_call', t.id, t.name, '')])
            for piece in cut_text(dumps(t.args), 3):
                say({'tool_calls': [{'index': i, 'function': {'arguments': piece}}]},
                    out=[('args', t.id, piece)])
        say({}, STOPS[s.stop], finish=STOPS[s.stop])
        events += self.tail(s)
        return events

    def tail(self, s):
        obj, fact = self.head(s, 'chat.completion.chunk')
        obj['choices'] = []
        obj['usage'], counted = self.usage(s)
        fact.update(counted)
        return [((None, obj), fact), ((None, '[DONE]'), {})]

    def error(self):
        return 429, [('retry-after', '3')], {'error': {
            'message': 'Slow down', 'type': 'requests', 'param': None,
            'code': 'rate_limit_exceeded'}}, {'error': 'rate_limit_exceeded',
                                              'error_message': 'Slow down'}

    def stream_error(self):
        return (None, {'error': {'message': 'Oops', 'type': 'server_error', 'code': None}}), \
            {'error': 'server_error', 'error_message': 'Oops'}


class Azure(Chat):
    name, host = 'azure openai', 'res.openai.azure.com'
    provider = 'azure.ai.openai'
    late_provider = 'openai'
    path = '/openai/deployments/swift-1/chat/completions?api-version=2026-01-01'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        del body['model']       # the path names the deployment
        return body, fact

    def stream(self, s):
        filtered = {'choices': [], 'created': 0, 'id': '', 'model': '', 'object': '',
                    'prompt_filter_results': [{'prompt_index': 0, 'content_filter_results': {
                        'hate': {'filtered': False, 'severity': 'safe'}}}]}
        return [((None, filtered), {})] + super().stream(s)

    late_stream = False         # its first event says nothing

    def error(self):
        return 400, [], {'error': {
            'message': 'Filtered', 'type': None, 'param': 'prompt', 'code': 'content_filter',
            'status': 400, 'innererror': {'code': 'ResponsibleAIPolicyViolation'}}}, {
                'error': 'content_filter', 'error_message': 'Filtered'}


class AzureInference(Chat):
    name, host = 'azure inference', 'res.services.ai.azure.com'
    provider = 'azure.ai.inference'
    path = '/models/chat/completions?api-version=2024-05-01-preview'
    max_key = 'max_tokens'


class Completions(Speaker):
    name, host = 'openai completions', 'api.openai.com'
    op, provider, dialect = 'text_completion', 'openai', 'openai.completions'
    scenarios = Chat.scenarios[:3]

    def target(self, s, stream):
        return '/v1/completions'

    def request(self, s, stream):
        body = {'model': s.model, 'prompt': s.prompt, 'max_tokens': s.max_tokens, 'stream': stream}
        return body, {'model': s.model, 'max_tokens': s.max_tokens, 'stream': stream}

    def content(self, s):
        return ['in user: text(%s)' % s.prompt]

    def chunk(self, s, text, finish):
        return {'id': s.id, 'object': 'text_completion', 'created': 1, 'model': s.answered,
                'choices': [{'text': text, 'index': 0, 'logprobs': None, 'finish_reason': finish}]}

    def whole(self, s):
        obj = self.chunk(s, s.text, STOPS[s.stop])
        obj['usage'], fact = Chat().usage(s)
        fact.update(id=s.id, answered_by=s.answered, finish=STOPS[s.stop],
                    out=[('text', s.text)])
        return obj, fact

    def stream(self, s):
        events = [((None, self.chunk(s, t, None)),
                   {'id': s.id, 'answered_by': s.answered, 'out': [('text', t)],
                    'candidate': True}) for t in s.pieces]
        last = self.chunk(s, '', STOPS[s.stop])
        last['usage'], fact = Chat().usage(s)
        return events + [((None, last), dict(fact, finish=STOPS[s.stop])), ((None, '[DONE]'), {})]

    error = Chat.error
    stream_error = Chat.stream_error


class Embeddings(Speaker):
    name, host = 'openai embeddings', 'api.openai.com'
    op, provider, dialect = 'embeddings', 'openai', 'openai.embeddings'
    scenarios = Chat.scenarios[:1]
    path = '/v1/embeddings'

    def target(self, s, stream):
        return self.path

    def request(self, s, stream):
        return {'model': s.model, 'input': [s.prompt], 'encoding_format': 'float',
                'dimensions': 3}, {'model': s.model, 'formats': ['float'], 'dimensions': 3}

    def whole(self, s):
        return {'object': 'list', 'data': [{'object': 'embedding', 'index': 0,
                                            'embedding': [0.5, -1.25e-3, 0]}],
                'model': s.answered, 'usage': {'prompt_tokens': s.usage.input,
                                               'total_tokens': s.usage.input}}, {
            'answered_by': s.answered, 'input': s.usage.input, 'total': s.usage.input}

    error = Chat.error


class Responses(Speaker):
    name, host = 'openai responses', 'api.openai.com'
    op, provider, dialect = 'chat', 'openai', 'openai.responses'

    def target(self, s, stream):
        return '/v1/responses'

    def request(self, s, stream):
        items = [{'role': 'user', 'content': [{'type': 'input_text', 'text': s.prompt}]}]
        if s.history:
            items += [{'type': 'function_call', 'call_id': EARLIER.id, 'name': EARLIER.name,
                       'arguments': dumps(EARLIER.args)},
                      {'type': 'function_call_output', 'call_id': EARLIER.id, 'output': RESULT}]
        body = {'model': s.model, 'instructions': s.system, 'input': items,
                'max_output_tokens': s.max_tokens, 'temperature': s.temperature,
                'top_p': s.top_p, 'previous_response_id': 'resp-76'}
        fact = {'model': s.model, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
                'top_p': s.top_p, 'previous': 'resp-76'}
        if s.history:
            body['tools'] = [dict(type='function', name=WEATHER['name'], strict=True,
                                  description=WEATHER['description'],
                                  parameters=WEATHER['schema'])]
        if stream:
            body['stream'] = fact['stream'] = True
        return body, fact

    def content(self, s):
        return asked(s, define='function')

    def items(self, s):
        """Output items, whole, with the facts of each."""
        out = []
        if s.thought:
            out.append(({'type': 'reasoning', 'id': 'rs_1', 'summary': [
                {'type': 'summary_text', 'text': ''.join(s.thought)}]},
                {'out': [('reasoning', ''.join(s.thought))]}))
        if s.text:
            out.append(({'type': 'message', 'id': 'msg_1', 'role': 'assistant',
                         'status': 'completed', 'content': [
                             {'type': 'output_text', 'text': s.text, 'annotations': []}]},
                        {'out': [('text', s.text)]}))
        for t in s.tools:
            out.append(({'type': 'function_call', 'id': 'fc_' + t.id, 'call_id': t.id,
                         'name': t.name, 'arguments': dumps(t.args), 'status': 'completed'},
                        {'tools': [(t.name, t.id, False)],
                         'out': [('tool_call', t.id, t.name, dumps(t.args))]}))
        return out

    def object(self, s, status, items):
        u = s.usage
        obj = {'id': s.id, 'object': 'response', 'created_at': 1790000000, 'status': status,
               'error': None, 'incomplete_details': None, 'model': s.answered,
               'output': [i for i, _ in items], 'usage': None}
        fact = {'id': s.id, 'answered_by': s.answered, 'candidate': True}
        if status == 'in_progress':
            return obj, fact
        if status == 'incomplete':
            obj['incomplete_details'] = {'reason': 'max_output_tokens'}
        obj['usage'] = {'input_tokens': u.input, 'output_tokens': u.output,
                        'total_tokens': u.input + u.output,
                        'input_tokens_details': {'cached_tokens': u.cache_read},
                        'output_tokens_details': {'reasoning_tokens': u.reasoning}}
        fact.update(input=u.input, output=u.output, total=u.input + u.output,
                    cache_read=u.cache_read, reasoning=u.reasoning,
                    finish={'stop': 'stop', 'length': 'length', 'tools': 'tool_calls'}[s.stop])
        return obj, fact

    def whole(self, s):
        items = self.items(s)
        obj, fact = self.object(s, 'incomplete' if s.stop == 'length' else 'completed', items)
        fact.update(out=[p for _, f in items for p in f.get('out', ())],
                    tools=[t for _, f in items for t in f.get('tools', ())])
        return obj, fact

    def stream(self, s):
        seq = [0]

        def say(kind, learned=None, **body):
            events.append(((kind, dict({'type': kind, 'sequence_number': seq[0]}, **body)),
                           learned or {}))
            seq[0] += 1
        events = []
        start, learned = self.object(s, 'in_progress', [])
        say('response.created', learned, response=start)
        say('response.in_progress', response=start)
        for n, (item, fact) in enumerate(self.items(s)):
            at = {'output_index': n, 'item_id': item['id']}
            if item['type'] == 'message':
                say('response.output_item.added', output_index=n, item=dict(item, content=[]))
                say('response.content_part.added', content_index=0,
                    part={'type': 'output_text', 'text': ''}, **at)
                for piece in s.pieces:
                    say('response.output_text.delta', {'out': [('text', piece)]}, content_index=0,
                        delta=piece, obfuscation='xx', **at)
                say('response.output_text.done', content_index=0, text=s.text, **at)
            elif item['type'] == 'reasoning':
                say('response.output_item.added', output_index=n, item=dict(item, summary=[]))
                for piece in s.thought:
                    say('response.reasoning_summary_text.delta', {'out': [('reasoning', piece)]},
                        summary_index=0, delta=piece, **at)
            else:
                say('response.output_item.added',
                    {'tools': fact['tools'], 'out': [fact['out'][0][:3] + ('',)]},
                    output_index=n, item=dict(item, arguments='', status='in_progress'))
                for piece in cut_text(item['arguments'], 2):
                    say('response.function_call_arguments.delta',
                        {'out': [('args', item['call_id'], piece)]}, delta=piece, **at)
                say('response.function_call_arguments.done', arguments=item['arguments'], **at)
            say('response.output_item.done', output_index=n, item=item)
        end, learned = self.object(s, 'incomplete' if s.stop == 'length' else 'completed',
                                   self.items(s))
        say('response.incomplete' if s.stop == 'length' else 'response.completed', learned,
            response=end)
        return events

    error = Chat.error

    def stream_error(self):
        return ('error', {'type': 'error', 'code': 'server_error', 'message': 'Oops',
                          'param': None, 'sequence_number': 9}), \
            {'error': 'server_error', 'error_message': 'Oops'}


class LongResponses(Responses):
    """The last event holds the whole answer, and the counts behind it."""
    name = 'openai long responses'
    scenarios = (LONG,)
    with_content = False


SPEAKERS = [Chat, Azure, AzureInference, Completions, Embeddings, Responses, LongResponses]
