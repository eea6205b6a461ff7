# SPDX-License-Identifier: Apache-2.0
"""The model providers that are neither OpenAI nor Anthropic, as far as their own SDKs need them:
the bodies of tests/wire, chosen by path; the model's name says what happens (tests/wire/
scenario.py), or `refuse`."""
import dataclasses
import json
import re
import urllib.parse

from wire import anthropic, bedrock, cohere, facts, gemini, ollama, openai, scenario

from . import answers
from .provider import Provider

SCENARIOS = {s.name: s for s in scenario.ALL}

class MistralChat(openai.Chat):
    """Counts tokens in the last chunk, and says nothing of them before; tool calls come whole."""

    def stream(self, s):
        out, calls = [], []
        for (name, obj), fact in super().stream(s):
            if isinstance(obj, str):
                out.append(((name, obj), fact))
                continue
            usage = obj.pop('usage', None)
            pieces = obj['choices'][0]['delta'].get('tool_calls') if obj['choices'] else None
            if usage and not obj['choices']:
                out[-1][0][1]['usage'] = usage
            elif calls and pieces and 'id' not in pieces[0]:
                calls[-1]['function']['arguments'] += pieces[0]['function']['arguments']
            else:
                calls += pieces or []
                out.append(((name, obj), fact))
        return out


# Path, and who speaks there; a streamed answer or not, None: the body's stream says it (True:
# also where it says nothing).
ROUTES = (
    (r'/v1(?:beta)?/models/([^/:]+):generateContent', gemini.Generate, False),
    (r'/v1(?:beta)?/models/([^/:]+):streamGenerateContent', gemini.Generate, True),
    (r'/v1(?:beta)?/models/([^/:]+):batchEmbedContents', gemini.Batch, False),
    (r'/v1(?:beta)?/models/([^/:]+):embedContent', gemini.Embed, False),
    (r'/model/([^/]+)/converse', bedrock.Converse, False),
    (r'/model/([^/]+)/converse-stream', bedrock.Converse, True),
    (r'/model/([^/]+)/invoke', bedrock.InvokeAnthropic, False),
    (r'/model/([^/]+)/invoke-with-response-stream', bedrock.InvokeAnthropic, True),
    (r'/v2/chat', cohere.Chat, None),
    (r'/v2/embed', cohere.Embed, False),
    (r'/api/chat', ollama.Chat, None),
    (r'/api/embed', ollama.Embed, False),
    (r'/v1/chat/completions', MistralChat, None),
    (r'/v1/messages', anthropic.Messages, None),
)


def speaker_of(path, body):
    """(speaker, model, streamed), or Nones."""
    for pattern, make, stream in ROUTES:
        m = re.fullmatch(pattern, path)
        if not m:
            continue
        model = urllib.parse.unquote(m.group(1)) if m.groups() else body.get('model')
        if stream is None:
            stream = body.get('stream', make is ollama.Chat)
        return make(), model, bool(stream)
    return None, None, None


USAGE = ('input', 'output', 'cache_read', 'cache_write', 'reasoning')


def known(speaker, fact):
    """The facts of the wire's cases by the names that the end-to-end tests use."""
    out, tools = fact.get('out', []), fact.get('tools', [])
    text = ''.join(p[1] for p in out if p[0] == 'text')
    return {'operation': fact.get('op', speaker.op), 'provider': speaker.provider,
            'response_id': fact.get('id'), 'response_model': fact.get('answered_by'),
            'finish': [fact['finish']] if fact.get('finish') else [],
            'usage': {k: fact[k] for k in USAGE if k in fact}, 'tools': [t[0] for t in tools],
            'tool_ids': [t[1] for t in tools], 'text': text, 'found': fact.get('found'),
            'text_sha256': answers.text_hash([text]) if out else None,
            'error': fact.get('error'), 'partial': bool(fact.get('error'))}


class Vendors(Provider):
    """As Provider; the rows of its log have the scenario's name."""

    def speaker_of(self, req, body):
        return speaker_of(req.path, body)

    def row(self, conn, seq, req):
        row, api, body, model = super().row(conn, seq, req)
        speaker, model, stream = self.speaker_of(req, body if isinstance(body, dict) else {})
        if speaker:
            row.update(api=speaker.name, model=model, inference=True)
            req.vendor = (speaker, model, stream)
            return row, speaker.name, body, model
        return row, None, body, None

    def answer(self, req, api, body, model):
        if not api:
            return super().answer(req, api, body, model)
        speaker, model, stream = req.vendor
        if model == 'refuse':
            status, fields, obj, fact = speaker.error()
            ans = answers.Answer(status, body=json.dumps(obj).encode(),
                                 facts=known(speaker, fact))
        else:
            ans = self.good(speaker, model, stream)
            fields = ()
        ans.headers += list(fields) + list(speaker.answer_head()[0])
        return ans

    def good(self, speaker, model, stream):
        with self.lock:
            self.asked['id'] = nth = self.asked.get('id', 76) + 1
        s = dataclasses.replace(SCENARIOS[model], model=model, id='resp-%d' % nth)
        if not stream:
            obj, fact = speaker.whole(s)
            return answers.Answer(body=speaker.encode(obj).encode(), facts=known(speaker, fact))
        events, fact = speaker.stream(s), facts.Fact()
        for _, learned in events:
            fact = fact.add(learned)
        ctype = {'sse': 'text/event-stream', 'lines': 'application/x-ndjson',
                 'aws': 'application/vnd.amazon.eventstream'}[speaker.framing]
        return answers.Answer(ctype=ctype, events=[speaker.event(*e) for e, _ in events],
                              facts=known(speaker, fact))


def text_of(name):
    return SCENARIOS[name].text if name in SCENARIOS else None


def facts_of(name):
    """What the convention says of the scenario: for the checks, from no reader of the wire."""
    s = SCENARIOS[name]
    return {'input': s.usage.input, 'output': s.usage.output,
            'tools': [t.name for t in s.tools]}
