#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Structural search held against names: libraries that have symbols are stripped, what is left
in their dynamic tables is renamed, and each function that search finds must be one that the
symbols of the original call by the right name.

usage: held.py    (make held). Packages come from Debian and PyPI into .cache/held.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HELD = os.path.join(ROOT, '.cache', 'held')
RESOLVE = os.path.join(ROOT, '.output', 'bench', 'resolve')
DEBS = (('amd64', 'android-libboringssl', '*/android/libssl.so.0'),
        ('arm64', 'android-libboringssl', '*/android/libssl.so.0'))
WHEELS = (('curl_cffi', 'curl_cffi/_wrapper*.so'), ('nassl', 'nassl/_nassl.c*.so'),
          ('cryptography', 'cryptography/hazmat/bindings/_rust*.so'),
          ('pycurl', 'pycurl.libs/libssl-*'), ('psycopg_binary', 'psycopg_binary.libs/libssl-*'))
# What a program may stand in: the public function, or the internal one behind it.
READS = ('SSL_read', 'SSL_read_ex', 'ssl_read_internal')
WRITES = ('SSL_write', 'SSL_write_ex', 'SSL_write_ex2', 'ssl_write_internal')
NEAR = 32    # a point lies in the first instructions


def run(*cmd, **kw):
    return subprocess.run(cmd, check=True, capture_output=True, text=True, **kw).stdout


def deb(arch, package, pattern):
    """One file of a package of any architecture, without touching this system's lists."""
    top = os.path.join(HELD, arch)
    for d in ('lists/partial', 'cache/archives/partial', 'out'):
        os.makedirs(os.path.join(top, d), exist_ok=True)
    opt = ['-q', '-o', 'APT::Architecture=' + arch, '-o', 'APT::Architectures=' + arch,
           '-o', 'Dir::State::lists=%s/lists' % top, '-o', 'Dir::Cache=%s/cache' % top,
           '-o', 'APT::Sandbox::User=root']
    if not glob.glob(os.path.join(top, package + '_*.deb')):
        run('apt-get', *opt, 'update')
        run('apt-get', *opt, 'download', package, cwd=top)
    run('dpkg', '-x', glob.glob(os.path.join(top, package + '_*.deb'))[0], top + '/out')
    return glob.glob(os.path.join(top, 'out/usr/lib', pattern))


def wheel(package, pattern):
    top = os.path.join(HELD, 'wheels')
    os.makedirs(top, exist_ok=True)
    if not glob.glob(os.path.join(top, package + '-*.whl')):
        run(sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '-d', top, package)
    out = os.path.join(top, package)
    with zipfile.ZipFile(glob.glob(os.path.join(top, package + '-*.whl'))[0]) as z:
        z.extractall(out)
    return glob.glob(os.path.join(out, pattern))


def symbols(path):
    """Address -> names, of functions, from both tables."""
    found = {}
    for table in ('.symtab', '.dynsym'):
        text = run('readelf', '-W', '--dyn-syms' if table == '.dynsym' else '-s', path)
        for line in text.splitlines():
            m = re.match(r'\s*\d+: ([0-9a-f]+)\s+\d+ FUNC\s+\S+\s+\S+\s+\d+ ([^@\s]+)', line)
            if m:
                found.setdefault(int(m[1], 16), set()).add(m[2])
    return found


def called_from(path, addr, names, where):
    """The names of those public functions that call what begins shortly before addr."""
    callers = set()
    for start, at in where.items():
        if not at & set(names):
            continue
        text = run('objdump', '-d', '--start-address=%d' % start,
                   '--stop-address=%d' % (start + 96), path)
        for to in re.findall(r'(?:call|jmp|bl|b)\s+(?:0x)?([0-9a-f]+)\b', text):
            if 0 <= addr - int(to, 16) < NEAR:
                callers |= at
    return callers


def nameless(path, out):
    """A stripped copy whose exported SSL_* have other names."""
    arm = 'AArch64' in run('readelf', '-h', path)
    run('aarch64-linux-gnu-strip' if arm else 'strip', '-s', '-o', out, path)
    with open(out, 'rb') as f:
        data = f.read()
    m = re.search(r'\.dynstr\s+STRTAB\s+\S+\s+(\S+)\s+(\S+)', run('readelf', '-SW', out))
    at, size = int(m[1], 16), int(m[2], 16)
    names = re.sub(rb'(?<=\0)(SSL|ssl)_(?=[A-Za-z0-9_]+\0)', b'QQQ_',
                   data[at:at + size])
    with open(out, 'wb') as f:
        f.write(data[:at] + names + data[at + size:])


def resolve(path):
    with tempfile.TemporaryDirectory() as d:
        return json.loads(run(RESOLVE, os.path.join(d, 'kept'), path, '1'))


def check(path, found, where):
    """(verdict, words) for one library."""
    reads = writes = 0
    if not found['points']:
        return False, 'nothing found: ' + (found['stacks'] or '-')
    for _, how, prog, addr in found['points']:
        if how != 'search':
            return False, 'found by %s: names are left' % how
        names = set()
        for start, at in where.items():
            if start <= addr < start + NEAR:
                names |= at
        wanted = READS if 'read' in prog else WRITES
        # Without .symtab the internal functions have no name, but the public ones call them.
        if not names:
            names = called_from(path, addr, wanted, where)
        if not names & set(wanted):
            return False, '%s at 0x%x is %s' % (prog, addr, ', '.join(sorted(names)) or 'nothing')
        reads += 'read' in prog
        writes += 'write' in prog
    return reads and writes, ', '.join('%s 0x%x' % (p[2], p[3]) for p in found['points'])


def main():
    passed = failed = skipped = 0
    shown = []
    with tempfile.TemporaryDirectory() as d:
        for args in (*DEBS, *WHEELS):
            what = ' '.join(args[:-1])
            try:
                paths = deb(*args) if len(args) == 3 else wheel(*args)
            except (subprocess.CalledProcessError, OSError) as e:
                print('skipped: %s: %s' % (what, e))
                skipped += 1
                continue
            for path in paths:
                where = symbols(path)
                bare = os.path.join(d, 'bare')
                nameless(path, bare)
                ok, words = check(bare, resolve(bare), where)
                passed, failed = passed + bool(ok), failed + (not ok)
                shown.append('%s  %s %s: %s' % ('ok    ' if ok else 'FAILED', what,
                                                os.path.basename(path), words))
    print('\n'.join(shown))
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == '__main__':
    shutil.rmtree(os.path.join(HELD, 'out'), ignore_errors=True)
    sys.exit(main())
