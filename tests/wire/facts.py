# SPDX-License-Identifier: Apache-2.0
"""The call that must come out, as tests/unit/dialect writes it down: one line per fact."""
from wire.scenario import EARLIER, RESULT, WEATHER, dumps

BEFORE = ('model', 'max_tokens', 'n', 'seed', 'top_k', 'dimensions', 'temperature', 'top_p',
          'frequency_penalty', 'presence_penalty', 'stream', 'stop', 'formats', 'effort',
          'output_type', 'tier', 'previous', 'conversation', 'prompt', 'prompt_version', 'resend',
          'id', 'answered_by', 'answer_tier', 'fingerprint', 'finish', 'compacted')
USAGE = ('input', 'output', 'total', 'cache_read', 'cache_write', 'reasoning', 'text_input',
         'image_input', 'audio_input', 'text_cache_read', 'image_cache_read', 'audio_cache_read',
         'text_output', 'image_output', 'audio_output')
AFTER = ('status', 'error', 'first_chunk', 'loss', 'lost')
MORE = ('request_id', 'guardrail', 'agent_id', 'agent_name', 'agent_description', 'agent_version',
        'source', 'base', 'asked', 'found', 'answer_status', 'cursor', 'query', 'documents',
        'variables')
CONTENT = ('query', 'documents', 'variables')


class Fact(dict):
    """Fields of a call, by the names above. Lists join with commas. 'tools': [(name, id, own)],
    'out': parts of the answer [(kind, text...)]; None takes a field away."""

    def add(self, more):
        out = Fact(self)
        for k, v in more.items():
            if k in ('tools', 'out'):
                out[k] = out.get(k, []) + list(v)
            else:
                out[k] = v
        return out


def join_out(parts):
    """Pieces of one text are one part; a tool's arguments come in pieces, too."""
    out = []
    for part in parts:
        if out and part[0] in ('text', 'reasoning') and out[-1][0] == part[0]:
            out[-1] = (part[0], out[-1][1] + part[1])
        elif part[0] == 'args':
            for i, o in enumerate(out):
                if o[0] == 'tool_call' and o[1] == part[1]:
                    out[i] = (o[0], o[1], o[2], o[3] + part[2])
        else:
            out.append(part)
    return out


def part_text(part):
    if part[0] == 'tool_call':
        _, call_id, name, args = part
        return ' tool_call(%s%s %s)' % ('#%s ' % call_id if call_id else '', name,
                                        'json ' + args if whole_json(args) else args)
    return ' %s(%s)' % part


def whole_json(text):
    import json
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def flat(v):
    if isinstance(v, (list, tuple)):
        return ','.join(str(x) for x in v)
    if isinstance(v, bool):
        return '%d' % v
    if isinstance(v, float):
        return '%g' % v
    return str(v)


def dump(op, provider, dialect, outcome, fact, content=()):
    """content: the lines of the request, or None where content is not asked for."""
    lines = ['%s %s %s %s' % (op, provider, dialect, outcome)]

    def put(keys):
        for k in keys:
            v = fact.get(k)
            if v is None or v == []:
                continue
            if k == 'loss':
                lines.extend('loss=' + x for x in v)
            elif k == 'compacted':
                lines.append(k)
            else:
                lines.append('%s=%s' % (k.replace('output_type', 'output'), flat(v)))
    put(BEFORE)
    put(USAGE)
    for name, call_id, own in fact.get('tools', ()):
        lines.append('%s=%s#%s' % ('server_tool' if own else 'tool', name, call_id))
    put(AFTER)
    if content is not None:
        lines += content_lines(fact, content)
    put(MORE if content is not None else [k for k in MORE if k not in CONTENT])
    return '\n'.join(lines) + '\n'


def content_lines(fact, content):
    out = [x for x in content if x.startswith(('system:', 'in '))]
    parts = join_out(fact.get('out', ()))
    if parts:
        finish = fact.get('message_finish', fact.get('finish'))
        if isinstance(finish, (list, tuple)):
            finish = finish[0] if finish else None
        out.append('out assistant:' + ''.join(part_text(p) for p in parts) +
                   (' finish=%s' % finish if finish else ''))
    out += [x for x in content if x.startswith('def ')]
    if fact.get('error_message'):
        out.append('error_message=%s' % fact['error_message'])
    if fact.get('partial'):
        out.append('partial')
    return out


def asked(s, system='system:', result='result(#%s %s)' % (EARLIER.id, RESULT), call_id=True,
          args=None, define=None):
    """The request's content in the usual order. system 'system:' stands apart, 'in system:' is a
    message; result: as the API carries a tool's result; define: type of tool definitions."""
    lines = ['%s text(%s)' % (system, s.system)] if system and s.system else []
    lines.append('in user: text(%s)' % s.prompt)
    if s.history:
        lines.append('in assistant: tool_call(%s%s json %s)' % (
            '#%s ' % EARLIER.id if call_id else '', EARLIER.name, args or dumps(EARLIER.args)))
        lines.append('in tool: ' + result)
        lines.append('def %s %s [%s] %s' % (define or '', WEATHER['name'], WEATHER['description'],
                                            dumps(WEATHER['schema'])))
    return lines
