# SPDX-License-Identifier: Apache-2.0
"""Ollama's own API."""
from wire.facts import asked
from wire.scenario import ALL, EARLIER, PLAIN, RESULT, WEATHER, dumps
from wire.speaker import Speaker

STOPS = {'stop': 'stop', 'length': 'length', 'tools': 'stop'}


class Chat(Speaker):
    name, host = 'ollama chat', 'localhost:11434'
    op, provider, dialect = 'chat', 'ollama', 'ollama.chat'
    framing = 'lines'
    path = '/api/chat'
    scenarios = ALL

    def target(self, s, stream):
        return self.path

    def options(self, s):
        return {'temperature': s.temperature, 'top_p': s.top_p, 'top_k': 40, 'seed': 7,
                'num_predict': s.max_tokens, 'stop': list(s.stops), 'num_ctx': 4096}

    def request(self, s, stream):
        messages = [{'role': 'system', 'content': s.system}, {'role': 'user', 'content': s.prompt}]
        if s.history:
            messages += [{'role': 'assistant', 'content': '', 'tool_calls': [
                {'function': {'name': EARLIER.name, 'arguments': EARLIER.args}}]},
                {'role': 'tool', 'content': RESULT, 'tool_name': EARLIER.name}]
        body = {'model': s.model, 'messages': messages, 'options': self.options(s),
                'format': 'json', 'think': 'high'}
        fact = {'model': s.model, 'temperature': s.temperature, 'top_p': s.top_p, 'top_k': 40,
                'seed': 7, 'max_tokens': s.max_tokens, 'stop': list(s.stops), 'stream': stream,
                'output_type': 'json', 'effort': 'high'}
        if s.history:
            body['tools'] = [{'type': 'function', 'function': {
                'name': WEATHER['name'], 'description': WEATHER['description'],
                'parameters': WEATHER['schema']}}]
        if not stream:
            body['stream'] = False      # else it streams without being asked
        return body, fact

    def content(self, s):
        return asked(s, system='in system:', define='function', call_id=False,
                     result='result(%s)' % RESULT)

    def say(self, s, done, **message):
        obj = {'model': s.answered, 'created_at': '2026-11-01T00:00:00Z',
               'message': dict({'role': 'assistant', 'content': ''}, **message), 'done': done}
        fact = {'answered_by': s.answered}
        if done:
            obj.update(done_reason=STOPS[s.stop], total_duration=9, load_duration=1,
                       prompt_eval_count=s.usage.input, prompt_eval_duration=3,
                       eval_count=s.usage.output, eval_duration=4)
            fact.update(input=s.usage.input, output=s.usage.output, finish=STOPS[s.stop])
        return obj, fact

    def calls(self, s):
        return [{'id': t.id, 'function': {'index': i, 'name': t.name, 'arguments': t.args}}
                for i, t in enumerate(s.tools)]

    def tool_facts(self, s):
        return {'tools': [(t.name, t.id, False) for t in s.tools],
                'out': [('tool_call', t.id, t.name, dumps(t.args)) for t in s.tools]}

    def whole(self, s):
        more = {}
        if s.thought:
            more['thinking'] = ''.join(s.thought)
        if s.tools:
            more['tool_calls'] = self.calls(s)
        obj, fact = self.say(s, True, content=s.text, **more)
        told = self.tool_facts(s)
        fact.update(tools=told['tools'], out=([('reasoning', ''.join(s.thought))] if s.thought
                                              else []) +
                    ([('text', s.text)] if s.text else []) + told['out'])
        return obj, fact

    def stream(self, s):
        events = []

        def add(obj_fact, **learned):
            events.append(((None, obj_fact[0]), dict(obj_fact[1], candidate=True, **learned)))
        for t in s.thought:
            add(self.say(s, False, thinking=t), out=[('reasoning', t)])
        for t in s.pieces:
            add(self.say(s, False, content=t), out=[('text', t)])
        if s.tools:
            add(self.say(s, False, tool_calls=self.calls(s)), **self.tool_facts(s))
        add(self.say(s, True))
        return events

    def error(self):
        return 404, [], {'error': 'model "swift-1" not found'}, {
            'error': '404', 'error_message': 'model "swift-1" not found'}

    def stream_error(self):
        return (None, {'error': 'an error was encountered'}), {
            'error': '_OTHER', 'error_message': 'an error was encountered'}


class Generate(Chat):
    name, op, dialect = 'ollama generate', 'text_completion', 'ollama.generate'
    path = '/api/generate'
    scenarios = ALL[:3]

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        del body['messages']
        body.update(prompt=s.prompt, system=s.system)
        return body, fact

    def content(self, s):
        return ['system: text(%s)' % s.system, 'in user: text(%s)' % s.prompt]

    def say(self, s, done, **message):
        obj, fact = super().say(s, done, **message)
        obj['response'] = obj.pop('message')['content']
        return obj, fact


class Embed(Chat):
    name, op, dialect = 'ollama embed', 'embeddings', 'ollama.embed'
    path = '/api/embed'
    scenarios = (PLAIN,)

    def request(self, s, stream):
        return {'model': s.model, 'input': [s.prompt], 'dimensions': 3}, {'model': s.model,
                                                                          'dimensions': 3}

    def content(self, s):
        return []

    def whole(self, s):
        return {'model': s.answered, 'embeddings': [[0.5, 1]], 'total_duration': 9,
                'load_duration': 1, 'prompt_eval_count': s.usage.input}, {
            'answered_by': s.answered, 'input': s.usage.input}

    def stream(self, s):
        return None

    def stream_error(self):
        return None


SPEAKERS = [Chat, Generate, Embed]
