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
    op, provider = 'chat', 'openai'
    model = 'gpt-realtime-1'
    address = 'api.openai.com /v1/realtime?model=' + model
    spoken = 'Hello.'

    def response(self, status, rid, **more):
        return dict({'object': 'realtime.response', 'id': rid, 'status': status,
                     'conversation_id': 'conv_1', 'output': []}, **more)

    def usage(self, n):
        """n: tokens more than in the first answer."""
        return {'total_tokens': 30 + 2 * n, 'input_tokens': 20 + n, 'output_tokens': 10 + n,
                'input_token_details': {'text_tokens': 5 + n, 'audio_tokens': 15,
                                        'cached_tokens': 8,
                                        'cached_tokens_details': {'text_tokens': 3,
                                                                  'audio_tokens': 5}},
                'output_token_details': {'text_tokens': 4 + n, 'audio_tokens': 6}}

    def facts(self, rid='resp_1', n=0, **more):
        return dict({'model': self.model, 'id': rid, 'conversation': 'conv_1',
                     'input': 20 + n, 'output': 10 + n, 'total': 30 + 2 * n, 'cache_read': 8,
                     'text_input': 5 + n, 'audio_input': 15, 'text_cache_read': 3,
                     'audio_cache_read': 5, 'text_output': 4 + n, 'audio_output': 6,
                     'status': 0}, **more)

    def call(self, facts, content=(), outcome='ok'):
        return (self.op, self.provider, 'openai.realtime', outcome, facts, list(content))

    def event(self, kind, **more):
        return dict({'type': kind, 'event_id': 'event_1'}, **more)

    def created(self):
        return self.event('session.created', session={'model': self.model})

    def turn(self, kind, rid='resp_1', n=0):
        """What the server says of one response, event by event, and the facts in it. kind:
        spoken, written, tool, long, failed, turn_detected, client_cancelled."""
        start = self.event('response.created', response=self.response('in_progress', rid))
        said = self.event('response.output_audio.delta', response_id=rid, delta='AAAA' * 30)
        status, more, learned, pieces = 'completed', {'usage': self.usage(n)}, {}, []
        if kind in ('spoken', 'written'):
            part = {'type': 'output_audio', 'transcript': self.spoken}
            pieces = [said]
            if kind == 'written':
                part = {'type': 'output_text', 'text': self.spoken}
                pieces = [self.event('response.output_text.delta', response_id=rid, delta=x)
                          for x in (self.spoken[:3], self.spoken[3:])]
            more['output'] = [{'type': 'message', 'role': 'assistant', 'content': [part]}]
            learned = {'finish': 'stop', 'out': [('text', self.spoken)]}
        elif kind == 'tool':
            more['output'] = [{'type': 'function_call', 'call_id': 'c1', 'name': 'f',
                               'arguments': '{"a":1}'}]
            learned = {'finish': 'tool_calls', 'tools': [('f', 'c1', False)],
                       'out': [('tool_call', 'c1', 'f', '{"a":1}')]}
        elif kind == 'long':
            status, learned = 'incomplete', {'finish': 'length'}
            more['status_details'] = {'type': 'incomplete', 'reason': 'max_output_tokens'}
        elif kind == 'failed':
            status, more = 'failed', {'status_details': {'error': {
                'code': 'rate_limit_exceeded', 'message': 'Slow'}}}
        else:
            status, learned, pieces = 'cancelled', {'finish': kind}, [said]
            more['status_details'] = {'type': 'cancelled', 'reason': kind}
        done = self.event('response.done', response=self.response(status, rid, **more))
        facts = self.facts(rid, n, **learned)
        if kind == 'failed':
            facts = {k: facts[k] for k in ('model', 'id', 'conversation', 'status')}
            facts.update(finish='error', error='rate_limit_exceeded', error_message='Slow')
        return [start, *pieces, done], facts

    def cases(self):
        session = [('<', self.created()),
                   ('>', {'type': 'session.update', 'session': {'instructions': 'x'}}),
                   ('>', {'type': 'input_audio_buffer.append', 'audio': 'AAAA' * 40}),
                   ('<', self.event('input_audio_buffer.speech_stopped'))]
        asked = [('>', {'type': 'response.create', 'response': {
            'instructions': 'Be kind.', 'output_modalities': ['audio'],
            'max_output_tokens': 99}})]

        def one(name, kind, before=(), content=(), late=False, **more):
            events, facts = self.turn(kind)
            return case('realtime, ' + name, self.address,
                        list(before) + [('<', e) for e in events],
                        [self.call(dict(facts, **more), content,
                                   'error' if kind == 'failed' else 'ok')], late=late)
        # The program reads in a thread of its own, and its write has not returned yet.
        events, facts = self.turn('spoken')
        more, learned = self.turn('tool', 'resp_2', 1)
        asked_for = dict(max_tokens=99, first_chunk=2, output_type='speech')
        overtaken = case('realtime, answer seen before what asked for it', self.address, [
            ('<', self.created()), ('<', events[0])] + asked + [('<', e) for e in events[1:]] +
            asked + [('<', e) for e in more],
            [self.call(dict(f, **asked_for), ['system: text(Be kind.)']) for f in (facts, learned)])
        return [
            overtaken,
            one('by voice', 'spoken', session),
            one('asked', 'spoken', session + asked, ['system: text(Be kind.)'], max_tokens=99,
                first_chunk=2, output_type='speech'),
            one('written', 'written'),
            one('tool', 'tool'),
            one('too long', 'long'),
            one('failed', 'failed'),
            one('interrupted', 'turn_detected'),
            one('cancelled', 'client_cancelled'),
            one('joined late', 'spoken', late=True, model=None, loss=['joined_late']),
        ]


class GeminiLive:
    op, provider = 'generate_content', 'gcp.gemini'
    model = 'gemini-live-1'
    address = ('generativelanguage.googleapis.com /ws/google.ai.generativelanguage.v1beta.'
               'GenerativeService.BidiGenerateContent')

    def call(self, facts, content=(), outcome='ok'):
        return (self.op, self.provider, 'gemini.live', outcome, facts, list(content))

    def content(self, **more):
        return {'serverContent': more}

    def turn(self, kind, n=0):
        """What the server says of one turn, and the facts in it; n: tokens more than in the first.
        kind: said, tool, interrupted (and, since it then ends all the same, what comes of that)."""
        pieces = [self.content(modelTurn={'parts': [{'text': t}]}) for t in ('Hel', 'lo')]
        over = {'serverContent': {'turnComplete': True}, 'usageMetadata': {
            'promptTokenCount': 7 + n, 'responseTokenCount': 5 + n, 'totalTokenCount': 12 + 2 * n,
            'promptTokensDetails': [{'modality': 'AUDIO', 'tokenCount': 7 + n}],
            'responseTokensDetails': [{'modality': 'TEXT', 'tokenCount': 5 + n}]}}
        facts = {'model': self.model, 'temperature': 0.5, 'output_type': 'speech', 'status': 0,
                 'input': 7 + n, 'output': 5 + n, 'total': 12 + 2 * n, 'audio_input': 7 + n,
                 'text_output': 5 + n}
        if kind == 'tool':
            used = {'toolCall': {'functionCalls': [{'id': 'f1', 'name': 'f', 'args': {'a': 1}}]}}
            return [used, *pieces, over], dict(facts, tools=[('f', 'f1', False)], out=[
                ('tool_call', 'f1', 'f', '{"a":1}'), ('text', 'Hello')])
        if kind == 'interrupted':
            return [pieces[0], self.content(interrupted=True), over], dict(
                facts, out=[('text', 'Hel')])
        return [*pieces, self.content(generationComplete=True), over], dict(
            facts, out=[('text', 'Hello')])

    def cases(self):
        setup = ('>', {'setup': {'model': 'models/' + self.model, 'generationConfig': {
            'temperature': 0.5, 'responseModalities': ['AUDIO']},
            'systemInstruction': {'parts': [{'text': 'Be kind.'}]}}})
        ready = ('<', {'setupComplete': {}})
        ask = ('>', {'clientContent': {'turns': [{'role': 'user', 'parts': [{'text': 'hi'}]}],
                                       'turnComplete': True}})
        said = {'out': [('text', 'Hel')]}
        known = {k: v for k, v in self.turn('said')[1].items()
                 if k in ('model', 'temperature', 'output_type', 'status')}
        system = ['system: text(Be kind.)']

        def turns(name, *kinds, keep=None):
            frames, calls = [setup, ready], []
            for n, kind in enumerate(kinds):
                events, facts = self.turn(kind, n)
                frames += [ask] + [('<', e) for e in events]
                calls.append(self.call(facts, system))
            return case('gemini live' + name, self.address, frames, calls)
        spoken, facts = self.turn('said')
        late = {k: v for k, v in facts.items() if k not in known}
        stopped = self.content(interrupted=True)
        first = [setup, ready, ask, ('<', spoken[0])]
        again = [('<', e) for e in self.turn('said', 1)[0]]
        return [
            turns('', 'said', 'said'),
            turns(', tool', 'tool'),
            turns(', interrupted', 'interrupted', 'said'),
            # No word of the end comes; the next thing said is another answer's.
            case('gemini live, interrupted, and no more', self.address,
                 first + [('<', stopped)], [self.call(dict(known, **said), system)]),
            case('gemini live, interrupted, then more', self.address,
                 first + [('<', stopped)] + again,
                 [self.call(dict(known, **said), system),
                  self.call(self.turn('said', 1)[1], system)]),
            case('gemini live, cut', self.address, first,
                 [self.call(dict(known, **said, error='connection_reset'), system, 'cut')]),
            case('gemini live, joined late', self.address, [('<', e) for e in spoken],
                 [self.call(dict(late, status=0, loss=['joined_late']))], late=True),
        ]


SPEAKERS = [WebSocket, Realtime, GeminiLive]
