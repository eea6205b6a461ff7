# SPDX-License-Identifier: Apache-2.0
"""Reads OTLP/JSON lines into plain objects."""
import json


def value(v):
    (kind, x), = v.items()
    if kind == 'intValue':
        return int(x)
    if kind == 'arrayValue':
        return [value(e) for e in x.get('values', [])]
    if kind == 'kvlistValue':
        return attrs(x.get('values', []))
    return x


def attrs(kvs):
    return {kv['key']: value(kv['value']) for kv in kvs}


class Span:
    def __init__(self, o, resource):
        self.raw, self.resource = o, resource
        self.name, self.kind = o['name'], o.get('kind')
        self.start, self.end = int(o['startTimeUnixNano']), int(o['endTimeUnixNano'])
        self.status = (o.get('status') or {}).get('code', 0)
        self.a = attrs(o.get('attributes', []))
        self.model = self.a.get('gen_ai.request.model')
        self.id = self.a.get('gen_ai.response.id')

    def error(self):
        return self.a.get('error.type')


def of_requests(objects):
    """Spans of ExportTraceServiceRequest objects, in order."""
    return [Span(s, attrs(rs.get('resource', {}).get('attributes', [])))
            for o in objects for rs in o.get('resourceSpans', [])
            for ss in rs.get('scopeSpans', []) for s in ss.get('spans', [])]


def load(path):
    with open(path, encoding='utf-8') as f:
        return of_requests(json.loads(line) for line in f if line.strip())


def model_calls(spans):
    return [s for s in spans if s.a.get('gen_ai.operation.name') in
            ('chat', 'text_completion', 'embeddings', 'generate_content')]
