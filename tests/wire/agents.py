# SPDX-License-Identifier: Apache-2.0
"""Agents that providers host, and responses that are fetched once more."""
from wire.bedrock import Bedrock
from wire.openai import Chat, Responses
from wire.scenario import LENGTH, PLAIN, TOOLS
from wire.speaker import Speaker


class Create(Speaker):
    name, host = 'openai assistant', 'api.openai.com'
    op, provider, dialect = 'create_agent', 'openai', 'agent.create'
    scenarios = (PLAIN,)
    late_whole = False
    path = '/v1/assistants'

    def target(self, s, stream):
        return self.path

    def request(self, s, stream):
        return {'model': s.model, 'name': 'Helper', 'description': 'Helps', 'tools': [],
                'instructions': s.system}, {'model': s.model, 'agent_name': 'Helper',
                                            'agent_description': 'Helps'}

    def content(self, s):
        return ['system: text(%s)' % s.system]

    def whole(self, s):
        return {'id': 'asst_1', 'object': 'assistant', 'created_at': 1, 'name': 'Helper',
                'model': s.model}, {'agent_id': 'asst_1'}

    error = Chat.error


class CreateAnthropic(Create):
    name, host, provider = 'anthropic agent', 'api.anthropic.com', 'anthropic'
    path = '/v1/agents?beta=true'

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        body['system'] = body.pop('instructions')
        return dict(body, model={'id': s.model, 'speed': 'fast'}), fact

    def whole(self, s):
        return {'id': 'agent_1', 'type': 'agent', 'version': 3, 'name': 'Helper'}, {
            'agent_id': 'agent_1', 'agent_version': '3'}


class CreateMistral(Create):
    name, host, provider = 'mistral create agent', 'api.mistral.ai', 'mistral_ai'
    path = '/v1/agents'

    def whole(self, s):
        return {'id': 'ag_1', 'object': 'agent', 'version': 0, 'name': 'Helper'}, {
            'agent_id': 'ag_1', 'agent_version': '0'}


class CreateAzure(Create):
    name, host, provider = 'azure agent', 'res.services.ai.azure.com', 'azure.ai.openai'
    path = '/api/projects/p/agents?api-version=v1'

    def request(self, s, stream):
        _, fact = super().request(s, stream)
        return {'name': 'Helper', 'description': 'Helps', 'definition': {
            'kind': 'prompt', 'model': s.model, 'instructions': s.system}}, fact

    def whole(self, s):
        return {'object': 'agent', 'id': 'Helper', 'name': 'Helper', 'versions': {
            'latest': {'object': 'agent.version', 'id': 'Helper:1', 'version': '1'}}}, {
            'agent_id': 'Helper', 'agent_version': '1'}


class CreateBedrock(Bedrock):
    name, op, dialect = 'bedrock create agent', 'create_agent', 'bedrock.create_agent'
    host, method = 'bedrock-agent.us-east-1.amazonaws.com', 'PUT'
    scenarios = (PLAIN,)
    late_whole = False

    def target(self, s, stream):
        return '/agents/'

    def request(self, s, stream):
        return {'agentName': 'Helper', 'foundationModel': s.model, 'instruction': s.system}, {
            'model': s.model, 'agent_name': 'Helper'}

    def content(self, s):
        return ['system: text(%s)' % s.system]

    def whole(self, s):
        return {'agent': {'agentId': 'AG1', 'agentName': 'Helper', 'agentVersion': 'DRAFT'}}, {
            'agent_id': 'AG1', 'agent_version': 'DRAFT'}

    def stream_error(self):
        return None


class Run(Speaker):
    name, host = 'openai run', 'api.openai.com'
    op, provider, dialect = 'invoke_agent', 'openai', 'agent.run'
    scenarios = (PLAIN, LENGTH, TOOLS)

    def target(self, s, stream):
        return '/v1/threads/th_1/runs'

    def request(self, s, stream):
        body = {'assistant_id': 'asst_1', 'instructions': s.system, 'temperature': s.temperature}
        fact = {'agent_id': 'asst_1', 'conversation': 'th_1', 'temperature': s.temperature}
        if stream:
            body['stream'] = fact['stream'] = True
        return body, fact

    def content(self, s):
        return ['system: text(%s)' % s.system]

    def run(self, s, status):
        obj = {'id': 'run_1', 'object': 'thread.run', 'thread_id': 'th_1', 'status': status,
               'assistant_id': 'asst_1', 'model': s.answered, 'last_error': None, 'usage': None,
               'incomplete_details': None}
        fact = {'id': 'run_1', 'answered_by': s.answered, 'agent_id': 'asst_1',
                'conversation': 'th_1'}
        return obj, fact

    def whole(self, s):
        return self.run(s, 'queued')

    def stream(self, s):
        events = [(('thread.run.created',) + self.run(s, 'queued')[:1],
                   self.run(s, 'queued')[1])]
        events.append((('thread.run.step.created', {
            'id': 'step_1', 'object': 'thread.run.step', 'status': 'in_progress',
            'thread_id': 'th_1', 'assistant_id': 'asst_1', 'usage': None}), {}))
        for t in s.pieces:
            events.append((('thread.message.delta', {
                'id': 'msg_1', 'object': 'thread.message.delta', 'delta': {
                    'content': [{'index': 0, 'type': 'text', 'text': {'value': t}}]}}),
                {'out': [('text', t)]}))
        status = {'stop': 'completed', 'length': 'incomplete', 'tools': 'requires_action'}[s.stop]
        obj, fact = self.run(s, status)
        u = s.usage
        fact['finish'] = {'stop': 'stop', 'length': 'max_completion_tokens',
                          'tools': 'tool_calls'}[s.stop]
        if s.stop == 'length':
            obj['incomplete_details'] = {'reason': 'max_completion_tokens'}
        if s.stop != 'tools':
            obj['usage'] = {'prompt_tokens': u.input, 'completion_tokens': u.output,
                            'total_tokens': u.input + u.output,
                            'prompt_token_details': {'cached_tokens': 4}}
            fact.update(input=u.input, output=u.output, total=u.input + u.output, cache_read=4)
        events.append((('thread.run.' + status, obj), fact))
        return events + [(('done', '[DONE]'), {})]

    error = Chat.error

    def stream_error(self):
        obj, fact = self.run(PLAIN, 'failed')
        obj['last_error'] = {'code': 'server_error', 'message': 'Oops'}
        return ('thread.run.failed', obj), dict(fact, finish='error', error='server_error',
                                                error_message='Oops')


class RunAzure(Run):
    name, host, provider = 'azure run', 'res.services.ai.azure.com', 'azure.ai.openai'
    late_provider = 'openai'
    scenarios = (PLAIN,)

    def target(self, s, stream):
        return '/api/projects/p/threads/th_1/runs?api-version=v1'


class Session(Speaker):
    name, host = 'anthropic session', 'api.anthropic.com'
    op, provider, dialect = 'invoke_agent', 'anthropic', 'agent.session'
    scenarios = (PLAIN,)
    late_whole = False

    def target(self, s, stream):
        return '/v1/sessions/sesn_1/events?beta=true'

    def request(self, s, stream):
        return {'events': [{'type': 'user.message', 'content': [
            {'type': 'text', 'text': s.prompt}]}]}, {'conversation': 'sesn_1'}

    def content(self, s):
        return ['in user: text(%s)' % s.prompt]

    def whole(self, s):
        return {'data': [{'id': 'evt_1', 'type': 'user.message'}]}, {}

    def error(self):
        return 404, [], {'type': 'error', 'error': {'type': 'not_found_error',
                                                    'message': 'No session'}}, {
            'error': 'not_found_error', 'error_message': 'No session'}


class Fetch(Responses):
    name, method, op, dialect = 'openai fetch', 'GET', 'fetch_response', 'openai.fetch'
    late_dialect = 'openai.responses'

    def target(self, s, stream):
        return '/v1/responses/' + s.id + ('?stream=true&starting_after=7' if stream else '')

    def request(self, s, stream):
        return None, {'id': s.id, 'cursor': 7 if stream else None}

    def content(self, s):
        return []

    late_whole = late_stream = False
    scenarios = (PLAIN, LENGTH)

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        for key in ('input', 'output', 'total', 'cache_read', 'reasoning'):
            fact.pop(key, None)
        if kind.startswith('cut') or kind == 'error in the stream':
            fact['answer_status'] = 'in_progress'
        elif not kind.startswith('error'):
            fact['answer_status'] = 'incomplete' if s is LENGTH else 'completed'
        return super().case(kind, s, ask, fact, answer, outcome, end, late)


class Prompt(Responses):
    """A prompt that is kept at the provider, with what is filled in."""
    name = 'openai prompt'
    scenarios = (PLAIN,)

    def request(self, s, stream):
        body, fact = super().request(s, stream)
        body['prompt'] = {'id': 'pmpt_1', 'version': '2',
                          'variables': {'city': s.prompt}}
        return body, dict(fact, prompt='pmpt_1', prompt_version='2',
                          variables='city:' + s.prompt)


SPEAKERS = [Create, CreateAnthropic, CreateMistral, CreateAzure, CreateBedrock, Run, RunAzure,
            Session, Fetch, Prompt]
