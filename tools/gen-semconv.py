#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make user/semconv/names.h from the convention data in tests/semconv/genai.json.

usage: gen-semconv.py [--check]

--check: write nothing; exit 1 when the checked-in file is not what the data gives.
"""
import json
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
DATA = os.path.join(TOP, 'tests', 'semconv', 'genai.json')
OUT = os.path.join(TOP, 'user', 'semconv', 'names.h')

HEAD = '''/* SPDX-License-Identifier: Apache-2.0 */
/* Made by tools/gen-semconv.py from tests/semconv/genai.json. Do not edit. */
/* clang-format off */
#ifndef EARSHOT_SEMCONV_NAMES_H
#define EARSHOT_SEMCONV_NAMES_H

#define SEMCONV_SCHEMA_URL "%s"

/* Attribute names. Row: (identifier, name, type as the convention writes it). */
#define SEMCONV_ATTRIBUTES(X) \\
'''


def ident(name):
    return re.sub(r'[^A-Za-z0-9]', '_', name).upper()


def render(data):
    rows = [a for a in data['attributes'] if not a.get('template')]
    rows.sort(key=lambda a: a['name'])
    seen = {}
    for a in rows:
        other = seen.setdefault(ident(a['name']), a['name'])
        if other != a['name']:
            sys.exit('gen-semconv: %s and %s give one identifier' % (other, a['name']))
    out = HEAD % data['meta']['baseline']['schema_url']
    out += ' \\\n'.join('\tX(%s, "%s", "%s")' % (ident(a['name']), a['name'], a['type'])
                        for a in rows)
    out += '\n\n'
    for a in rows:
        out += '#define SEMCONV_%s "%s"\n' % (ident(a['name']), a['name'])
    return out + '\n#endif /* EARSHOT_SEMCONV_NAMES_H */\n'


def main():
    check = sys.argv[1:] == ['--check']
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    with open(DATA, encoding='utf-8') as f:
        text = render(json.load(f))
    if not check:
        with open(OUT, 'w', encoding='utf-8') as f:
            f.write(text)
        return
    with open(OUT, encoding='utf-8') as f:
        if f.read() != text:
            sys.exit('user/semconv/names.h is not current: run tools/gen-semconv.py')


if __name__ == '__main__':
    main()
