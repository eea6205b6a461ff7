# SPDX-License-Identifier: Apache-2.0
"""Model calls on WebSockets: OpenAI's responses and realtime, Gemini live."""
import struct

from wire.facts import Fact, dump
from wire.openai import Responses
from wire.scenario import PLAIN, THINK, TOOLS, dumps
from wire.speaker import Case


def frames(said):
    return b''.join(side.encode() + struct.pack('>I', len(text)) + text
                    for side, text in ((side, dumps(obj).encode()) for side, obj in said))


def case(name, address, said, calls, late=False, end='session'):
    """calls: (op, provider, dialect, outcome, facts, content) in the order of their ends."""
    return Case(name, frames(said), address.encode(), 'late' if late else end,
                ''.join(dump(*c[:5], content=None) for c in calls),
                ''.join(dump(*c[:5], content=c[5]) for c in calls))


class WebSocket:
    """Responses: each asked for by response.create."""
    theirs = Responses()
    address = 'api.openai.com /v1/responses'

    def turn(self, s, stream_id=None):
        more = {'stream_id': stream_id} if stream_id else {}
        body, fact = self.theirs.request(s, False)
        events = [(dict(obj, **more), learned) for (_, obj), learned in self.theirs.stream(s)]
        return dict({'type': 'response.create'}, **body, **more), Fact(fact), events

    def told(self, fact, events, **more):
        for _, learned in events:
            fact = fact.add(learned)
        fact = fact.add(more)
        fact.pop('candidate', None)
        # Of a socket there is no status.
        return dict(fact, status=0)

    def cases(self):
        return [self.one_by_one(), self.interleaved(), self.cut(), self.failed(), self.warm(),
                self.late()]

    def call(self, s, fact, outcome='ok'):
        return ('chat', 'openai', 'openai.responses', outcome, fact, self.theirs.content(s))

    def one_by_one(self):
        said, calls = [], []
        for s in (PLAIN, TOOLS, THINK):
            ask, fact, events = self.turn(s)
            said += [('>', ask)] + [('<', e) for e, _ in events]
            calls.append(self.call(s, self.told(fact, events, first_chunk=2)))
        return case('openai socket, one by one', self.address, said, calls)

    def interleaved(self):
        first, second = self.turn(PLAIN, 's1'), self.turn(TOOLS, 's2')
        said = [('>', first[0]), ('>', second[0])]
        queue = [list(second[2]), list(first[2])]
        while any(queue):
            for q in queue:
                if q:
                    said.append(('<', q.pop(0)[0]))
        short, long = sorted((first, second), key=lambda t: len(t[2]) - (t is second) * 0.5)
        name = {id(first): PLAIN, id(second): TOOLS}
        return case('openai socket, interleaved', self.address, said, [
            self.call(name[id(t)], self.told(t[1], t[2], first_chunk=2)) for t in (short, long)],
            end='whole')        # whose it is stands at a message's end

    def cut(self):
        ask, fact, events = self.turn(PLAIN)
        told = self.told(fact, events[:4], first_chunk=2, error='connection_reset',
                         finish='error', message_finish='')
        return case('openai socket, cut', self.address,
                    [('>', ask)] + [('<', e) for e, _ in events[:4]],
                    [self.call(PLAIN, told, 'cut')])

    def failed(self):
        ask, fact, events = self.turn(PLAIN)
        (_, obj), learned = self.theirs.stream_error()
        told = self.told(fact, events[:1] + [(obj, learned)], first_chunk=2, finish='error')
        return case('openai socket, error', self.address,
                    [('>', ask), ('<', events[0][0]), ('<', obj)],
                    [self.call(PLAIN, told, 'error')])

    def warm(self):
        ask, _, events = self.turn(PLAIN)
        start, end = events[0][0], dict(events[-1][0])
        end['response'] = dict(end['response'], output=[], usage=None)
        said = [('>', dict(ask, generate=False)), ('<', start), ('<', end)]
        ask, fact, events = self.turn(THINK)
        said += [('>', ask)] + [('<', e) for e, _ in events]
        return case('openai socket, warmed up', self.address, said,
                    [self.call(THINK, self.told(fact, events, first_chunk=2))])

    def late(self):
        _, _, events = self.turn(PLAIN)
        ask, fact, more = self.turn(TOOLS)
        cut = self.told(Fact(), events[4:], loss=['joined_late'])
        for key in ('out',):
            cut.pop(key, None)
        # The item and the object at the end tell all of it once more.
        cut['out'] = [('text', PLAIN.text)]
        said = [('<', e) for e, _ in events[4:]] + [('>', ask)] + [('<', e) for e, _ in more]
        return case('openai socket, joined late', self.address, said, [
            ('chat', 'openai', 'openai.responses', 'ok', cut, []),
            self.call(TOOLS, self.told(fact, more, first_chunk=2))], late=True)


class Realtime:
    address = 'api.openai.com /v1/realtime?model=gpt-realtime-1'

    def response(self, status, **more):
        return dict({'object': 'realtime.response', 'id': 'resp_1', 'status': status,
                     'conversation_id': 'conv_1', 'output': []}, **more)

    def usage(self):
        return {'total_tokens': 30, 'input_tokens': 20, 'output_tokens': 10,
                'input_token_details': {'text_tokens': 5, 'audio_tokens': 15, 'cached_tokens': 8,
                                        'cached_tokens_details': {'text_tokens': 3,
                                                                  'audio_tokens': 5}},
                'output_token_details': {'text_tokens': 4, 'audio_tokens': 6}}

    def facts(self, **more):
        return dict({'model': 'gpt-realtime-1', 'id': 'resp_1', 'conversation': 'conv_1',
                     'input': 20, 'output': 10, 'total': 30, 'cache_read': 8, 'text_input': 5,
                     'audio_input': 15, 'text_cache_read': 3, 'audio_cache_read': 5,
                     'text_output': 4, 'audio_output': 6, 'status': 0}, **more)

    def call(self, facts, content=(), outcome='ok'):
        return ('chat', 'openai', 'openai.realtime', outcome, facts, list(content))

    def event(self, kind, **more):
        return dict({'type': kind, 'event_id': 'event_1'}, **more)

    def cases(self):
        session = [('<', self.event('session.created', session={'model': 'gpt-realtime-1'})),
                   ('>', {'type': 'session.update', 'session': {'instructions': 'x'}}),
                   ('>', {'type': 'input_audio_buffer.append', 'audio': 'AAAA' * 40}),
                   ('<', self.event('input_audio_buffer.speech_stopped'))]
        done = self.response('completed', usage=self.usage(), output=[
            {'type': 'message', 'role': 'assistant', 'content': [
                {'type': 'output_audio', 'transcript': 'Hello.'}]}])
        spoken = [('<', self.event('response.created', response=self.response('in_progress'))),
                  ('<', self.event('response.output_audio.delta', response_id='resp_1',
                                   delta='AAAA' * 30)),
                  ('<', self.event('response.done', response=done))]
        asked = [('>', {'type': 'response.create', 'response': {
            'instructions': 'Be kind.', 'output_modalities': ['audio'],
            'max_output_tokens': 99}})]
        tool = self.response('completed', usage=self.usage(), output=[
            {'type': 'function_call', 'call_id': 'c1', 'name': 'f', 'arguments': '{"a":1}'}])
        broken = self.response('failed', status_details={'error': {'code': 'rate_limit_exceeded',
                                                                   'message': 'Slow'}})
        stopped = self.response('cancelled', usage=self.usage(),
                                status_details={'reason': 'turn_detected'})
        said = [('text', 'Hello.')]
        return [
            case('realtime, by voice', self.address, session + spoken, [
                self.call(self.facts(finish='stop', out=said))]),
            case('realtime, asked', self.address, session + asked + spoken, [
                self.call(self.facts(finish='stop', out=said, max_tokens=99, first_chunk=2,
                                     output_type='speech'), ['system: text(Be kind.)'])]),
            case('realtime, tool', self.address, asked[:0] + spoken[:1] + [
                ('<', self.event('response.done', response=tool))], [
                self.call(self.facts(finish='tool_calls', tools=[('f', 'c1', False)],
                                     out=[('tool_call', 'c1', 'f', '{"a":1}')]))]),
            case('realtime, failed', self.address, spoken[:1] + [
                ('<', self.event('response.done', response=broken))], [
                self.call({'model': 'gpt-realtime-1', 'id': 'resp_1', 'conversation': 'conv_1',
                           'status': 0, 'finish': 'error', 'error': 'rate_limit_exceeded',
                           'error_message': 'Slow'}, outcome='error')]),
            case('realtime, interrupted', self.address, spoken[:1] + [
                ('<', self.event('response.done', response=stopped))], [
                self.call(self.facts(finish='turn_detected'))]),
            case('realtime, joined late', self.address, spoken, [
                self.call(self.facts(finish='stop', out=said, model=None,
                                     loss=['joined_late']))], late=True),
        ]


class GeminiLive:
    address = ('generativelanguage.googleapis.com /ws/google.ai.generativelanguage.v1beta.'
               'GenerativeService.BidiGenerateContent')

    def call(self, facts, content=(), outcome='ok'):
        return ('generate_content', 'gcp.gemini', 'gemini.live', outcome, facts, list(content))

    def cases(self):
        setup = ('>', {'setup': {'model': 'models/gemini-live-1', 'generationConfig': {
            'temperature': 0.5, 'responseModalities': ['AUDIO']},
            'systemInstruction': {'parts': [{'text': 'Be kind.'}]}}})
        ready = ('<', {'setupComplete': {}})
        ask = ('>', {'clientContent': {'turns': [{'role': 'user', 'parts': [{'text': 'hi'}]}],
                                       'turnComplete': True}})

        def content(**more):
            return ('<', {'serverContent': more})
        pieces = [content(modelTurn={'parts': [{'text': t}]}) for t in ('Hel', 'lo')]
        count = {'promptTokenCount': 7, 'responseTokenCount': 5, 'totalTokenCount': 12,
                 'promptTokensDetails': [{'modality': 'AUDIO', 'tokenCount': 7}],
                 'responseTokensDetails': [{'modality': 'TEXT', 'tokenCount': 5}]}
        over = ('<', {'serverContent': {'turnComplete': True}, 'usageMetadata': count})
        known = {'model': 'gemini-live-1', 'temperature': 0.5, 'output_type': 'speech',
                 'status': 0}
        counted = {'input': 7, 'output': 5, 'total': 12, 'audio_input': 7, 'text_output': 5}
        said = {'out': [('text', 'Hello')]}
        tool = ('<', {'toolCall': {'functionCalls': [{'id': 'f1', 'name': 'f',
                                                      'args': {'a': 1}}]}})
        used = {'tools': [('f', 'f1', False)], 'out': [('tool_call', 'f1', 'f', '{"a":1}'),
                                                       ('text', 'Hello')]}
        system = ['system: text(Be kind.)']
        return [
            case('gemini live', self.address, [setup, ready, ask] + pieces + [over, ask] +
                 pieces + [over], [self.call(dict(known, **counted, **said), system)] * 2),
            case('gemini live, tool', self.address, [setup, ready, ask, tool] + pieces + [over],
                 [self.call(dict(known, **counted, **used), system)]),
            case('gemini live, interrupted', self.address,
                 [setup, ready, ask, pieces[0], content(interrupted=True)],
                 [self.call(dict(known, out=[('text', 'Hel')]), system)]),
            case('gemini live, cut', self.address, [setup, ready, ask, pieces[0]],
                 [self.call(dict(known, out=[('text', 'Hel')], error='connection_reset'), system,
                            'cut')]),
            case('gemini live, joined late', self.address, pieces + [over],
                 [self.call(dict(counted, **said, status=0, loss=['joined_late']))], late=True),
        ]


SPEAKERS = [WebSocket, Realtime, GeminiLive]
