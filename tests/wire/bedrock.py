# SPDX-License-Identifier: Apache-2.0
"""AWS Bedrock: Converse, InvokeModel with the vendors' bodies, agents, knowledge bases."""
import base64

from wire import anthropic, http
from wire.facts import asked
from wire.scenario import ALL, EARLIER, LONG, PLAIN, RESULT, WEATHER, cut_text, dumps
from wire.speaker import Speaker

ID = 'us.swift.model-v1:0'
IN_PATH = 'us.swift.model-v1%3A0'
STOPS = anthropic.STOPS


class Bedrock(Speaker):
    host = 'bedrock-runtime.us-east-1.amazonaws.com'
    op, provider = 'chat', 'aws.bedrock'
    framing = 'aws'
    verbs = ('converse', 'converse-stream')
    path_model, model = IN_PATH, ID

    def target(self, s, stream):
        return '/model/%s/%s' % (self.path_model, self.verbs[stream])

    def answer_head(self):
        return (('x-amzn-RequestId', 'rq-5'),), {'request_id': 'rq-5'}

    def event(self, name, obj):
        kind = ':exception-type' if name.endswith('Exception') else ':event-type'
        return http.aws_event([(kind, name), (':content-type', 'application/json'),
                               (':message-type', kind[1:].split('-', maxsplit=1)[0])],
                              dumps(obj).encode())

    def error(self):
        return 429, [('x-amzn-ErrorType', 'ThrottlingException:http://internal/x')], \
            {'message': 'Slow down'}, {'error': 'ThrottlingException',
                                       'error_message': 'Slow down'}

    def stream_error(self):
        return ('throttlingException', {'message': 'Slow down'}), \
            {'error': 'throttlingException', 'error_message': 'Slow down'}


def usage_of(u):
    """The wire counts cached tokens beside the input; the total holds all."""
    out = {'inputTokens': u.input - u.cache_read - u.cache_write, 'outputTokens': u.output,
           'totalTokens': u.input + u.output}
    fact = {'input': u.input, 'output': u.output, 'total': u.input + u.output}
    if u.cache_read or u.cache_write:
        out.update(cacheReadInputTokens=u.cache_read, cacheWriteInputTokens=u.cache_write)
        fact.update(cache_read=u.cache_read, cache_write=u.cache_write)
    return out, fact


class Converse(Bedrock):
    name = 'bedrock converse'
    dialect = 'bedrock.converse'
    scenarios = ALL

    def request(self, s, stream):
        messages = [{'role': 'user', 'content': [{'text': s.prompt}]}]
        if s.history:
            messages += [{'role': 'assistant', 'content': [{'toolUse': {
                'toolUseId': EARLIER.id, 'name': EARLIER.name, 'input': EARLIER.args}}]},
                {'role': 'user', 'content': [{'toolResult': {
                    'toolUseId': EARLIER.id, 'content': [{'text': RESULT}], 'status': 'success'}}]}]
        body = {'messages': messages, 'system': [{'text': s.system}],
                'inferenceConfig': {'maxTokens': s.max_tokens, 'temperature': s.temperature,
                                    'topP': s.top_p, 'stopSequences': list(s.stops)},
                'guardrailConfig': {'guardrailIdentifier': 'gr-1', 'guardrailVersion': '1'},
                'additionalModelRequestFields': {'top_k': 40}}
        fact = {'model': ID, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
                'top_p': s.top_p, 'stop': list(s.stops), 'top_k': 40, 'guardrail': 'gr-1'}
        if s.history:
            body['toolConfig'] = {'tools': [{'toolSpec': {
                'name': WEATHER['name'], 'description': WEATHER['description'],
                'inputSchema': {'json': WEATHER['schema']}}}]}
        return body, fact

    def content(self, s):
        return asked(s, result='result(#%s json %s)' % (EARLIER.id, dumps([{'text': RESULT}])))

    def blocks(self, s):
        out = []
        if s.thought:
            text = ''.join(s.thought)
            out.append(({'reasoningContent': {'reasoningText': {'text': text, 'signature': 'x'}}},
                        [({'reasoningContent': {'text': t}}, {'out': [('reasoning', t)]})
                         for t in s.thought], [('reasoning', text)], None))
        if s.text:
            out.append(({'text': s.text}, [({'text': t}, {'out': [('text', t)]})
                                           for t in s.pieces], [('text', s.text)], None))
        for t in s.tools:
            use = {'toolUseId': t.id, 'name': t.name}
            out.append(({'toolUse': dict(use, input=t.args)},
                        [({'toolUse': {'input': p}}, {'out': [('args', t.id, p)]})
                         for p in cut_text(dumps(t.args), 2)],
                        [('tool_call', t.id, t.name, dumps(t.args))], (use, t)))
        return out

    def whole(self, s):
        blocks = self.blocks(s)
        usage, fact = usage_of(s.usage)
        fact.update(finish=STOPS[s.stop], out=[p for b in blocks for p in b[2]],
                    tools=[(b[3][1].name, b[3][1].id, False) for b in blocks if b[3]])
        return {'metrics': {'latencyMs': 12}, 'output': {'message': {
            'role': 'assistant', 'content': [b[0] for b in blocks]}},
            'stopReason': STOPS[s.stop], 'usage': usage}, fact

    def stream(self, s):
        events = [(('messageStart', {'role': 'assistant', 'p': 'abc'}), {'candidate': True})]
        for n, (_, deltas, _, tool) in enumerate(self.blocks(s)):
            if tool:
                events.append((('contentBlockStart', {'contentBlockIndex': n,
                                                      'start': {'toolUse': tool[0]}}),
                               {'tools': [(tool[1].name, tool[1].id, False)], 'candidate': True,
                                'out': [('tool_call', tool[1].id, tool[1].name, '')]}))
            for delta, learned in deltas:
                events.append((('contentBlockDelta', {'contentBlockIndex': n, 'delta': delta}),
                               dict(learned, candidate=True)))
            events.append((('contentBlockStop', {'contentBlockIndex': n}), {}))
        usage, fact = usage_of(s.usage)
        events.append((('messageStop', {'stopReason': STOPS[s.stop]}),
                       {'finish': STOPS[s.stop]}))
        return events + [(('metadata', {'usage': usage, 'metrics': {'latencyMs': 9}}), fact)]


class Invoke(Bedrock):
    dialect = 'bedrock.invoke'
    verbs = ('invoke', 'invoke-with-response-stream')
    vendor = None
    scenarios = (PLAIN,)
    method_head = (('x-amzn-bedrock-guardrailidentifier', 'gr-2'),)

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        if late:        # which of both it was, the request would tell
            fact['op'] = 'chat'
        return super().case(kind, s, ask, fact, answer, outcome, end, late)

    def event(self, name, obj):
        if name.endswith('Exception'):
            return super().event(name, obj)
        return super().event('chunk', {'bytes': base64.b64encode(dumps(obj).encode()).decode(),
                                       'p': 'abcdefgh'})

    def metrics(self, s):
        return {'amazon-bedrock-invocationMetrics': {
            'inputTokenCount': s.usage.input, 'outputTokenCount': s.usage.output,
            'invocationLatency': 5, 'firstByteLatency': 2}}

    def ask(self, s, stream):
        ask, fact = super().ask(s, stream)
        return ask, fact.add({'guardrail': 'gr-2'})


class InvokeAnthropic(Invoke):
    name = 'bedrock anthropic'
    scenarios = ALL
    theirs = anthropic.Messages()

    def request(self, s, stream):
        body, fact = self.theirs.request(s, stream)
        del body['model']
        body.pop('stream', None)
        fact.pop('stream', None)
        body['anthropic_version'] = 'bedrock-2023-05-31'
        return body, dict(fact, model=ID)

    def content(self, s):
        return self.theirs.content(s)

    def whole(self, s):
        return self.theirs.whole(s)

    def stream(self, s):
        events = self.theirs.stream(s)
        (name, obj), fact = events[-1]
        return events[:-1] + [((name, dict(obj, **self.metrics(s))), fact)]

    def event(self, name, obj):
        return super().event(name, obj)


class LongInvoke(InvokeAnthropic):
    """Chunks of more than comes in one piece."""
    name = 'bedrock long anthropic'
    scenarios = (LONG,)
    with_content = False

    def stream(self, s):
        events = super().stream(s)
        (name, obj), fact = events[-3]
        return events[:-3] + [((name, dict(obj, padding=s.text)), fact)] + events[-2:]


class InvokeLlama(Invoke):
    name = 'bedrock llama'
    op = 'text_completion'

    def request(self, s, stream):
        return {'prompt': s.prompt, 'max_gen_len': s.max_tokens, 'temperature': s.temperature,
                'top_p': s.top_p}, {'model': ID, 'max_tokens': s.max_tokens,
                                    'temperature': s.temperature, 'top_p': s.top_p}

    def content(self, s):
        return ['in user: text(%s)' % s.prompt]

    def whole(self, s):
        return {'generation': s.text, 'prompt_token_count': s.usage.input,
                'generation_token_count': s.usage.output, 'stop_reason': 'stop'}, {
            'input': s.usage.input, 'output': s.usage.output, 'finish': 'stop',
            'out': [('text', s.text)]}

    def stream(self, s):
        events = [(('x', {'generation': t, 'prompt_token_count': s.usage.input,
                          'generation_token_count': n + 1, 'stop_reason': None}),
                   {'out': [('text', t)], 'input': s.usage.input, 'output': n + 1,
                    'candidate': True}) for n, t in enumerate(s.pieces)]
        return events + [(('x', dict({'generation': '', 'prompt_token_count': None,
                                      'generation_token_count': s.usage.output,
                                      'stop_reason': 'stop'}, **self.metrics(s))),
                          {'finish': 'stop', 'output': s.usage.output})]


class InvokeTitan(InvokeLlama):
    name = 'bedrock titan'

    def request(self, s, stream):
        return {'inputText': s.prompt, 'textGenerationConfig': {
            'maxTokenCount': s.max_tokens, 'temperature': s.temperature, 'topP': s.top_p,
            'stopSequences': list(s.stops)}}, {
            'model': ID, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
            'top_p': s.top_p, 'stop': list(s.stops)}

    def whole(self, s):
        return {'inputTextTokenCount': s.usage.input, 'results': [
            {'tokenCount': s.usage.output, 'outputText': s.text, 'completionReason': 'FINISH'}]}, {
            'input': s.usage.input, 'output': s.usage.output, 'finish': 'FINISH',
            'out': [('text', s.text)]}

    def stream(self, s):
        events = [(('x', {'outputText': t, 'index': 0, 'totalOutputTextTokenCount': None,
                          'completionReason': None, 'inputTextTokenCount': s.usage.input}),
                   {'out': [('text', t)], 'input': s.usage.input, 'candidate': True})
                  for t in s.pieces]
        return events + [(('x', dict({'outputText': '', 'index': 0,
                                      'totalOutputTextTokenCount': s.usage.output,
                                      'completionReason': 'FINISH',
                                      'inputTextTokenCount': s.usage.input}, **self.metrics(s))),
                          {'finish': 'FINISH', 'output': s.usage.output})]


class InvokeMistral(InvokeLlama):
    name = 'bedrock mistral'
    late_whole = False          # too little stands in it

    def request(self, s, stream):
        return {'prompt': s.prompt, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
                'top_p': s.top_p, 'top_k': 40, 'stop': list(s.stops)}, {
            'model': ID, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
            'top_p': s.top_p, 'top_k': 40, 'stop': list(s.stops)}

    # The counts stand in the head.
    def answer_head(self):
        fields, fact = super().answer_head()
        return fields + (('X-Amzn-Bedrock-Input-Token-Count', '31'),
                         ('X-Amzn-Bedrock-Output-Token-Count', '9')), \
            dict(fact, input=31, output=9)

    def whole(self, s):
        return {'outputs': [{'text': s.text, 'stop_reason': 'stop'}]}, {
            'finish': 'stop', 'out': [('text', s.text)]}

    def stream(self, s):
        events = [(('x', {'outputs': [{'text': t, 'stop_reason': None}]}),
                   {'out': [('text', t)], 'candidate': True}) for t in s.pieces]
        return events + [(('x', dict({'outputs': [{'text': '', 'stop_reason': 'stop'}]},
                                     **self.metrics(s))), {'finish': 'stop'})]


class InvokeCohere(Invoke):
    name = 'bedrock cohere'

    def request(self, s, stream):
        return {'message': s.prompt, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
                'p': s.top_p, 'k': 40, 'stop_sequences': list(s.stops)}, {
            'model': ID, 'max_tokens': s.max_tokens, 'temperature': s.temperature,
            'top_p': s.top_p, 'top_k': 40, 'stop': list(s.stops)}

    def content(self, s):
        return ['in user: text(%s)' % s.prompt]

    def whole(self, s):
        return {'response_id': 'r', 'generation_id': s.id, 'text': s.text,
                'finish_reason': 'COMPLETE'}, {'id': s.id, 'finish': 'COMPLETE',
                                               'out': [('text', s.text)]}


class InvokeNova(Invoke):
    name = 'bedrock nova'
    scenarios = ALL
    theirs = Converse()

    def request(self, s, stream):
        body, fact = self.theirs.request(s, stream)
        for key in ('guardrailConfig', 'additionalModelRequestFields'):
            del body[key]
        del fact['top_k']
        return dict(body, schemaVersion='messages-v1'), fact

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        if kind == 'late whole':        # nothing tells it from Converse
            fact['dialect'] = 'bedrock.converse'
        return super().case(kind, s, ask, fact, answer, outcome, end, late)

    def content(self, s):
        return self.theirs.content(s)

    def whole(self, s):
        return self.theirs.whole(s)

    def stream(self, s):
        events = self.theirs.stream(s)
        (_, last), fact = events[-1]
        events[-1] = (('metadata', last), fact)
        out = [((name, {name: obj}), fact) for (name, obj), fact in events]
        out[-1][0][1].update(self.metrics(s))
        return out


class Embed(Bedrock):
    """Titan's."""
    name, op, dialect = 'bedrock titan embed', 'embeddings', 'bedrock.invoke'
    verbs = ('invoke', '')
    scenarios = (PLAIN,)
    path_model, model = 'amazon.titan-embed-text-v2%3A0', 'amazon.titan-embed-text-v2:0'

    def request(self, s, stream):
        return {'inputText': s.prompt, 'dimensions': 256, 'normalize': True,
                'embeddingTypes': ['float']}, {'model': self.model, 'dimensions': 256,
                                               'formats': ['float']}

    def content(self, s):
        return []

    def whole(self, s):
        return {'embedding': [0.5, 1], 'inputTextTokenCount': s.usage.input}, {
            'input': s.usage.input}

    late_whole = False

    def stream_error(self):
        return None


class EmbedCohere(Embed):
    name = 'bedrock cohere embed'
    path_model = model = 'cohere.embed-v4'

    def request(self, s, stream):
        return {'texts': [s.prompt], 'input_type': 'search_query', 'embedding_types': ['int8'],
                'output_dimension': 256}, {'model': self.model, 'dimensions': 256,
                                           'formats': ['int8']}

    def content(self, s):
        return []

    def answer_head(self):
        fields, fact = super().answer_head()
        return fields + (('X-Amzn-Bedrock-Input-Token-Count', '31'),), dict(fact, input=31)

    def whole(self, s):
        return {'id': 'e', 'embeddings': {'int8': [[1, 2]]}, 'texts': [s.prompt]}, {'id': 'e'}


class Agent(Bedrock):
    name, op, dialect = 'bedrock agent', 'invoke_agent', 'bedrock.agent'
    host = 'bedrock-agent-runtime.us-east-1.amazonaws.com'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/agents/AG1/agentAliases/AL1/sessions/se%2F1/text'

    def request(self, s, stream):
        return {'inputText': s.prompt, 'enableTrace': False}, {'agent_id': 'AG1',
                                                               'conversation': 'se/1'}

    def content(self, s):
        return ['in user: text(%s)' % s.prompt]

    def whole(self, s):
        return None

    def event(self, name, obj):
        if name != 'chunk':
            return super().event(name, obj)
        return super().event(name, {'bytes': base64.b64encode(obj.encode()).decode()})

    def stream(self, s):
        return [(('chunk', t), {'out': [('text', t)]}) for t in s.pieces] + \
            [(('trace', {'sessionId': 'se/1'}), {})]

    late_stream = False


class Retrieve(Bedrock):
    name, op, dialect = 'bedrock retrieve', 'retrieval', 'bedrock.retrieve'
    host = 'bedrock-agent-runtime.us-east-1.amazonaws.com'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/knowledgebases/KB1/retrieve'

    def request(self, s, stream):
        return {'retrievalQuery': {'text': s.prompt}, 'retrievalConfiguration': {
            'vectorSearchConfiguration': {'numberOfResults': 4}}}, {
            'source': 'KB1', 'asked': 4, 'query': s.prompt}

    def whole(self, s):
        one = {'content': {'text': 'x'}, 'score': 0.5, 'location': {'type': 'S3'}}
        return {'retrievalResults': [one, one, one], 'nextToken': None}, {
            'found': 3, 'documents': dumps([one, one, one])}

    late_whole = False

    def stream_error(self):
        return None


SPEAKERS = [Converse, InvokeAnthropic, LongInvoke, InvokeLlama, InvokeTitan, InvokeMistral,
            InvokeCohere, InvokeNova, Embed, EmbedCohere, Agent, Retrieve]
