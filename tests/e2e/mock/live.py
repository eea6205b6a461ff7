# SPDX-License-Identifier: Apache-2.0
"""OpenAI's Realtime and Gemini's Live APIs: one WebSocket, many turns. What is said is that of
tests/wire/live.py. The client's words choose the turn: `metadata.turn` of OpenAI's response.create,
the text of Gemini's clientContent. Sound that comes while nothing is said is a question by voice;
while something is said, it interrupts."""
import json
import time

from wire import live

from . import answers, websocket
from .provider import Provider
from .vendors import known

THINKS = 0.02    # seconds: no model answers sooner
REALTIME, GEMINI = live.Realtime, live.GeminiLive


class Session:
    """One socket: the events of the answer that is being given, and how many were begun."""

    def __init__(self, speaker):
        self.speaker, self.turns, self.row, self.rest, self.model = speaker, 0, None, [], None
        self.request = {}


class Live(Provider):
    def __init__(self, cert, key):
        super().__init__(cert, key, websockets=True)

    def has_socket(self, path):
        return path.endswith('/realtime') or path.endswith('.BidiGenerateContent')

    def opened(self, conn, req, ws):
        ws.session = Session(REALTIME() if req.path.endswith('/realtime') else GEMINI())
        if isinstance(ws.session.speaker, REALTIME):
            ws.session.model = ws.session.speaker.model
            self.say(ws, ws.session.speaker.created())

    def say(self, ws, event):
        binary = isinstance(ws.session.speaker, GEMINI)    # as Google's servers do
        ws.send(answers.dumps(event).decode(), websocket.BINARY if binary else websocket.TEXT)

    def message(self, conn, req, ws, text):
        body = json.loads(text)
        if isinstance(ws.session.speaker, REALTIME):
            self.realtime(conn, req, ws, text, body)
        else:
            self.gemini(conn, req, ws, text, body)

    def begin(self, conn, req, ws, text, kind, asked=True, **more):
        """Rows of turns that nobody asked for have no time of their first chunk."""
        s, now = ws.session, time.monotonic_ns()
        events, facts = s.speaker.turn(kind, n=s.turns, **more)
        s.turns += 1
        s.row = self.socket_row(conn, req, text, api='live', model=s.model, inference=True,
                                turn=kind, request=s.request, t_request_first=now, t_request=now,
                                stream=asked, unasked=not asked, t_body=0,
                                facts=known(s.speaker, facts))
        s.rest = list(events)

    def go_on(self, ws, upto=None):
        """Says the next events, up to the one of that number from the end."""
        s = ws.session
        time.sleep(THINKS)
        while s.rest and (upto is None or len(s.rest) > upto):
            s.row['t_first'] = s.row['t_body'] = s.row['t_first'] or time.monotonic_ns()
            self.say(ws, s.rest.pop(0))
            s.row['events'] += 1
        if not s.rest:
            s.row.update(t_last=time.monotonic_ns(), complete=True)
            self.note('exchange', self.exchanges, s.row)
            s.row = None

    # ---- OpenAI ----------------------------------------------------------------------------
    def realtime(self, conn, req, ws, text, body):
        s, kind = ws.session, body['type']
        event = s.speaker.event
        if kind == 'session.update':
            self.say(ws, event('session.updated', session=dict(body['session'], model=s.model)))
        elif kind == 'conversation.item.create':
            self.say(ws, event('conversation.item.done', item=body['item'],
                               previous_item_id=None))
        elif kind == 'response.create':
            turn = body['response']['metadata']['turn']
            s.request = {k: v for k, v in body['response'].items() if k != 'metadata'}
            self.begin(conn, req, ws, text, turn, rid='resp_%d' % s.turns)
            self.go_on(ws, 1 if turn in ('client_cancelled', 'turn_detected') else None)
        elif kind == 'response.cancel':
            self.go_on(ws)
        elif kind == 'input_audio_buffer.append':
            self.say(ws, event('input_audio_buffer.speech_started', audio_start_ms=0,
                               item_id='item_1'))
            if s.rest:
                self.go_on(ws)
                return
            self.say(ws, event('input_audio_buffer.speech_stopped', audio_end_ms=9,
                               item_id='item_1'))
            s.request = {}
            self.begin(conn, req, ws, text, 'spoken', asked=False, rid='resp_%d' % s.turns)
            self.go_on(ws)

    # ---- Gemini ----------------------------------------------------------------------------
    def gemini(self, conn, req, ws, text, body):
        s = ws.session
        if 'setup' in body:
            s.model = body['setup']['model'].partition('/')[2]
            s.request = {k: v for k, v in body['setup']['generationConfig'].items()
                         if k == 'temperature'}
            self.say(ws, {'setupComplete': {}})
        elif 'clientContent' in body:
            turn = body['clientContent']['turns'][-1]['parts'][-1]['text']
            self.begin(conn, req, ws, text, turn, asked=False)
            # A tool's answer is awaited, and one who interrupts.
            first = {'tool': 1, 'interrupted': 1}.get(turn)
            self.go_on(ws, len(s.rest) - first if first else None)
        elif s.rest:
            self.go_on(ws)
