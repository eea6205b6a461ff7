#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests and counts them.

usage: run.py unit BIN...           cmocka programs (sanitized builds)
       run.py e2e [-k WORD] [-v]    real clients against the mock provider, as root
       run.py coverage [-k WORD]    every client there is; makes docs/COVERAGE.md (without -k)
       run.py survive [--times N] [-k WORD]  targets that earshot comes to and leaves
       run.py golden [--record|--update]  recordings in tests/golden/, replayed (made anew, as
                                    root; or their spans taken as they are now)
       run.py drops [-k WORD]       the same, with each record in turn missing
       run.py fuzz [--seconds N]    each corpus once, then fresh inputs for N seconds in all
       run.py all -- CMD... [-- CMD...]

`e2e --list` names the tests; E2E_BARE=1 runs the clients unwatched, to test the truth itself.
`all` runs commands, each of which ends with a line 'N passed, N failed', and adds those up; a
command without such a line counts as one check by its exit status.
The last line of every run is 'N passed, N failed[, N skipped]'; the status is 1 if any failed.
"""
import argparse
import glob
import os
import re
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, 'e2e'))

from harness import env, results    # noqa: E402

TOTALS = re.compile(r'^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$')
CMOCKA = re.compile(r'^\[\s+(OK|FAILED|SKIPPED)\s+\] (.+)$')


def run_unit(r, bins):
    environ = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='STDOUT',
                   UBSAN_OPTIONS='print_stacktrace=1', ASAN_OPTIONS='detect_leaks=1')
    for path in bins:
        try:
            p = subprocess.run([path], capture_output=True, text=True, env=environ,
                               errors='replace', timeout=results.TEST_SECONDS)
        except subprocess.TimeoutExpired:
            r.check(False, os.path.basename(path), 'not done within its time')
            continue
        seen = {}
        for line in (p.stdout + p.stderr).splitlines():
            m = CMOCKA.match(line)
            if m:
                seen.setdefault(m.group(2).split(':')[0], m.group(1))
        bad = [n for n, v in seen.items() if v == 'FAILED']
        r.where = os.path.relpath(path, os.path.join(env.OUT, 'unit'))
        for name, verdict in seen.items():
            if verdict == 'SKIPPED':
                r.skip(r.where, name)
            else:
                r.check(verdict == 'OK', name)
        ok = p.returncode == 0 and bool(seen)
        if not ok and not bad:
            r.check(False, 'program', 'status %d, %d tests seen' % (p.returncode, len(seen)))
        if not ok:
            print((p.stdout + p.stderr)[-4000:])
        print('%-6s %-58s %4d tests' % ('ok' if ok else 'FAIL', r.where, len(seen)), flush=True)


class Context:
    """What all end-to-end tests share."""

    def __init__(self):
        from mock import certs, provider, wire
        os.makedirs(env.WORK, exist_ok=True)
        self.pki = certs.make(os.path.join(env.WORK, 'pki'), env.HOSTS)
        self.provider = provider.Provider(self.pki['cert'], self.pki['key'])
        self.h2_provider = provider.Provider(self.pki['cert'], self.pki['key'],
                                             alpn=('h2', 'http/1.1'))
        self.ws_provider = provider.Provider(self.pki['cert'], self.pki['key'], websockets=True)
        self.codings = wire.codings_here()

    def stop(self):
        self.provider.stop()
        self.h2_provider.stop()
        self.ws_provider.stop()


def e2e_tests(ctx):
    from suites import (behaviour, blind, clients, export, hosts, live, local, mcp, needs, patched,
                        plain, robust, selfcheck, stacks, stores, survive, traces, vendors, ws)
    return [t for m in (selfcheck, clients, traces, stacks, ws, live, local, needs, plain, mcp,
                        vendors, hosts, stores, patched, survive, blind, robust, behaviour, export)
            for t in m.tests(ctx)]


def run_e2e(r, o):
    os.makedirs(env.WORK, exist_ok=True)
    no_names = None if o.list else env.isolate()
    env.add_packages()
    ctx = Context()
    ctx.no_names = no_names
    for c in sorted({'br', 'zstd'} - ctx.codings):
        r.skip('coding %s' % c, 'its Python module is not here (make deps installs it)')
    for name, test in e2e_tests(ctx):
        if o.word and not any(w in name for w in o.word):
            continue
        if o.list:
            print(name)
        else:
            r.run(name, test)
    ctx.stop()


def run_coverage(r, o):
    """All clients that bring a way to encrypt, also the large ones, into one table."""
    os.makedirs(env.WORK, exist_ok=True)
    no_names = env.isolate()
    env.add_packages()
    from harness import coverage
    from suites import local, stacks, vendors
    ctx = Context()
    ctx.no_names = no_names
    if not o.word:
        coverage.forget()
    for name, test in stacks.tests(ctx, with_large=True) + local.tests(ctx) + \
            vendors.deno_tests(ctx, with_large=True):
        if not o.word or any(w in name for w in o.word):
            r.run(name, test)
    ctx.stop()
    if not o.word:
        coverage.write(os.path.join(env.ROOT, 'docs', 'COVERAGE.md'))


def run_survive(r, o):
    os.makedirs(env.WORK, exist_ok=True)
    no_names = env.isolate()
    env.add_packages()
    from suites import survive
    ctx = Context()
    ctx.no_names = no_names
    chosen = [c for name, c in survive.clients() if not o.word or any(w in name for w in o.word)]
    r.run('survive: %d times' % o.times, survive.several, ctx, chosen, o.times,
          seconds=max(results.TEST_SECONDS, 60 * o.times))
    ctx.stop()


def recordings():
    return sorted(glob.glob(os.path.join(HERE, 'golden', '*.rec')))


def run_golden(r, update=False):
    """tests/golden/NAME.rec, replayed, gives NAME.jsonl byte for byte. No root is needed.
    update: what is there now becomes what is wanted; look at the difference before it is kept."""
    os.makedirs(env.WORK, exist_ok=True)
    r.where = 'golden'
    r.check(bool(recordings()), 'there are recordings')
    for path in recordings():
        name = os.path.basename(path)[:-4]
        out = os.path.join(env.WORK, name + '.jsonl')
        if os.path.exists(out):
            os.unlink(out)
        p = subprocess.run([env.EARSHOT, 'replay', path, '--content', 'full', '--otlp-file', out,
                            '--blind-spots', 'all'], capture_output=True, text=True)
        r.check(p.returncode == 0, name + ': replay exits 0', p.stderr[-2000:])
        if update:
            shutil.copy(out, path[:-4] + '.jsonl')
        with open(path[:-4] + '.jsonl', encoding='utf-8') as a, open(out, encoding='utf-8') as b:
            want, got = a.read().splitlines(), b.read().splitlines()
        where = next((i for i, (x, y) in enumerate(zip(want, got)) if x != y), min(
            len(want), len(got)))
        r.equal('is not read: stack unknown (' in p.stdout, name == 'blind', name + ': blind spots')
        r.check(want == got, name + ': the same spans', 'line %d of %d differs:\n%s' % (
            where + 1, len(want), got[where][:1500] if where < len(got) else 'is missing'))


def record_golden(r, only=None):
    env.isolate()
    env.add_packages()
    from suites import golden
    ctx = Context()
    r.run('record', lambda x: golden.record(x, ctx, only))


def fuzz_targets():
    """(program, corpus folder) of every fuzz target that was built."""
    for path in sorted(glob.glob(os.path.join(env.OUT, 'fuzzers', '*', 'fuzz_*'))):
        folder, name = path.split(os.sep)[-2:]
        if os.access(path, os.X_OK) and os.path.isfile(path):
            yield path, os.path.join(env.ROOT, 'tests', 'fuzz', folder,
                                     name.replace('fuzz_', 'corpus_', 1))


def fuzz_one(r, path, args, what):
    """Runs one target; a crash leaves its input in .output/fuzz-crashes/."""
    crashes = os.path.join(env.OUT, 'fuzz-crashes', os.path.basename(path)) + os.sep
    os.makedirs(crashes, exist_ok=True)
    p = subprocess.run([path, '-artifact_prefix=' + crashes, '-rss_limit_mb=2048', '-timeout=25',
                        *args], capture_output=True, text=True, errors='replace')
    done = re.findall(r'(?:Done|Executed) (\d+) runs|#(\d+)\s', p.stderr)
    runs = [int(a or b) for a, b in done]
    r.check(p.returncode == 0, what, p.stderr[-3000:])
    return runs[-1] if runs else 0


def run_fuzz(r, seconds):
    targets = list(fuzz_targets())
    share = max(1, seconds // max(1, len(targets)))
    for path, corpus in targets:
        r.where = os.path.basename(path)
        inputs = sorted(glob.glob(os.path.join(corpus, '*')))
        r.check(bool(inputs), 'has a corpus', corpus)
        words = corpus.replace('corpus_', '') + '.dict'
        words = ['-dict=' + words] if os.path.exists(words) else []
        fuzz_one(r, path, ['-runs=0', corpus], 'replays its corpus')
        fresh = os.path.join(env.OUT, 'fuzz-corpus', os.path.basename(path))
        os.makedirs(fresh, exist_ok=True)
        n = fuzz_one(r, path, ['-max_total_time=%d' % share, '-print_final_stats=1', *words,
                               fresh, corpus],
                     'finds nothing in %d s' % share) if seconds else 0
        print('       %-40s %4d inputs, %8d fresh runs in %d s' % (
            r.where, len(inputs), n, share if seconds else 0), flush=True)


def run_all(r, commands):
    """Commands with totals of their own; their lines pass through."""
    for cmd in commands:
        p = subprocess.Popen(cmd, stdout=subprocess.PIPE, text=True, errors='replace')
        totals = None
        for line in p.stdout:
            m = TOTALS.match(line.rstrip('\n'))
            totals = m or totals
            print(line, end='', flush=True)
        rc = p.wait()
        r.where = ' '.join(cmd)
        if totals is None or (rc and not int(totals.group(2))):
            r.check(rc == 0, 'exit status', rc)
        if totals:
            r.passed += int(totals.group(1))
            r.failed += int(totals.group(2))
            r.skipped += int(totals.group(3) or 0)


def split(args):
    out = [[]]
    for a in args:
        if a == '--':
            out.append([])
        else:
            out[-1].append(a)
    return [x for x in out if x]


def own_signals():
    """A background job may be started with some ignored, and children would inherit that: a shell
    cannot trap what it was started to ignore."""
    for s in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(s, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main():
    own_signals()
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = ap.add_subparsers(dest='what', required=True)
    sub.add_parser('unit').add_argument('bins', nargs='*')
    e = sub.add_parser('e2e')
    e.add_argument('-k', dest='word', action='append')
    e.add_argument('-v', dest='verbose', action='store_true')
    e.add_argument('--list', action='store_true')
    v = sub.add_parser('survive')
    v.add_argument('--times', type=int, default=20)
    v.add_argument('-k', dest='word', action='append')
    c = sub.add_parser('coverage')
    c.add_argument('-k', dest='word', action='append')
    g = sub.add_parser('golden')
    g.add_argument('--record', action='store_true')
    g.add_argument('--update', action='store_true')
    g.add_argument('--only', action='append', metavar='NAME')
    d = sub.add_parser('drops')
    d.add_argument('-k', dest='word', default='')
    sub.add_parser('fuzz').add_argument('--seconds', type=int, default=300)
    sub.add_parser('all').add_argument('commands', nargs=argparse.REMAINDER)
    o = ap.parse_args()
    r = results.Results(getattr(o, 'verbose', False))
    if o.what == 'unit':
        run_unit(r, o.bins)
    elif o.what == 'golden':
        if o.record:
            record_golden(r, o.only)
        run_golden(r, o.record or o.update)
    elif o.what == 'drops':
        import drops
        drops.run(r, [p for p in recordings() if o.word in p])
    elif o.what == 'fuzz':
        run_fuzz(r, o.seconds)
    elif o.what == 'survive':
        run_survive(r, o)
    elif o.what == 'coverage':
        run_coverage(r, o)
    elif o.what == 'e2e':
        run_e2e(r, o)
        if o.list:
            return 0
    else:
        run_all(r, split(o.commands))
    return r.close()


if __name__ == '__main__':
    sys.exit(main())
