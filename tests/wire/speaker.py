# SPDX-License-Identifier: Apache-2.0
"""What the providers have in common: one class each says how it speaks; cases come of that."""
import dataclasses

from wire import http
from wire.facts import Fact, dump
from wire.scenario import ALL, PLAIN, TOOLS, dumps


@dataclasses.dataclass
class Case:
    name: str
    request: bytes
    answer: bytes
    end: str            # how the connection ends: freed, stopped
    bare: str           # the call without content
    full: str           # ... and with


class Speaker:
    name = host = op = provider = dialect = None
    framing = 'sse'             # sse, lines, aws, array
    late_provider = None        # what is said where the request was not seen
    late_dialect = None
    late_whole = late_stream = True
    scenarios = ALL
    with_content = True         # there is not too much of it to write down
    method = 'POST'
    method_head = ()

    # What a provider says. All facts are dicts by the names of wire.facts.
    def target(self, s, stream):
        raise NotImplementedError

    def request(self, s, stream):
        """Body and the facts in it."""
        raise NotImplementedError

    def content(self, s):
        return []

    def whole(self, s):
        """Body and facts."""
        raise NotImplementedError

    def stream(self, s):
        """[(event, facts)]; an event is (name or None, object or text)."""
        return None

    def error(self):
        """Status, header fields, body, facts."""
        return None

    def stream_error(self):
        """An event in mid-stream, and facts."""
        return None

    def answer_head(self):
        return (), {}

    def encode(self, obj):
        return dumps(obj)

    # What comes of it.
    def event(self, name, obj):
        text = obj if isinstance(obj, str) else dumps(obj)
        if self.framing == 'sse':
            return http.sse(text, name)
        return text.encode() + b'\n'

    def framed(self, events, end=True):
        fields, _ = self.answer_head()
        pieces = [self.event(*e) for e in events]
        if self.framing == 'array':
            pieces = [(b'[' if i == 0 else b',\r\n') + self.event(*e)[:-1]
                      for i, e in enumerate(events)] + ([b']'] if end else [])
        ctype = {'sse': 'text/event-stream', 'lines': 'application/x-ndjson',
                 'aws': 'application/vnd.amazon.eventstream',
                 'array': 'application/json'}[self.framing]
        # Pieces of the transfer need not be those of the body.
        if len(pieces) % 2:
            pieces = http.torn(b''.join(pieces), self.name, 5)
        return http.chunked(pieces, fields=fields, ctype=ctype, end=end)

    def ask(self, s, stream):
        body, fact = self.request(s, stream)
        target = self.target(s, stream)
        data = None if body is None else self.encode(body).encode()
        return http.request(self.method, target, self.host, data, self.method_head), Fact(fact)

    def case(self, kind, s, ask, fact, answer, outcome='ok', end='freed', late=False):
        fact = Fact(fact)
        cand = fact.pop('candidate', False) or 'finish' in fact
        if late:        # nobody knows when it was asked
            fact.pop('first_chunk', None)
        if outcome != 'ok' and cand and not fact.get('finish') and not late:
            fact['finish'] = 'error'
            fact['message_finish'] = ''
        provider = (self.late_provider or self.provider) if late else self.provider
        dialect = (self.late_dialect or self.dialect) if late else self.dialect
        args = (fact.pop('op', self.op), fact.pop('provider', provider),
                fact.pop('dialect', dialect), outcome, fact)
        content = [] if late or s is None else self.content(s)
        return Case('%s, %s%s' % (self.name, kind, ', ' + s.name if s else ''), ask, answer, end,
                    dump(*args, content=None),
                    dump(*args, content=content) if self.with_content else '')

    def cases(self):
        out = []
        for s in self.scenarios:
            out += self.good(s)
        out += self.failing()
        return out

    def good(self, s):
        out = []
        ask, fact = self.ask(s, False)
        got = self.whole(s)
        fields, head_fact = self.answer_head()
        if got:
            body, told = got
            told = dict(told, **{k: v for k, v in head_fact.items() if k not in told})
            answer = http.answer(self.encode(body).encode(), fields=fields)
            out.append(self.case('whole', s, ask, fact.add(told), answer))
            if self.late_whole:
                out.append(self.case('late whole', s, b'',
                                     Fact(told, loss=['joined_late']), answer, late=True))
        events = self.stream(s)
        if not events:
            return out
        ask, fact = self.ask(s, True)
        told = Fact(head_fact, first_chunk=2)
        for _, learned in events:
            told = told.add(learned)
        answer = self.framed([e for e, _ in events])
        out.append(self.case('stream', s, ask, fact.add(told), answer))
        if self.late_stream:
            out.append(self.case('late stream', s, b'', told.add({'loss': ['joined_late']}),
                                 answer, late=True))
        if s in (PLAIN, TOOLS):
            out += self.cuts(s, ask, fact, events)
        return out

    # Events behind which an answer is whole, whatever becomes of the connection.
    last = 1

    def cuts(self, s, ask, fact, events):
        out = []
        _, head_fact = self.answer_head()
        for n in sorted({1, len(events) // 2, len(events) - self.last}):
            if n < 1 or n > len(events) - self.last:
                continue
            told = Fact(head_fact, first_chunk=2)
            for _, learned in events[:n]:
                told = told.add(learned)
            told['error'] = 'connection_reset'
            out.append(self.case('cut behind %d events' % n, s, ask, fact.add(told),
                                 self.framed([e for e, _ in events[:n]], end=False), 'cut'))
        return out

    def failing(self):
        out = []
        ask, fact = self.ask(PLAIN, False)
        got = self.error()
        if got:
            status, fields, body, told = got
            head_fact = self.answer_head()[1]
            told = dict(head_fact, status=status, **told)
            data = body if isinstance(body, bytes) else self.encode(body).encode()
            out.append(self.case('error %d' % status, PLAIN, ask, fact.add(told),
                                 http.answer(data, status,
                                             tuple(fields) + tuple(self.answer_head()[0])),
                                 'error'))
        got = self.stream_error()
        if got and self.stream(PLAIN):
            ask, fact = self.ask(PLAIN, True)
            event, learned = got
            events = self.stream(PLAIN)[:2] + [(event, learned)]
            told = Fact(self.answer_head()[1], first_chunk=2)
            for _, more in events:
                told = told.add(more)
            out.append(self.case('error in the stream', PLAIN, ask, fact.add(told),
                                 self.framed([e for e, _ in events]), 'error'))
        return out
