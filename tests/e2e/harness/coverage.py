# SPDX-License-Identifier: Apache-2.0
"""What each client's run came to, kept for docs/COVERAGE.md."""
import json
import os
import shutil
import time

from . import env

ROWS = os.path.join(env.WORK, 'coverage')


def forget():
    shutil.rmtree(ROWS, ignore_errors=True)


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
         unread=score.unread, connections=len(score.pairs) + len(score.unseen),
         pairs=len(score.pairs),
         spare=len(score.spare), calls=calls, seen_calls=seen_calls if client.calls else None,
         protocol=sorted({c['protocol'] or ('no ALPN' if c.get('secure') else 'plain')
                          for c in run.connections}))


HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Coverage

What real clients said over each way to encrypt, and what was read of it. Made by `make coverage`
on %s, Linux %s, %s; do not edit.

Bytes are plaintext per direction, as the client writes and reads it: expected is the server's own
log, seen is what was captured in streams that equal a connection of that log by hash (XXH3-64),
from its first byte on. *Unread* are bytes the server sent that the client never took from its
library. *agrees* means: each connection is exactly one stream, both directions equal by hash,
nothing lost, nothing beside them.

"""
COLUMNS = ('client', 'version', 'stack', 'found', 'directions', 'wire', 'connections',
           'written: expected / seen', 'read: expected / seen', 'unread',
           'calls: expected / seen', 'verdict')
# What part of the wanted ground no client here stands on, and why.
UNTESTED = (
    ('LibreSSL', 'Debian 12 has no package of it, and no client at hand brings it; its functions '
     'have OpenSSL\'s names'),
    ('conda and python-build-standalone OpenSSL', 'not carried by these registries; nassl, '
     'stripped, and pycurl\'s private libssl stand for them'),
    ('Alpine (musl, dynamic)', 'no TLS library for musl at hand; codex is musl, static-pie'),
    ('Electron', 'no such program in these registries without a download of its own; bun, '
     'grpcio and curl_cffi carry the same BoringSSL'),
    ('arm64, all stacks', 'compiled and searched in files, never run: no such machine'),
    ('Java JSSE', 'JIT code: nothing to probe; a blind spot by design'),
    ('QUIC', 'no TLS records; a blind spot by design'),
)


def load():
    rows = []
    for name in sorted(os.listdir(ROWS)) if os.path.isdir(ROWS) else []:
        with open(os.path.join(ROWS, name), encoding='utf-8') as f:
            rows.append(json.load(f))
    return rows


def directions(row):
    seen = [w for w, n in zip(('written', 'read'), row['seen']) if n]
    return ' and '.join(seen) or '-'


def cells(row):
    if 'skipped' in row:
        return [row['client'], row['version'], row['stack'], '-', '-', '-', '-', '-', '-', '-', '-',
                'skipped: ' + row['skipped']]
    agrees = row['pairs'] and row['pairs'] == row['connections'] and not row['spare']
    seen = '-' if row['seen_calls'] is None else '%d' % row['seen_calls']
    wrong = '%d of %d connections%s' % (row['pairs'], row['connections'], ', %d streams of nothing'
                                        % row['spare'] if row['spare'] else '')
    return [row['client'], row['version'], row['stack'], row['how'], directions(row),
            ', '.join(row['protocol']),
            '%d' % row['connections'], '%d / %d' % (row['expected'][0], row['seen'][0]),
            '%d / %d' % (row['expected'][1], row['seen'][1]), '%d' % row['unread'],
            '%d / %s' % (row['calls'], seen), (row['note'] or 'agrees') if agrees else wrong]


def write(path):
    """docs/COVERAGE.md from the rows of this run."""
    with open('/etc/os-release', encoding='utf-8') as f:
        system = dict(x.rstrip().split('=', 1) for x in f if '=' in x)['PRETTY_NAME'].strip('"')
    lines = [HEAD % (time.strftime('%Y-%m-%d'), os.uname().release.split('-')[0], system)]
    lines.append('| ' + ' | '.join(COLUMNS) + ' |')
    lines.append('|' + ' --- |' * len(COLUMNS))
    lines += ['| ' + ' | '.join(c.replace('|', '\\|') for c in cells(row)) + ' |'
              for row in load()]
    lines += ['', '## Untested', '']
    lines += ['* **%s**: %s.' % x for x in UNTESTED]
    with open(path, 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')
