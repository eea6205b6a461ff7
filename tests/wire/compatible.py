# SPDX-License-Identifier: Apache-2.0
"""Servers that speak OpenAI's chat completions, each with its differences, and the APIs of their
own that some of them have."""
from wire.openai import STOPS, Chat, Completions, Responses
from wire.anthropic import Messages
from wire.gemini import Generate
from wire.scenario import ALL, PLAIN, THINK, TOOLS, cut_text, dumps
from wire.speaker import Speaker

SOME = (PLAIN, THINK, TOOLS)


class Compatible(Chat):
    late_provider = 'openai'
    max_key = 'max_tokens'
    scenarios = SOME


class VLLM(Compatible):
    name, host, thought_key = 'vllm', 'localhost:8000', 'reasoning'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        body.update(top_k=20, repetition_penalty=1.1, guided_json={'type': 'object'})
        return body, dict(fact, top_k=20)

    def chunk(self, s, delta, finish=None):
        """Counts so far in every chunk."""
        obj, fact = super().chunk(s, delta, finish)
        obj['choices'][0]['stop_reason'] = None
        obj['usage'] = {'prompt_tokens': s.usage.input, 'total_tokens': s.usage.input,
                        'completion_tokens': 0, 'prompt_tokens_details': None}
        return obj, dict(fact, input=s.usage.input, output=0, total=s.usage.input)

    def error(self):
        return 400, [], {'object': 'error', 'message': 'Too long', 'type': 'BadRequestError',
                         'param': None, 'code': 400}, {'error': 'BadRequestError',
                                                       'error_message': 'Too long'}


class LlamaCpp(Compatible):
    name, host = 'llama.cpp', 'localhost:8080'
    provider = late_provider = 'llama_cpp'

    def answer_head(self):
        return (('Server', 'llama.cpp'),), {}

    def whole(self, s):
        obj, fact = super().whole(s)
        return dict(obj, timings={'cache_n': 1, 'prompt_n': 2, 'prompt_ms': 1.5}), fact

    def error(self):
        return 503, [], {'error': {'code': 503, 'message': 'Loading', 'type':
                                   'unavailable_error'}}, {'error': 'unavailable_error',
                                                           'error_message': 'Loading'}


class LMStudio(Compatible):
    name, host, path = 'lm studio', 'localhost:1234', '/api/v0/chat/completions'
    provider = 'lm_studio'

    def whole(self, s):
        obj, fact = super().whole(s)
        return dict(obj, stats={'tokens_per_second': 51.4, 'stop_reason': 'eosFound'},
                    model_info={'arch': 'x'}, runtime={'name': 'y'}), fact


class OpenRouter(Compatible):
    name, host, path = 'openrouter', 'openrouter.ai', '/api/v1/chat/completions'
    provider, thought_key = 'openrouter', 'reasoning'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        body['reasoning'] = {'effort': 'high'}
        return body, dict(fact, effort='high')

    def whole(self, s):
        obj, fact = super().whole(s)
        obj['choices'][0]['native_finish_reason'] = 'STOP'
        obj['usage'].update(cost=0.01, cost_details={'upstream': None})
        return dict(obj, provider='Someone'), fact

    def stream(self, s):
        events = super().stream(s)
        return events[:1] + [((None, ': OPENROUTER PROCESSING'), {})] + events[1:]

    def event(self, name, obj):
        if obj == ': OPENROUTER PROCESSING':
            return b': OPENROUTER PROCESSING\n\n'
        return super().event(name, obj)

    def stream_error(self):
        obj, fact = self.chunk(PLAIN, {'content': ''}, 'error')
        obj['error'] = {'code': 502, 'message': 'Oops'}
        return (None, obj), dict(fact, error='502', error_message='Oops', finish='error')


class Groq(Compatible):
    name, host, path = 'groq', 'api.groq.com', '/openai/v1/chat/completions'
    provider, thought_key = 'groq', 'reasoning'

    def usage(self, s):
        out, fact = super().usage(s)
        return dict(out, queue_time=0.1, prompt_time=0.2, completion_time=0.3, total_time=0.5), fact

    def tail(self, s):
        obj, fact = self.head(s, 'chat.completion.chunk')
        counts, counted = self.usage(s)
        obj.update(choices=[], x_groq={'id': 'req_1', 'usage': counts})
        return [((None, obj), dict(fact, **counted)), ((None, '[DONE]'), {})]


class DeepSeek(Compatible):
    name, host, path = 'deepseek', 'api.deepseek.com', '/chat/completions'
    provider = 'deepseek'

    def usage(self, s):
        out, fact = super().usage(s)
        out.pop('prompt_tokens_details', None)
        hit = min(7, s.usage.input)
        out.update(prompt_cache_hit_tokens=hit, prompt_cache_miss_tokens=s.usage.input - hit)
        fact.pop('cache_write', None)
        return out, dict(fact, cache_read=hit)

    def whole(self, s):
        obj, fact = super().whole(s)
        if s is PLAIN:
            obj['choices'][0]['finish_reason'] = fact['finish'] = 'insufficient_system_resource'
        return obj, fact

    def encode(self, obj):
        """Empty lines keep the connection alive before the answer."""
        text = super().encode(obj)
        return '\n\n\n' + text if isinstance(obj, dict) and 'choices' in obj else text


class DeepSeekAnthropic(Messages):
    name, host = 'deepseek as anthropic', 'api.deepseek.com'
    provider = 'deepseek'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/anthropic/v1/messages'


class Mistral(Compatible):
    name, host = 'mistral', 'api.mistral.ai'
    provider = 'mistral_ai'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        body.pop('stream_options', None)
        return dict(body, random_seed=5, safe_prompt=False, reasoning_effort='high'), \
            dict(fact, seed=5, effort='high')

    def whole(self, s):
        obj, fact = super().whole(s)
        message = obj['choices'][0]['message']
        message.pop(self.thought_key, None)
        if s.thought:       # contents in a list
            message['content'] = [
                {'type': 'thinking', 'thinking': [{'type': 'text', 'text': ''.join(s.thought)}]},
                {'type': 'text', 'text': s.text}]
        return obj, fact

    def error(self):
        return 422, [], {'object': 'error', 'message': 'Bad role', 'type': 'invalid_request_error',
                         'param': None, 'code': '3051'}, {'error': '3051',
                                                          'error_message': 'Bad role'}


class MistralDetail(Mistral):
    name = 'mistral detail'
    scenarios = ()

    def error(self):
        return 422, [], {'detail': [{'type': 'missing', 'loc': ['body'],
                                     'msg': 'Field required'}]}, {
            'error': '422', 'error_message': 'Field required'}


class XAI(Compatible):
    """What the model thought is left out of the completion; the total shows it."""
    name, host, provider = 'xai', 'api.x.ai', 'x_ai'

    def usage(self, s):
        out, fact = super().usage(s)
        out['completion_tokens'] -= s.usage.reasoning
        return out, fact


class Together(Compatible):
    name, host, provider = 'together', 'api.together.xyz', 'together_ai'

    def whole(self, s):
        obj, fact = super().whole(s)
        if s is PLAIN:
            obj['choices'][0]['finish_reason'] = fact['finish'] = 'eos'
        return dict(obj, prompt=[]), fact


class Perplexity(Compatible):
    name, host, path = 'perplexity', 'api.perplexity.ai', '/chat/completions'
    provider = 'perplexity'

    def whole(self, s):
        obj, fact = super().whole(s)
        obj['usage'].update(search_context_size='low', cost={'total_cost': 0.006})
        return dict(obj, citations=['https://a.example'], search_results=[{'title': 't'}]), fact


class Moonshot(Compatible):
    name, host, provider = 'moonshot', 'api.moonshot.ai', 'moonshot_ai'

    def usage(self, s):
        out, fact = super().usage(s)
        out.pop('prompt_tokens_details', None)
        fact.pop('cache_write', None)
        return dict(out, cached_tokens=3), dict(fact, cache_read=3)

    def tail(self, s):
        """Counts stand in the choice."""
        obj, fact = self.chunk(s, {}, STOPS[s.stop])
        del obj['usage']
        obj['choices'][0]['usage'], counted = self.usage(s)
        return [((None, obj), dict(fact, **counted)), ((None, '[DONE]'), {})]


class AzureGateway(Chat):
    name, host = 'azure gateway', 'res.openai.azure.com'
    provider = 'azure.ai.openai'
    path = '/openai/v1/chat/completions'
    scenarios = ()

    def error(self):
        return 401, [], {'statusCode': 401, 'message': 'Unauthorized'}, {
            'error': '401', 'error_message': 'Unauthorized'}


class GroqResponses(Responses):
    name, host, provider = 'groq responses', 'api.groq.com', 'groq'
    late_provider = 'openai'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/openai/v1/responses'


class MistralFim(Completions):
    name, host, provider = 'mistral fim', 'api.mistral.ai', 'mistral_ai'
    late_provider = 'openai'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/v1/fim/completions'


class LlamaCompletion(Speaker):
    name, host = 'llama.cpp completion', 'localhost:8080'
    op, provider, dialect = 'text_completion', 'llama_cpp', 'llama.completion'
    scenarios = ALL[:2]

    def target(self, s, stream):
        return '/completion'

    def request(self, s, stream):
        body = {'prompt': s.prompt, 'n_predict': s.max_tokens, 'temperature': s.temperature,
                'stop': list(s.stops), 'stream': stream}
        return body, {'max_tokens': s.max_tokens, 'temperature': s.temperature,
                      'stop': list(s.stops), 'stream': stream}

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        """The only model there is is the one that was asked for."""
        if not late and fact.get('answered_by'):
            fact['model'] = fact['answered_by']
        return super().case(kind, s, ask, fact, answer, outcome, end, late)

    def content(self, s):
        return ['in user: text(%s)' % s.prompt]

    def last(self, s, text):
        reason = {'stop': 'eos', 'length': 'limit'}[s.stop]
        return {'index': 0, 'content': text, 'tokens': [], 'id_slot': 0, 'stop': True,
                'model': s.answered, 'tokens_predicted': s.usage.output,
                'tokens_evaluated': s.usage.input, 'generation_settings': {'n_predict': 4},
                'stop_type': reason, 'tokens_cached': 40, 'timings': {'prompt_n': 1}}, {
            'answered_by': s.answered, 'input': s.usage.input, 'output': s.usage.output,
            'finish': reason}

    def whole(self, s):
        obj, fact = self.last(s, s.text)
        return obj, dict(fact, out=[('text', s.text)])

    def stream(self, s):
        events = [((None, {'index': 0, 'content': t, 'tokens': [1], 'stop': False,
                           'tokens_predicted': n + 1, 'tokens_evaluated': s.usage.input}),
                   {'out': [('text', t)], 'input': s.usage.input, 'output': n + 1,
                    'candidate': True}) for n, t in enumerate(s.pieces)]
        obj, fact = self.last(s, '')
        return events + [((None, obj), fact)]

    def cuts(self, s, ask, fact, events):
        keep, self.last = self.last, 1
        out = super().cuts(s, ask, fact, events)
        self.last = keep
        return out


class LMStudioChat(Speaker):
    name, host = 'lm studio chat', 'localhost:1234'
    op, provider, dialect = 'chat', 'lm_studio', 'lmstudio.chat'
    scenarios = (PLAIN, THINK)
    late_whole = late_stream = False

    def target(self, s, stream):
        return '/api/v1/chat'

    def request(self, s, stream):
        body = {'model': s.model, 'input': s.prompt, 'system_prompt': s.system,
                'temperature': s.temperature, 'max_output_tokens': s.max_tokens, 'stream': stream}
        return body, {'model': s.model, 'temperature': s.temperature,
                      'max_tokens': s.max_tokens, 'stream': stream}

    def content(self, s):
        return ['system: text(%s)' % s.system, 'in user: text(%s)' % s.prompt]

    def whole(self, s):
        output, out = [], []
        if s.thought:
            output.append({'type': 'reasoning', 'content': ''.join(s.thought)})
            out.append(('reasoning', ''.join(s.thought)))
        output.append({'type': 'message', 'content': s.text})
        out.append(('text', s.text))
        u = s.usage
        return {'model_instance_id': s.answered, 'output': output, 'response_id': s.id, 'stats': {
            'input_tokens': u.input, 'total_output_tokens': u.output,
            'reasoning_output_tokens': u.reasoning, 'tokens_per_second': 43.7}}, {
            'answered_by': s.answered, 'id': s.id, 'input': u.input, 'output': u.output,
            'reasoning': u.reasoning, 'out': out}

    def stream(self, s):
        result, fact = self.whole(s)
        events = [(('chat.start', {'type': 'chat.start', 'model_instance_id': s.answered}),
                   {'answered_by': s.answered})]
        events += [(('message.delta', {'type': 'message.delta', 'content': t}), {})
                   for t in s.pieces]
        return events + [(('chat.end', {'type': 'chat.end', 'result': result}), fact)]

    def error(self):
        return 404, [], {'error': {'type': 'model_not_found', 'message': 'No such model'}}, {
            'error': 'model_not_found', 'error_message': 'No such model'}


class MistralConversation(Speaker):
    name, host = 'mistral conversation', 'api.mistral.ai'
    op, provider, dialect = 'chat', 'mistral_ai', 'mistral.conversation'
    scenarios = (PLAIN, TOOLS)
    who = 'model'

    def target(self, s, stream):
        return '/v1/conversations'

    def request(self, s, stream):
        body = {'inputs': s.prompt, 'instructions': s.system, 'stream': stream,
                'completion_args': {'temperature': s.temperature, 'top_p': s.top_p,
                                    'max_tokens': s.max_tokens, 'stop': list(s.stops)}}
        body[self.who] = s.model
        return body, {'model' if self.who == 'model' else 'agent_id': s.model, 'stream': stream,
                      'temperature': s.temperature, 'top_p': s.top_p, 'max_tokens': s.max_tokens,
                      'stop': list(s.stops)}

    def content(self, s):
        return ['system: text(%s)' % s.system, 'in user: text(%s)' % s.prompt]

    def usage(self, s):
        u = s.usage
        return {'prompt_tokens': u.input, 'completion_tokens': u.output,
                'total_tokens': u.input + u.output, 'connector_tokens': 0}, {
            'input': u.input, 'output': u.output, 'total': u.input + u.output}

    def whole(self, s):
        usage, fact = self.usage(s)
        outputs, out = [], []
        if s.text:
            outputs.append({'object': 'entry', 'type': 'message.output', 'id': 'msg_1',
                            'role': 'assistant', 'content': s.text, 'model': s.answered})
            out.append(('text', s.text))
            fact['answered_by'] = s.answered
        for t in s.tools:
            outputs.append({'object': 'entry', 'type': 'function.call', 'id': 'fc_1',
                            'tool_call_id': t.id, 'name': t.name, 'arguments': dumps(t.args)})
            out.append(('tool_call', t.id, t.name, dumps(t.args)))
        return {'object': 'conversation.response', 'conversation_id': s.id, 'outputs': outputs,
                'usage': usage}, dict(fact, conversation=s.id, out=out,
                                      tools=[(t.name, t.id, False) for t in s.tools])

    def stream(self, s):
        def say(kind, learned, **body):
            events.append(((kind, dict({'type': kind}, **body)), learned))
        events = []
        say('conversation.response.started', {'conversation': s.id}, conversation_id=s.id)
        for t in s.pieces:
            say('message.output.delta', {'out': [('text', t)], 'answered_by': s.answered}, id='m',
                content=t, output_index=0, content_index=0, model=s.answered, role='assistant')
        for n, t in enumerate(s.tools):
            say('function.call.delta', {'tools': [(t.name, t.id, False)],
                                        'out': [('tool_call', t.id, t.name, dumps(t.args))]},
                id='f', output_index=n, tool_call_id=t.id, name=t.name, arguments=dumps(t.args))
        usage, fact = self.usage(s)
        say('conversation.response.done', fact, usage=usage)
        return events

    def stream_error(self):
        return ('conversation.response.error', {
            'type': 'conversation.response.error', 'message': 'Oops', 'code': 503}), {
                'error': '503', 'error_message': 'Oops'}

    error = Mistral.error


class MistralAgentConversation(MistralConversation):
    name, op, who = 'mistral agent conversation', 'invoke_agent', 'agent_id'
    scenarios = (PLAIN,)

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        if late:
            fact['op'] = 'chat'
        return super().case(kind, s, ask, fact, answer, outcome, end, late)


class MistralAgent(Mistral):
    name, path = 'mistral agent', '/v1/agents/completions'
    op, dialect, late_dialect = 'invoke_agent', 'mistral.agent', 'openai.chat'
    scenarios = (PLAIN, TOOLS)

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        del body['model'], fact['model']
        return dict(body, agent_id='ag-1'), dict(fact, agent_id='ag-1')

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        if late:
            fact['op'] = 'chat'
        return super().case(kind, s, ask, fact, answer, outcome, end, late)


class Unknown(Chat):
    """At a path that says nothing the bodies tell."""
    name, host, path = 'unknown path', 'llm.corp.example', '/ask'
    scenarios = SOME
    late_provider = 'openai'

    def failing(self):
        return []


class UnknownAnthropic(Messages):
    name, host = 'unknown path, anthropic', 'llm.corp.example'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/relay'

    def failing(self):
        return []


class UnknownGemini(Generate):
    name, host = 'unknown path, gemini', 'llm.corp.example'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/gen'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        del fact['model']
        return body, fact

    def failing(self):
        return []


SPEAKERS = [VLLM, LlamaCpp, LMStudio, OpenRouter, Groq, DeepSeek, DeepSeekAnthropic, Mistral,
            MistralDetail, XAI, Together, Perplexity, Moonshot, AzureGateway, GroqResponses,
            MistralFim, LlamaCompletion, LMStudioChat, MistralConversation,
            MistralAgentConversation, MistralAgent, Unknown, UnknownAnthropic, UnknownGemini]
