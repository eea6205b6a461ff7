# SPDX-License-Identifier: Apache-2.0
"""What clients are asked to do. A case: name, api, path, body (whose model is the case's own, so
that spans can be told apart), mock (directives), and how the client is to behave."""
PATHS = {'chat': '/v1/chat/completions', 'completions': '/v1/completions',
         'embeddings': '/v1/embeddings', 'responses': '/v1/responses', 'messages': '/v1/messages',
         'count_tokens': '/v1/messages/count_tokens', 'models': '/v1/models'}
SECRET = 'the owl keeps the key under the seventh stone'
SAY = [{'role': 'user', 'content': 'Hello wörld, say "hi". ' + SECRET}]
TOOL = {'type': 'function', 'function': {'name': 'get_weather', 'parameters': {
    'type': 'object', 'properties': {'city': {'type': 'string'}}}}}
TOOL_A = {'name': 'get_weather', 'description': 'Weather', 'input_schema': {
    'type': 'object', 'properties': {'city': {'type': 'string'}}}}
TOOL_R = {'type': 'function', 'name': 'get_weather', 'parameters': {
    'type': 'object', 'properties': {'city': {'type': 'string'}}}}

BODY = {'chat': {'messages': SAY}, 'completions': {'prompt': 'Once ' + SECRET},
        'embeddings': {'input': ['one ' + SECRET, 'two']}, 'responses': {'input': SECRET},
        'messages': {'messages': SAY, 'max_tokens': 300},
        'count_tokens': {'messages': SAY}, 'models': None}
USAGE = {'stream_options': {'include_usage': True}}


def case(name, api, mock='', stream=False, **more):
    """more: body fields, but for the keys of a case itself."""
    own = {k: more.pop(k) for k in ('cancel', 'big', 'headers', 'method', 'path', 'accept',
                                    'chunked_request', 'alone') if k in more}
    body = BODY[api]
    if body is not None:
        body = dict({'model': 'm-' + name}, **body)
        body.update({'stream': True} if stream else {}, **more)
    return dict({'name': name, 'api': api, 'path': PATHS[api], 'body': body, 'mock': mock,
                 'method': 'GET' if api == 'models' else 'POST'}, **own)


def good():
    """Answers that come whole."""
    return [
        case('chat', 'chat', 'reason,cache', temperature=0.5, top_p=0.9, seed=42,
             max_completion_tokens=99),
        case('chat-s', 'chat', 'events=12,gap=10', True, **USAGE),
        case('chat-s-nousage', 'chat', 'events=4', True),
        case('chat-tools', 'chat', 'tools=2', tools=[TOOL]),
        case('chat-s-tools', 'chat', 'tools=3,reason,cache', True, tools=[TOOL], **USAGE),
        case('chat-n2', 'chat', '', n=2),
        case('chat-s-n2', 'chat', 'tools=1', True, n=2, tools=[TOOL], **USAGE),
        case('chat-length', 'chat', 'finish=length', max_tokens=7),
        case('chat-filter', 'chat', 'finish=content_filter', True, **USAGE),
        case('text', 'completions', '', n=2, max_tokens=20),
        case('text-s', 'completions', '', True, **USAGE),
        case('emb', 'embeddings', '', encoding_format='float', dimensions=16),
        case('emb-b64', 'embeddings', '', encoding_format='base64'),
        case('resp', 'responses', 'reason,cache', max_output_tokens=64, instructions='Be brief'),
        case('resp-s', 'responses', 'events=10,reason,gap=5', True),
        case('resp-tools', 'responses', 'tools=2', tools=[TOOL_R],
             previous_response_id='resp_before'),
        case('resp-s-tools', 'responses', 'tools=2,reason,cache', True, tools=[TOOL_R]),
        case('resp-short', 'responses', 'finish=length'),
        case('msg', 'messages', 'cache,reason', temperature=0.25, top_k=5,
             stop_sequences=['END', 'STOP']),
        case('msg-s', 'messages', 'events=12,gap=5,cache', True),
        case('msg-tools', 'messages', 'tools=2', tools=[TOOL_A]),
        case('msg-s-tools', 'messages', 'tools=3,reason,cache', True, tools=[TOOL_A]),
        case('msg-max', 'messages', 'finish=max_tokens', max_tokens=5),
        case('count', 'count_tokens'),
        case('models', 'models'),
    ]


def refused():
    """Answers that are errors from the start."""
    return [
        case('e401', 'chat', 'status=401'),
        case('e401-msg', 'messages', 'status=401', True),
        case('e400', 'chat', 'status=400'),
        case('e404', 'responses', 'status=404'),
        case('e404-emb', 'embeddings', 'status=404'),
    ]


def retried():
    """What SDKs try again: once refused, then good; and refused to the end."""
    return [
        case('r429', 'chat', 'status=429,fail=1'),
        case('r429-msg', 'messages', 'status=429,fail=2', True),
        case('r500', 'responses', 'status=500,fail=1'),
        case('r529', 'messages', 'status=529'),
        case('r502-html', 'chat', 'status=502,html,fail=1'),
    ]


def broken():
    """Answers that begin well."""
    return [
        case('err-chat', 'chat', 'err=4', True),
        case('err-msg', 'messages', 'err=5', True),
        case('err-resp', 'responses', 'err=5', True),
        case('cut-chat', 'chat', 'cut=4,events=20', True),
        case('cut-msg', 'messages', 'cut=5,events=20,end=reset', True),
        case('cut-resp', 'responses', 'cut=6,events=20,end=clean', True),
    ]


def garbage():
    """Answers that are not what they claim to be, or hardly HTTP."""
    return [
        case('g-text', 'chat', 'garbage=text'),
        case('g-cut', 'messages', 'garbage=cut'),
        case('g-events', 'chat', 'garbage=events', True, **USAGE),
        case('g-head', 'chat', 'garbage=head'),
        case('g-after', 'chat', ''),
    ]


def cancelled():
    """The client hangs up while the answer is still coming."""
    return [
        case('quit-chat', 'chat', 'events=60,gap=20,watch', True, cancel=3),
        case('quit-msg', 'messages', 'events=60,gap=20,watch', True, cancel=5),
    ]


def wire(codings):
    """One and the same answer in every dress HTTP/1.1 has. codings: what both sides can."""
    out = [
        case('w-bytes', 'chat', 'pieces=1,join', tools=[TOOL]),
        case('w-bytes-s', 'messages', 'pieces=1,tools=1', True),
        case('w-close', 'chat', 'framing=close'),
        case('w-close-s', 'messages', 'framing=close,events=8', True),
        case('w-chunked', 'chat', 'framing=chunked,chunk=7,ext'),
        case('w-chunk1', 'responses', 'framing=chunked,chunk=1,trailers', True),
        case('w-trailers', 'messages', 'framing=chunked,trailers', True),
        case('w-last', 'chat', 'close', True, **USAGE),
        case('w-slow', 'chat', 'delay=150,gap=10,events=10', True, **USAGE),
        case('w-empty-head', 'chat', 'pieces=rand:9,join,delay=30', True),
    ]
    for seed in range(6):
        api = ('chat', 'messages', 'responses')[seed % 3]
        out.append(case('w-rand%d' % seed, api, 'pieces=rand:%d,join,tools=2,chunk=%d' % (
            seed, 11 + seed * 30), seed != 4))
    for c in sorted(codings - {'identity'}):
        out.append(case('w-%s' % c, 'chat', 'coding=%s,tools=2' % c, tools=[TOOL], accept=c))
        out.append(case('w-%s-s' % c, 'messages', 'coding=%s,tools=2,pieces=rand:5' % c, True,
                        accept=c))
        out.append(case('w-%s-cl' % c, 'responses', 'coding=%s,framing=length' % c, accept=c))
    return out


def between():
    """Traffic that is no model call, and must not shift the reading of what follows it."""
    return [
        dict(case('b-head', 'models'), method='HEAD', path='/health'),
        case('b-chat1', 'chat', ''),
        dict(case('b-204', 'models'), method='POST', path='/telemetry', body=None),
        case('b-chat2', 'chat', '', True, **USAGE),
        dict(case('b-304', 'models'), path='/v1/files/x', headers={'if-none-match': '"x"'}),
        case('b-msg', 'messages', '', True),
        case('b-count', 'count_tokens', ''),
        case('b-expect', 'chat', '', headers={'Expect': '100-continue'}),
        case('b-chunked', 'chat', '', chunked_request=True),
        case('b-last', 'embeddings', ''),
    ]


def many(n, stream=True):
    """Small calls to fill connections with."""
    apis = ('chat', 'messages', 'responses')
    return [case('x%03d' % i, apis[i % 3], 'events=%d,tools=%d' % (2 + i % 7, i % 3),
                 stream and i % 4 != 0) for i in range(n)]


def large():
    """A prompt of 3 MiB in one write."""
    return [case('big', 'chat', '', big=3 << 20)]
