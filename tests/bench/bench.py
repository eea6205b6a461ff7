#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what watching costs, and what it loses, as ratios within one run.

usage: bench.py [--quick] [PART...]

parts: call  CPU of a watched process for each TLS send and receive, against the same one bare
       cpu   the same between two processes over TCP
       aead  the same with rustls, whose records are read at its crypto library
       loss  bytes lost at rising rates; where it begins; captured + lost = sent at each
       memory, start, replay
       decoders   what a coded body in flight costs
       resolve  finding the functions in the largest programs
       stacks     what a request costs the client of each TLS stack
       bystander  what a process that nobody watches pays for each system call
All streams are captured in full (--all-streams): what is measured here is no HTTP, and would be
ruled out after its first bytes. Tables are printed and nothing fails: on a busy machine only the
ratios mean something.
"""
import argparse
import ctypes
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import bystander
import resolving

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EARSHOT = os.environ.get('EARSHOT', os.path.join(ROOT, '.output', 'earshot'))
TLSPAIR = os.path.join(ROOT, '.output', 'bench', 'tlspair')
TLSMEM = os.path.join(ROOT, '.output', 'bench', 'tlsmem')
NS = 1e9


class Server:
    """The unwatched side."""

    def __enter__(self):
        self.file = tempfile.mktemp()
        self.p = subprocess.Popen([TLSPAIR, 'serve', self.file])
        while not (os.path.exists(self.file) and os.path.getsize(self.file)):
            time.sleep(0.01)
        with open(self.file, encoding='ascii') as f:
            self.port = f.read().strip()
        return self

    def __exit__(self, *_):
        self.p.terminate()
        self.p.wait()
        os.unlink(self.file)


def bare(server, *args):
    out = subprocess.run([TLSPAIR, 'client', server.port, *args], capture_output=True, check=True)
    return json.loads(out.stdout)


def watched(server, *args, options=()):
    """(the client's figures, earshot's stats, CPU seconds of earshot itself)"""
    with tempfile.TemporaryDirectory() as d:
        stats = os.path.join(d, 'stats.json')
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        cmd = [EARSHOT, 'run', '--all-streams', '--stats-file', stats, *options, '--']
        out = subprocess.run([*cmd, TLSPAIR, 'client', server.port, *args],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = json.loads(out.stdout.decode().splitlines()[0])
        with open(stats, encoding='utf-8') as f:
            figures = json.load(f)
    both = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return row, figures, both - (row['all_user_ns'] + row['all_sys_ns']) / NS


def table(title, head, rows):
    print('\n' + title)
    widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]
    for r in [head] + rows:
        print('  ' + '  '.join(str(c).rjust(w) for c, w in zip(r, widths)))
    sys.stdout.flush()


def stats_run(cmd, *options):
    """(what cmd printed, earshot's stats, CPU seconds of both)"""
    with tempfile.TemporaryDirectory() as d:
        stats = os.path.join(d, 'stats.json')
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = [EARSHOT, 'run', '--quiet', '--all-streams', '--stats-file', stats, *options, '--']
        out = subprocess.run([*run, *cmd],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(stats, encoding='utf-8') as f:
            figures = json.load(f)
    return out.stdout.decode(), figures, (after.ru_utime + after.ru_stime) - (
        before.ru_utime + before.ru_stime)


def call(server, o):
    """One process, both ends in one thread: nothing but the calls and their probes."""
    rows = []
    for size, rounds, most in ((200, 100000, 2.5), (16000, 40000, 2.0)):
        for join in ('socket', 'bio'):
            pairs = []
            cmd = [TLSMEM, str(size), str(rounds // (4 if o.quick else 1)), join]
            for _ in range(3 if o.quick else 7):
                b = json.loads(subprocess.run(cmd, capture_output=True, check=True).stdout)
                text, _, both = stats_run(cmd)
                w = json.loads(text)
                daemon = both * NS / w['rounds'] - w['cpu_ns_per_round']
                pairs.append((w['cpu_ns_per_round'] / b['cpu_ns_per_round'],
                              b['cpu_ns_per_round'], w['cpu_ns_per_round'], daemon))
            ratio, b, w, d = (statistics.median(x) for x in zip(*pairs))
            rows.append((size, {'socket': 'socket pair', 'bio': 'memory BIOs'}[join], '%.0f' % b,
                         '%.0f' % w, '%.2f' % ratio, most if join == 'socket' else '', '%.0f' % d))
    table('CPU for each TLS send and receive in one process, ns (medians)',
          ('bytes', 'joined by', 'bare', 'watched', 'ratio', 'at most', 'earshot'), rows)


def aead(_server, o):
    """One process, a rustls client and server in one thread: a record sealed and opened."""
    rows = []
    with tempfile.TemporaryDirectory() as d:
        cert, key = os.path.join(d, 'cert'), os.path.join(d, 'key')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj',
                        '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-addext',
                        'basicConstraints=critical,CA:FALSE'], check=True, capture_output=True)
        for provider in ('aws-lc', 'ring'):
            program = os.path.join(ROOT, '.output', 'clients', 'rustls-mem-' + provider)
            for size, rounds in ((200, 100000), (16000, 40000)) if os.path.exists(program) else ():
                cmd = [program, str(size), str(rounds // (4 if o.quick else 1)), cert, key]
                pairs = []
                for _ in range(3 if o.quick else 7):
                    b = json.loads(subprocess.run(cmd, capture_output=True, check=True).stdout)
                    text, figures, both = stats_run(cmd)
                    w = json.loads(text)
                    seen = sum(sum(s['captured']) + sum(s['lost']) for s in figures['streams'])
                    pairs.append((w['cpu_ns_per_round'] / b['cpu_ns_per_round'],
                                  b['cpu_ns_per_round'], w['cpu_ns_per_round'],
                                  both * NS / w['rounds'] - w['cpu_ns_per_round'],
                                  seen / (2 * size * w['rounds'])))
                ratio, b, w, e, seen = (statistics.median(x) for x in zip(*pairs))
                rows.append((provider, size, '%.0f' % b, '%.0f' % w, '%.2f' % ratio, '%.0f' % e,
                             '%.3f' % seen))
    table('CPU for each record sealed and opened by rustls in one process, ns (medians)',
          ('provider', 'bytes', 'bare', 'watched', 'ratio', 'earshot', 'told of'), rows)


def cpu(server, o):
    """Bare and watched take turns, so that a machine that slows down slows both."""
    rows = []
    for size, rounds, most in ((200, 40000, 2.5), (16000, 15000, 2.0)):
        args = ['--size', str(size), '--rounds', str(rounds // (4 if o.quick else 1)),
                '--warm-up', '2000']
        for form in ((), ('--ex',)):
            pairs = []
            for _ in range(3 if o.quick else 7):
                b = bare(server, *args, *form)
                w, _, daemon = watched(server, *args, *form)
                pairs.append((w['cpu_ns_per_round'] / b['cpu_ns_per_round'],
                              b['cpu_ns_per_round'], w['cpu_ns_per_round'],
                              daemon * NS / w['rounds']))
            ratio, b, w, d = (statistics.median(x) for x in zip(*pairs))
            rows.append((size, 'SSL_read_ex' if form else 'SSL_read', '%.0f' % b, '%.0f' % w,
                         '%.2f' % ratio, most, '%.0f' % d))
    table('CPU for each round over TCP between two processes, ns (medians)',
          ('bytes', 'calls', 'bare', 'watched', 'ratio', 'at most', 'earshot'), rows)


def balance(row, figures):
    """(lost bytes, whether captured + lost + ignored = sent, both directions)"""
    lost, exact = 0, True
    for i, truth in enumerate((row['sent'], row['received'])):
        s = figures['streams']
        lost += sum(x['lost'][i] for x in s)
        exact &= sum(x['captured'][i] + x['lost'][i] + x['ignored'][i] for x in s) == truth
        exact &= sum(x['passed'][i] for x in s) == truth
    return lost, exact


def loss_row(server, size, rate, seconds, options=()):
    args = ['--size', str(size), '--rounds', str(int(rate * seconds) or 1)]
    args += ['--rate', str(int(rate))]
    w, figures, daemon = watched(server, *args, options=options)
    lost, exact = balance(w, figures)
    moved = w['sent'] + w['received']
    return (size, '%.0f' % (2 * rate), '%.0f' % (2 * w['rounds_per_s']), moved, lost,
            '%.3f %%' % (100 * lost / moved), 'yes' if exact else 'NO',
            '%.0f %%' % (100 * daemon * NS / w['wall_ns'])), lost


def loss(server, o):
    rows = []
    for size in (200, 16000):
        top = bare(server, '--size', str(size), '--rounds', '30000')['rounds_per_s']
        long = 5 if o.quick else 30
        # 20,000 messages/s are 10,000 rounds; of the large ones, a quarter of the bare rate.
        first = 10000 if size == 200 else top / 4
        rows.append(loss_row(server, size, first, long)[0])
        for share in (0.5, 0.75, 1, 4):
            row, _ = loss_row(server, size, top * share, 3)
            rows.append(row)
    table('Loss at rising rates (messages/s: one sent and one received make two)',
          ('bytes', 'asked/s', 'reached/s', 'moved', 'lost', 'share', 'exact', 'earshot CPU'), rows)
    rows = [loss_row(server, 16000, 20000, 3, ('--ring-size', '64K'))[0]]
    table('The same with a ring of 64 KiB',
          ('bytes', 'asked/s', 'reached/s', 'moved', 'lost', 'share', 'exact', 'earshot CPU'), rows)


def start(server, o):
    """From the start of earshot to the first instruction of its command, and back."""
    up, down, first, child = [], [], [], []
    clock = [sys.executable, '-S', '-c', 'import time; print(time.monotonic_ns())']
    base = []
    for _ in range(20):
        t0 = time.monotonic_ns()
        base.append(int(subprocess.run(clock, capture_output=True).stdout) - t0)
        t0 = time.monotonic_ns()
        out = subprocess.run([EARSHOT, 'run', '--', *clock], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        down.append(time.monotonic_ns() - int(out.stdout))
        up.append(int(out.stdout) - t0)
        twice = '"$0" client "$1" --rounds 1 >/dev/null; "$0" client "$1" --rounds 1'
        _, figures, _ = stats_run(['bash', '-c', twice, TLSPAIR, server.port])
        first.append(figures['first_attach_ns'])
        child.append(figures['exec_to_attach_ns'])

    def ms(x):
        return '%.1f' % (statistics.median(x) / 1e6)
    table('Start and end, ms (medians of 20)', ('what', 'ms', 'at most'), [
        ('start of earshot to its first probes in place', ms(first), 300),
        ('start of earshot to its command running', ms([u - b for u, b in zip(up, base)]), ''),
        ("exec of a child whose library is known to its probes in place", ms(child), 30),
        ('end of the command to the end of earshot', ms(down), 300)])


def rss(pid):
    """Resident memory in KiB, and how much of it is not shared with a file."""
    with open('/proc/%d/status' % pid, encoding='ascii') as f:
        rows = dict(x.split(':', 1) for x in f.read().splitlines())
    return int(rows['VmRSS'].split()[0]), int(rows['RssAnon'].split()[0])


def peak(cmd):
    """Most resident memory of earshot while cmd runs: (anonymous, resident), KiB."""
    p = subprocess.Popen([EARSHOT, 'run', '--quiet', '--', *cmd], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    most = (0, 0)
    while p.poll() is None:
        try:
            most = max(most, rss(p.pid)[::-1])
        except (OSError, KeyError):
            break
        time.sleep(0.05)
    p.wait()
    return most


def memory(server, o):
    rows = []
    for what, cmd, limit in (
            ('idle', ['sleep', '2'], 32),
            ('1,000 open streams, 100 with a gzip body in flight',
             [sys.executable, os.path.join(HERE, 'open_streams.py'), '1000', '100'], 64)):
        anonymous, resident = peak(cmd)
        rows.append((what, '%.1f' % (anonymous / 1024), limit, '%.1f' % (resident / 1024)))
    table('Memory of earshot, MiB (resident counts the ring, 16 MiB mapped twice, and files)',
          ('what', 'anonymous', 'at most', 'resident'), rows)


def decoders(server, o):
    path, rows = os.path.join(ROOT, '.output', 'bench', 'decoders'), []
    for coding in ('gzip', 'br', 'zstd'):
        for size, event in ((400, 200), (20000, 200), (200000, 200), (4 << 20, 131072)):
            resident, held = subprocess.run([path, coding, str(size), str(event)], check=True,
                                            capture_output=True, text=True).stdout.split()
            rows.append((coding, '%d' % size, '%d' % event, resident, held))
    table('A decoder in the middle of a flushed stream, KiB', (
        'coding', 'bytes so far', 'flushed each', 'resident', 'allocated'), rows)


def memcpy_rate():
    """Bytes a second of one plain copy, the bound of anything that touches every byte."""
    size = 64 << 20
    src, dst = ctypes.create_string_buffer(size), ctypes.create_string_buffer(size)
    best = 0
    for _ in range(10):
        t0 = time.perf_counter()
        ctypes.memmove(dst, src, size)
        best = max(best, size / (time.perf_counter() - t0))
    return best


def cpu_of(cmd):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(cmd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def replay(server, o):
    """Kernel record to encoded span, all threads' CPU added up."""
    rows, wanted = [], {'prompt': '300 MB/s', 'sse': '500,000 events/s',
                        'h2': '80 % of sse'}
    with tempfile.TemporaryDirectory() as d:
        made = subprocess.run([sys.executable, os.path.join(HERE, 'gen_recordings.py'), d],
                              check=True, capture_output=True).stdout.decode()
        for line in made.splitlines():
            m = json.loads(line)
            s = statistics.median(cpu_of([EARSHOT, 'replay', '--quiet', '--otlp-file', '/dev/null',
                                          m['path']]) for _ in range(5))
            rows.append((m['name'], m['calls'], '%.0f' % (m['payload'] / 1e6), '%.3f' % s,
                         '%.0f' % (m['payload'] / s / 1e6),
                         '%.0f' % (m['events'] / s) if m['events'] else '',
                         wanted.get(m['name'], '')))
    rows.append(('one copy of memory', '', '', '', '%.0f' % (memcpy_rate() / 1e6), '', ''))
    table('Replay, one core (medians of 5)',
          ('recording', 'calls', 'MB', 'CPU s', 'MB/s', 'events/s', 'at least'), rows)


def resolve(_server, o):
    resolving.resolving(o, table)


def stacks(_server, o):
    cmd = [sys.executable, os.path.join(HERE, 'stacks.py'), *(['--quick'] if o.quick else [])]
    out = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, check=False).stdout
    rows = [json.loads(x) for x in out.splitlines() if x.startswith('{')]
    table('CPU of a client for each small request and its answer, us (least of all turns)',
          ('stack', 'client', 'bare', 'watched', 'added', 'ratio'),
          [(r['stack'], r['client'], '%.0f' % r['bare'], '%.0f' % r['watched'],
            '%+.1f' % r['added'], '%.2f' % (r['watched'] / r['bare'])) for r in rows])


def bystanders(_server, o):
    bystander.bystander(EARSHOT, o, table)


PARTS = {'call': call, 'cpu': cpu, 'aead': aead, 'loss': loss, 'start': start,
         'memory': memory, 'decoders': decoders, 'replay': replay, 'stacks': stacks,
         'bystander': bystanders, 'resolve': resolve}


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--quick', action='store_true')
    ap.add_argument('parts', nargs='*', choices=[[], *PARTS], default=[])
    o = ap.parse_args()
    with Server() as server:
        for name in o.parts or PARTS:
            PARTS[name](server, o)


if __name__ == '__main__':
    main()
