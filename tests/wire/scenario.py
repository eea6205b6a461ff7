# SPDX-License-Identifier: Apache-2.0
"""What happens in a call, in nobody's format: the source of both the bodies and the facts."""
import dataclasses
import json


@dataclasses.dataclass
class Tool:
    id: str
    name: str
    args: dict


@dataclasses.dataclass
class Usage:
    """As the convention counts: cached tokens are part of the input, reasoning of the output."""
    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclasses.dataclass
class Scenario:
    name: str
    model: str = 'swift-1'
    answered: str = 'swift-1-2026'
    id: str = 'resp-77'
    system: str = 'Be brief.'
    prompt: str = 'How is the weather in Zürich? \u2028 "now"'
    pieces: tuple = ('Sunny', ', 21 °C 🌞', ' and\nwindy')
    thought: tuple = ()
    tools: tuple = ()
    history: bool = False       # an earlier tool call and its result stand in the request
    stop: str = 'stop'          # stop, length, tools
    usage: Usage = dataclasses.field(default_factory=lambda: Usage(31, 9))
    max_tokens: int = 256
    temperature: float = 0.25
    top_p: float = 0.5
    stops: tuple = ('END', '##')

    @property
    def text(self):
        return ''.join(self.pieces)


WEATHER = {'name': 'get_weather', 'description': 'Looks out of the window.',
           'schema': {'type': 'object', 'properties': {'city': {'type': 'string'}}}}
EARLIER = Tool('call-0', 'get_weather', {'city': 'Bern'})
RESULT = 'rainy'

PLAIN = Scenario('plain')
LENGTH = Scenario('length', stop='length', pieces=('Once',), usage=Usage(5, 1))
CACHED = Scenario('cached', usage=Usage(1250, 40, cache_read=1000, cache_write=200),
                  pieces=tuple('piece %d ' % i for i in range(6)))
THINK = Scenario('thinking', thought=('The sky', ' is blue.'), usage=Usage(31, 29, reasoning=20))
TOOLS = Scenario('tools', pieces=(), stop='tools', history=True,
                 tools=(Tool('call-1', 'get_weather', {'city': 'Zürich', 'days': [1, 2]}),
                        Tool('call-2', 'get_time', {'zone': 'a"b\\c'})))
# More than comes in one piece.
LONG = Scenario('long', pieces=tuple('%05d ' % i * 1500 for i in range(5)))
ALL = (PLAIN, LENGTH, CACHED, THINK, TOOLS)


def dumps(obj):
    """As most servers write it: compact, characters as they are."""
    return json.dumps(obj, ensure_ascii=False, separators=(',', ':'))


def escaped(obj):
    """As Python's own clients write it: blanks, all else than ASCII escaped."""
    return json.dumps(obj)


def cut_text(text, n):
    """In n pieces."""
    step = max(1, (len(text) + n - 1) // n)
    return [text[i:i + step] for i in range(0, len(text), step)]
