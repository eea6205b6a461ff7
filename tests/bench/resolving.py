# SPDX-License-Identifier: Apache-2.0
"""How long it takes to find the TLS functions in the largest programs, and in what memory."""
import glob
import json
import os
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESOLVE = os.path.join(ROOT, '.output', 'bench', 'resolve')
FIXTURE = os.path.join(ROOT, 'tests/unit/resolve/fixtures/boringssl.c')
LARGE = 50 << 20
WHOLE = 250 << 20


def programs():
    """Executables of the coverage clients, where they are installed."""
    found = []
    for path in glob.glob(os.path.join(ROOT, '.cache/large/*/**'), recursive=True):
        if os.path.isfile(path) and os.path.getsize(path) > LARGE:
            with open(path, 'rb') as f:
                if f.read(4) == b'\x7fELF':
                    found.append(path)
    return sorted(found)


def synthetic(folder):
    """Real code over and over, with a BoringSSL's error sites somewhere in it; stripped."""
    with open(os.path.realpath('/proc/self/exe'), 'rb') as f:
        code = f.read()
    pad, asm = os.path.join(folder, 'pad'), os.path.join(folder, 'pad.S')
    with open(pad, 'wb') as f:
        for _ in range(WHOLE // len(code) + 1):
            f.write(code)
    with open(asm, 'w', encoding='ascii') as f:
        f.write('.text\n.incbin "%s"\n.section .note.GNU-stack,"",%%progbits\n' % pad)
    out = os.path.join(folder, 'synthetic')
    subprocess.run(['gcc', '-w', '-nostdlib', '-shared', '-fPIC', '-O2', '-s', '-o', out, asm,
                    FIXTURE], check=True)
    return out


def name_of(path):
    parts = os.path.relpath(path, os.path.join(ROOT, '.cache/large')).split('/')
    if parts[0] == '..':
        return 'synthetic'
    base = os.path.basename(path)
    return parts[0] if parts[0].startswith(base + '-') else '%s: %s' % (parts[0], base)


def resolving(o, table):
    rows = []
    with tempfile.TemporaryDirectory() as d:
        files = programs() or [synthetic(d)]
        for i, path in enumerate(files):
            with open(path, 'rb') as f:    # the page cache is warm
                while f.read(1 << 20):
                    pass
            out = subprocess.run([RESOLVE, os.path.join(d, 'kept%d' % i), path,
                                  '3' if o.quick else '7'], capture_output=True, check=True)
            m = json.loads(out.stdout)
            rows.append((name_of(path), '%.0f' % (os.path.getsize(path) / 1e6),
                         m['stacks'] or '-', '%.0f' % m['first_ms'], 1000,
                         '%.2f' % m['kept_ms'] + ('' if m['hit'] else ' (not kept)'), 5,
                         '%.1f' % (m['anon_kib'] / 1024), 64))
    table('Finding the TLS functions in a program (best; page cache warm)',
          ('program', 'MB', 'found', 'first ms', 'at most', 'kept ms', 'at most', 'MiB', 'at most'),
          rows)
