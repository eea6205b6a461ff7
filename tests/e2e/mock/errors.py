# SPDX-License-Identifier: Apache-2.0
"""Refusals, in each provider's words, and errors that come late, in a stream that began well."""
from .answers import Answer, dumps, sse

OPENAI = {
    400: ('invalid_request_error', 'context_length_exceeded', 'This request is too long.'),
    401: ('invalid_request_error', 'invalid_api_key', 'Incorrect API key provided: sk-mock***.'),
    404: ('invalid_request_error', 'model_not_found', 'The model does not exist.'),
    429: ('tokens', 'rate_limit_exceeded', 'Rate limit reached.'),
    500: ('server_error', None, 'The server had an error.'),
    503: ('server_error', None, 'Overloaded.'),
}
ANTHROPIC = {
    400: ('invalid_request_error', 'max_tokens: field required'),
    401: ('authentication_error', 'invalid x-api-key'),
    404: ('not_found_error', 'model: unknown'),
    429: ('rate_limit_error', 'This request would exceed your rate limit.'),
    500: ('api_error', 'Internal server error'),
    529: ('overloaded_error', 'Overloaded'),
}


def openai_error(status):
    kind, code, text = OPENAI.get(status, ('server_error', None, 'Error %d' % status))
    return ({'error': {'message': text, 'type': kind, 'param': None, 'code': code}}, code or kind)


def anthropic_error(status):
    kind, text = ANTHROPIC.get(status, ('api_error', 'Error %d' % status))
    return ({'type': 'error', 'error': {'type': kind, 'message': text},
             'request_id': 'req_mock_error'}, kind)


def refusal(api, status, d):
    """A request that got no model at all."""
    facts = {'operation': {'embeddings': 'embeddings', 'completions': 'text_completion'}
             .get(api, 'chat'), 'response_id': None, 'usage': {}, 'finish': [], 'tools': []}
    if 'html' in d:
        facts['error'] = str(status)
        ans = Answer(status, 'text/html', b'<html><body>Bad gateway</body></html>', facts=facts)
    else:
        body, facts['error'] = (anthropic_error if api in ('messages', 'count_tokens') else
                                openai_error)(status)
        ans = Answer(status, body=dumps(body), facts=facts)
    if status in (429, 503, 529, 500):
        ans.headers += [('retry-after-ms', '30'), ('retry-after', '1')]
    return ans


def break_stream(api, ans, after):
    """The server says after some events that it failed, and stops."""
    if api == 'messages':
        body, name = anthropic_error(529)
        last = [sse(body, 'error')]
    elif api == 'responses':
        name = 'server_error'
        last = [sse({'type': 'error', 'sequence_number': after, 'code': name, 'param': None,
                     'message': 'The server had an error.'}, 'error')]
    else:
        body, name = openai_error(500)
        last = [sse(body)]
    ans.events = ans.events[:after] + last
    ans.facts.update(error=name, partial=True)
    return ans


def break_json(ans, how):
    """A 200 whose body is not what its type says."""
    if how == 'cut':
        ans.body = ans.body[:len(ans.body) // 2]
    elif how == 'text':
        ans.body = b'upstream said nothing \xff\xfe\x00 of use'
    elif how == 'events' and ans.events is not None:
        bad = [b'data: {"id": "x", \n\n', b'data: \xff\xfe\n\n', b': comment\n\n', b'nonsense\n\n',
               b'event: ghost\n\n', b'data: [1,2\n\n']
        ans.events = [e for pair in zip(ans.events, bad * len(ans.events)) for e in pair]
        ans.facts['muddled'] = True
        return ans
    ans.facts.update(partial=True, garbage=True, headless=how == 'head')
    return ans
