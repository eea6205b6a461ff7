# SPDX-License-Identifier: Apache-2.0
"""Gemini and Vertex: generateContent in all forms, embeddings, interactions."""
from wire.facts import asked
from wire.openai import Chat, Embeddings
from wire.scenario import ALL, EARLIER, PLAIN, RESULT, WEATHER, dumps
from wire.speaker import Speaker

STOPS = {'stop': 'STOP', 'length': 'MAX_TOKENS', 'tools': 'STOP'}


def usage_of(u):
    """The wire counts thoughts beside the candidates."""
    out = {'promptTokenCount': u.input, 'candidatesTokenCount': u.output - u.reasoning,
           'totalTokenCount': u.input + u.output,
           'promptTokensDetails': [{'modality': 'TEXT', 'tokenCount': u.input}]}
    fact = {'input': u.input, 'output': u.output, 'total': u.input + u.output,
            'text_input': u.input}
    if u.cache_read:
        out['cachedContentTokenCount'] = fact['cache_read'] = u.cache_read
    if u.reasoning:
        out['thoughtsTokenCount'] = fact['reasoning'] = u.reasoning
    return out, fact


class Generate(Speaker):
    name, host = 'gemini', 'generativelanguage.googleapis.com'
    op, provider, dialect = 'generate_content', 'gcp.gemini', 'gemini.generate'
    late_provider = 'gcp.gemini'
    prefix = '/v1beta/models/'
    query = '?alt=sse'

    def target(self, s, stream):
        return self.prefix + s.model + (':streamGenerateContent' + self.query if stream
                                        else ':generateContent')

    def request(self, s, stream):
        contents = [{'role': 'user', 'parts': [{'text': s.prompt}]}]
        if s.history:
            contents += [{'role': 'model', 'parts': [{'functionCall': {
                'id': EARLIER.id, 'name': EARLIER.name, 'args': EARLIER.args}}]},
                {'role': 'user', 'parts': [{'functionResponse': {
                    'id': EARLIER.id, 'name': EARLIER.name, 'response': {'output': RESULT}}}]}]
        body = {'contents': contents, 'systemInstruction': {'parts': [{'text': s.system}],
                                                            'role': 'user'},
                'generationConfig': {'temperature': s.temperature, 'topP': s.top_p, 'topK': 40,
                                     'maxOutputTokens': s.max_tokens, 'candidateCount': 1,
                                     'stopSequences': list(s.stops),
                                     'responseMimeType': 'application/json',
                                     'thinkingConfig': {'thinkingLevel': 'HIGH'}}}
        fact = {'model': s.model, 'temperature': s.temperature, 'top_p': s.top_p, 'top_k': 40,
                'max_tokens': s.max_tokens, 'stop': list(s.stops), 'output_type': 'json',
                'effort': 'HIGH'}
        if s.history:
            body['tools'] = [{'functionDeclarations': [
                {'name': WEATHER['name'], 'description': WEATHER['description'],
                 'parameters': WEATHER['schema']}]}]
        return body, fact

    def content(self, s):
        return asked(s, result='result(#%s %s json %s)' % (EARLIER.id, EARLIER.name,
                                                           dumps({'output': RESULT})))

    def piece(self, s, parts, finish=None, usage=False):
        candidate = {'content': {'parts': parts, 'role': 'model'}, 'index': 0}
        fact = {'answered_by': s.answered, 'id': s.id, 'candidate': True}
        obj = {'candidates': [candidate]}
        if finish:
            candidate['finishReason'] = fact['finish'] = finish
        counted, counts = usage_of(s.usage)
        if not usage:       # so far
            counted = {'promptTokenCount': s.usage.input, 'totalTokenCount': s.usage.input}
            counts = {'input': s.usage.input, 'total': s.usage.input}
        obj.update(usageMetadata=counted, modelVersion=s.answered, responseId=s.id)
        fact.update(counts)
        return obj, fact

    def parts(self, s):
        out = [({'text': t, 'thought': True}, {'out': [('reasoning', t)]}) for t in s.thought]
        out += [({'text': t}, {'out': [('text', t)]}) for t in s.pieces]
        for t in s.tools:
            out.append(({'functionCall': {'id': t.id, 'name': t.name, 'args': t.args}},
                        {'tools': [(t.name, t.id, False)],
                         'out': [('tool_call', t.id, t.name, dumps(t.args))]}))
        return out

    def whole(self, s):
        parts = self.parts(s)
        obj, fact = self.piece(s, [p for p, _ in parts], STOPS[s.stop], True)
        fact.update(out=[p for _, f in parts for p in f['out']],
                    tools=[t for _, f in parts for t in f.get('tools', ())])
        return obj, fact

    def stream(self, s):
        events = []
        parts = self.parts(s)
        for n, (part, learned) in enumerate(parts):
            last = n == len(parts) - 1
            obj, fact = self.piece(s, [part], STOPS[s.stop] if last else None, last)
            events.append(((None, obj), dict(fact, **learned)))
        return events

    def error(self):
        return 429, [], {'error': {'code': 429, 'message': 'Quota', 'status': 'RESOURCE_EXHAUSTED',
                                   'details': [{'@type': 'RetryInfo', 'retryDelay': '7s'}]}}, {
            'error': 'RESOURCE_EXHAUSTED', 'error_message': 'Quota'}

    def stream_error(self):
        return (None, {'error': {'code': 500, 'message': 'Oops', 'status': 'INTERNAL'}}), \
            {'error': 'INTERNAL', 'error_message': 'Oops'}


class Array(Generate):
    name, framing, query = 'gemini array', 'array', ''

    def error(self):
        status, fields, body, fact = super().error()
        return status, fields, [body], fact


class Snake(Generate):
    """As litellm writes it."""
    name = 'gemini snake'

    def request(self, s, stream):
        def snake(v):
            if isinstance(v, list):
                return [snake(x) for x in v]
            if not isinstance(v, dict):
                return v
            return {''.join('_' + c.lower() if c.isupper() else c for c in k): snake(x)
                    for k, x in v.items()}
        body, fact = super().request(s, stream)
        return snake(body), fact

    scenarios = (PLAIN, ALL[-1])


class Vertex(Generate):
    name, host = 'vertex', 'us-central1-aiplatform.googleapis.com'
    provider = 'gcp.vertex_ai'
    prefix = '/v1/projects/p/locations/us-central1/publishers/google/models/'


class Blocked(Generate):
    """A prompt that is refused has no candidates."""
    name = 'gemini blocked'
    scenarios = (PLAIN,)

    def whole(self, s):
        return {'promptFeedback': {'blockReason': 'PROHIBITED_CONTENT'},
                'usageMetadata': {'promptTokenCount': 3}, 'modelVersion': s.answered}, {
            'answered_by': s.answered, 'input': 3, 'finish': 'error'}

    def stream(self, s):
        return None

    def stream_error(self):
        return None


class Candidates(Generate):
    """Two at once: the index stands behind the parts, and a chunk may hold one of them only."""
    name = 'gemini candidates'
    scenarios = (PLAIN,)

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        body['generationConfig']['candidateCount'] = fact['n'] = 2
        return body, fact

    def whole(self, s):
        return None

    def stream(self, s):
        def say(index, text, finish=None):
            c = {'content': {'role': 'model', 'parts': [{'text': text}]}}
            if finish:
                c['finishReason'] = finish
            return (None, {'candidates': [dict(c, index=index)], 'modelVersion': s.answered})
        base = {'answered_by': s.answered, 'candidate': True}
        return [(say(0, 'a'), dict(base)), (say(1, 'x'), {}), (say(0, 'b', 'STOP'), {}),
                (say(1, 'y', 'SAFETY'), {'finish': ['STOP', 'SAFETY']})]

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        if kind.startswith('cut'):
            n = int(kind.split()[2])
            fact['finish'] = {1: ['error'], 2: ['error', 'error'], 3: ['STOP', 'error']}[n]
        case = super().case(kind, s, ask, fact, answer, outcome, end, late)
        if kind in ('stream', 'late stream'):
            case.full += 'out assistant: text(ab) finish=STOP\nout assistant: text(xy) ' \
                'finish=SAFETY\n'
        elif kind.startswith('cut'):
            case.full += ['out assistant: text(a)\n',
                          'out assistant: text(a)\nout assistant: text(x)\n',
                          'out assistant: text(ab) finish=STOP\nout assistant: text(x)\n'][n - 1]
        return case

    def error(self):
        return None

    def stream_error(self):
        return None


class OpenAICompatible(Chat):
    name, host = 'gemini as openai', 'generativelanguage.googleapis.com'
    provider = 'gcp.gemini'
    path = '/v1beta/openai/chat/completions'


class VertexOpenAI(Chat):
    name, host = 'vertex as openai', 'us-central1-aiplatform.googleapis.com'
    provider = 'gcp.vertex_ai'
    path = '/v1/projects/p/locations/us-central1/endpoints/openapi/chat/completions'
    scenarios = (PLAIN,)


class Embed(Embeddings):
    name, host = 'gemini embed', 'generativelanguage.googleapis.com'
    provider, dialect = 'gcp.gemini', 'gemini.embed'

    def target(self, s, stream):
        return '/v1beta/models/%s:embedContent' % s.model

    def request(self, s, stream):
        return {'model': 'models/' + s.model, 'content': {'parts': [{'text': s.prompt}]},
                'outputDimensionality': 3}, {'model': s.model, 'dimensions': 3}

    def whole(self, s):
        return {'embedding': {'values': [0.5, -1.25e-3, 0]},
                'usageMetadata': {'promptTokenCount': s.usage.input}}, {'input': s.usage.input}

    late_whole = False
    error = Generate.error


class Batch(Embed):
    name = 'gemini batch embed'

    def target(self, s, stream):
        return '/v1beta/models/%s:batchEmbedContents' % s.model

    def request(self, s, stream):
        one = {'model': 'models/' + s.model, 'content': {'parts': [{'text': s.prompt}]},
               'outputDimensionality': 3}
        return {'requests': [one, one]}, {'model': s.model, 'dimensions': 3}

    def whole(self, s):
        return {'embeddings': [{'values': [0.5, 1]}, {'values': [0, 2]}]}, {}


class Predict(Embed):
    name, host = 'vertex predict', 'us-central1-aiplatform.googleapis.com'
    provider = 'gcp.vertex_ai'

    def target(self, s, stream):
        return '/v1/projects/p/locations/l/publishers/google/models/text-embedding-5:predict'

    def request(self, s, stream):
        return {'instances': [{'content': s.prompt}, {'content': 'b'}],
                'parameters': {'outputDimensionality': 3}}, {'model': 'text-embedding-5',
                                                             'dimensions': 3}

    def whole(self, s):
        one = {'embeddings': {'values': [0.5], 'statistics': {'truncated': False,
                                                              'token_count': s.usage.input}}}
        return {'predictions': [one, one]}, {'input': 2 * s.usage.input}


class Interactions(Speaker):
    name, host = 'gemini interactions', 'generativelanguage.googleapis.com'
    op, provider, dialect = 'generate_content', 'gcp.gemini', 'gemini.interactions'
    late_provider = 'gcp.gemini'

    def target(self, s, stream):
        return '/v1beta/interactions'

    def request(self, s, stream):
        body = {'model': s.model, 'input': s.prompt, 'system_instruction': s.system,
                'previous_interaction_id': 'int-1',
                'generation_config': {'temperature': s.temperature, 'top_p': s.top_p,
                                      'max_output_tokens': s.max_tokens}}
        fact = {'model': s.model, 'previous': 'int-1', 'temperature': s.temperature,
                'top_p': s.top_p, 'max_tokens': s.max_tokens}
        if stream:
            body['stream'] = fact['stream'] = True
        return body, fact

    def content(self, s):
        return ['system: text(%s)' % s.system, 'in user: text(%s)' % s.prompt]

    def steps(self, s):
        out = []
        if s.thought:
            out.append(({'type': 'thought', 'summary': [{'type': 'text',
                                                         'text': ''.join(s.thought)}]},
                        {'out': [('reasoning', ''.join(s.thought))]}))
        if s.text:
            out.append(({'type': 'model_output', 'content': [{'type': 'text', 'text': s.text}]},
                        {'out': [('text', s.text)]}))
        for t in s.tools:
            out.append(({'type': 'function_call', 'id': t.id, 'name': t.name, 'arguments': t.args},
                        {'tools': [(t.name, t.id, False)],
                         'out': [('tool_call', t.id, t.name, dumps(t.args))]}))
        return out

    def object(self, s, status):
        u = s.usage
        obj = {'id': s.id, 'object': 'interaction', 'model': s.answered, 'status': status}
        fact = {'id': s.id, 'answered_by': s.answered}
        if status == 'in_progress':
            return obj, fact
        obj['usage'] = {'total_input_tokens': u.input, 'total_tokens': u.input + u.output,
                        'total_output_tokens': u.output - u.reasoning,
                        'total_cached_tokens': u.cache_read, 'total_thought_tokens': u.reasoning,
                        'total_tool_use_tokens': 0}
        fact.update(input=u.input, output=u.output, total=u.input + u.output,
                    cache_read=u.cache_read, reasoning=u.reasoning,
                    finish={'completed': 'stop', 'incomplete': 'incomplete',
                            'requires_action': 'tool_calls'}[status])
        return obj, fact

    def status(self, s):
        return {'stop': 'completed', 'length': 'incomplete', 'tools': 'requires_action'}[s.stop]

    def whole(self, s):
        obj, fact = self.object(s, self.status(s))
        steps = self.steps(s)
        obj['steps'] = [x for x, _ in steps]
        fact.update(out=[p for _, f in steps for p in f['out']],
                    tools=[t for _, f in steps for t in f.get('tools', ())])
        return obj, fact

    def stream(self, s):
        def say(kind, learned=None, **body):
            events.append(((kind, dict({'event_type': kind}, **body)), learned or {}))
        events = []
        start, learned = self.object(s, 'in_progress')
        say('interaction.created', learned, interaction=start)
        say('interaction.status_update', interaction_id=s.id, status='in_progress')
        for n, (step, fact) in enumerate(self.steps(s)):
            cand = {'candidate': True}
            if step['type'] == 'function_call':
                say('step.start', dict(fact, **cand), index=n, step=step)
            else:
                say('step.start', cand, index=n, step={'type': step['type']})
                thought = step['type'] == 'thought'
                for piece in (s.thought if thought else s.pieces):
                    delta = {'type': 'text', 'text': piece}
                    if thought:
                        delta = {'type': 'thought_summary', 'content': delta}
                    say('step.delta', dict(cand, out=[('reasoning' if thought else 'text', piece)]),
                        index=n, delta=delta)
            say('step.stop', index=n)
        end, learned = self.object(s, self.status(s))
        say('interaction.completed', learned, interaction=end)
        return events

    error = Generate.error

    def stream_error(self):
        return ('error', {'event_type': 'error',
                          'error': {'code': 'internal', 'message': 'Oops'}}), {
            'error': 'internal', 'error_message': 'Oops'}


SPEAKERS = [Generate, Array, Snake, Vertex, Blocked, Candidates, OpenAICompatible, VertexOpenAI,
            Embed, Batch, Predict, Interactions]
