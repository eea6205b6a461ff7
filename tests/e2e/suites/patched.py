# SPDX-License-Identifier: Apache-2.0
"""Builds whose functions were cut out: what was found before must be refused, not probed."""
import os
import re
import shutil
import struct
import subprocess

from harness import clientlist, daemon, env

POINT = re.compile(r'(\w+)@0x([0-9a-f]+)')
BODY = 0x180
FILLS = {'int3': b'\xcc', 'ud2': b'\x0f\x0b'}


class Target:
    """file: what is cut. run(copy of it) -> (command, environment) of a program that maps it for
    a second and uses none of it."""

    def __init__(self, name, stack, file, run, package=False):
        self.name, self.stack, self.file, self.run = name, stack, file, run
        self.package = package    # of Python: the file is stripped, and has others around it

    def copy(self, folder):
        if self.package:
            folder = os.path.join(folder, os.path.basename(os.path.dirname(self.file)))
            shutil.copytree(os.path.dirname(self.file), folder)
        copy = os.path.join(folder, os.path.basename(self.file))
        shutil.copy(self.file, copy)
        if self.package:
            subprocess.run(['strip', '--strip-all', copy], check=True)
        for link in ('libssl.so.3', 'libgnutls.so.30'):
            path = os.path.join(folder, link)
            if os.path.basename(copy).startswith(link) and not os.path.exists(path):
                os.symlink(copy, path)
        return copy


def plain(*cmd):
    return lambda copy: ([copy, *cmd], {})


def in_shell(line):
    return lambda copy: (['/bin/sh', '-c', line.replace('%', copy)], {})


def private_library(line):
    """The program finds the copy before the system's library."""
    return lambda copy: (['/bin/sh', '-c', line], {'LD_LIBRARY_PATH': os.path.dirname(copy)})


def library(name):
    return os.path.realpath(os.path.join('/usr/lib/x86_64-linux-gnu', name))


def targets():
    nassl = [f for f in os.listdir(clientlist.package('nassl')) if f.startswith('_nassl.c')] \
        if os.path.isdir(clientlist.package('nassl')) else ['none.so']
    load = "exec %s -c 'import sys, time; sys.path.insert(0, \"%s\"); import nassl.%s; " \
           "time.sleep(1)'"
    return [
        Target('bun', 'boringssl', clientlist.large('bun-1.4.5', 'bin', 'bun'),
               plain('-e', 'await Bun.sleep(1000)')),
        Target('codex', 'aws-lc', clientlist.large(
            'codex-0.169.0', 'vendor', 'x86_64-unknown-linux-musl', 'bin', 'codex'),
            in_shell('sleep 2 | % app-server')),
        Target('Go, stripped', 'go', clientlist.binary('go-stripped'),
               in_shell('mkfifo %.in; (sleep 1; echo "[]") >%.in & exec % %.in')),
        Target('nassl', 'openssl', os.path.join(clientlist.package('nassl'), nassl[0]),
               lambda copy: (['/bin/sh', '-c', load % (
                   env.PYTHON, os.path.dirname(os.path.dirname(copy)),
                   os.path.basename(copy).split('.')[0])], {}), package=True),
        Target('libssl', 'openssl', library('libssl.so.3'),
               private_library("exec %s -c 'import ssl, time; time.sleep(1)'" % env.PYTHON)),
        Target('libgnutls', 'gnutls', library('libgnutls.so.30'),
               private_library('exec %s -c \'import ctypes, time; '
                               'ctypes.CDLL("libgnutls.so.30"); time.sleep(1)\'' % env.PYTHON)),
    ]


def attached(run, name):
    """(entries of the copied file without an error, (function, address) of their points)."""
    rows = [x for x in run.stats.get('attach', []) if os.path.basename(x['path']) == name and
            not x.get('error')]
    return rows, [(f, int(a, 16)) for x in rows for f, a in POINT.findall(x['how'])]


def watch(ctx, target, copy):
    cmd, more = target.run(copy)
    environ = dict(os.environ, PYTHONDONTWRITEBYTECODE='1', HOME=os.path.dirname(copy),
                   E2E_CA=ctx.pki['ca'], PYTHONPATH=env.site_packages(), **more)
    return daemon.watch('patched.' + target.name, ctx.provider, cmd, environ)


def to_offset(data, addr):
    """Where an address lies in an ELF file."""
    at, = struct.unpack_from('<Q', data, 32)
    size, count = struct.unpack_from('<HH', data, 54)
    for i in range(count):
        kind, _, offset, start, _, length = struct.unpack_from('<IIQQQQ', data, at + i * size)
        if kind == 1 and start <= addr < start + length:
            return addr - start + offset
    return None


def cut(path, points, fill):
    """Overwrites the bodies; functions begin at multiples of 16."""
    with open(path, 'rb') as f:
        data = bytearray(f.read())
    ranges = []
    for _, addr in points:
        first = addr & ~15
        at = to_offset(data, first)
        if at is not None:
            data[at:at + BODY] = (fill * BODY)[:BODY]
            ranges.append((first, first + BODY))
    os.unlink(path)    # the old one may still be mapped
    with open(path, 'wb') as f:
        f.write(data)
    os.chmod(path, 0o755)
    return ranges


def found(r, ctx, target, what):
    folder = daemon.folder('whole')
    copy = target.copy(folder)
    run = watch(ctx, target, copy)
    rows, _ = attached(run, os.path.basename(copy))
    r.check(any(x['stack'] == target.stack for x in rows), what, run.stats.get('attach'))
    shutil.rmtree(folder)


def refused(r, ctx, target):
    reason = env.missing(target.file)
    if reason:
        r.skip('patched ' + target.name, reason)
        return
    folder = daemon.folder('patched')
    copy = target.copy(folder)
    run = watch(ctx, target, copy)
    rows, points = attached(run, os.path.basename(copy))
    if not r.check(any(x['stack'] == target.stack for x in rows) and points,
                   'the whole build is found', run.stats.get('attach')):
        return
    for name, fill in FILLS.items():
        ranges = cut(copy, points, fill)
        run = watch(ctx, target, copy)
        _, now = attached(run, os.path.basename(copy))
        bad = [p for p in now if any(a <= p[1] < b for a, b in ranges)]
        r.check(not bad, 'no probe in what was cut (%s)' % name, '%s\n%s' % (
            bad, run.stats.get('attach')))
        r.equal(run.rc, 0, 'the program lives (%s)' % name)
    # It has the same build-id as the one that was refused.
    found(r, ctx, target, 'a whole one is found after that')
    shutil.rmtree(folder)


def tests(ctx):
    if daemon.BARE:
        return []
    return [('patched out: ' + t.name, lambda r, t=t: refused(r, ctx, t)) for t in targets()]
