# SPDX-License-Identifier: Apache-2.0
"""What each client's run came to, kept for docs/COVERAGE.md."""
import json
import os

from . import env

ROWS = os.path.join(env.WORK, 'coverage')


def version(client):
    return client.version() if callable(client.version) else client.version


def how_found(run, score):
    """What was attached for the streams that are the client's: stack, and by which evidence."""
    used = {p.stream.get('library') for p in score.pairs}
    libs = run.stats.get('attach', []) + run.stats.get('libraries', [])
    out = {'%s by %s' % (x['stack'], x['found']) for x in libs if x.get('library') in used and
           not x.get('error')}
    sources = {p.stream.get('source', 'tls') for p in score.pairs}
    return ', '.join(sorted(out or sources - {'tls'})) or '-'


def keep(client, **row):
    os.makedirs(ROWS, exist_ok=True)
    safe = ''.join(c if c.isalnum() or c in '.-' else '_' for c in client.name)
    row = dict({'client': client.name, 'version': version(client), 'stack': client.stack,
                'large': client.large, 'note': client.note}, **row)
    name = '%s.%s.%s.json' % (client.stack, safe, ''.join(c for c in row['version'] if c.isalnum()))
    with open(os.path.join(ROWS, name), 'w', encoding='utf-8') as f:
        json.dump(row, f)


def note_skip(client, reason):
    keep(client, skipped=reason)


def note(client, run, score, calls, seen_calls):
    keep(client, how=how_found(run, score), expected=score.expected, seen=score.seen,
         unread=score.unread, connections=len(run.connections), pairs=len(score.pairs),
         spare=len(score.spare), calls=calls, seen_calls=seen_calls if client.calls else None,
         protocol=sorted({c['protocol'] or 'no ALPN' for c in run.connections}))
