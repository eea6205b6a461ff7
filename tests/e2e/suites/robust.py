# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to one side, the other stays alive and says what is true."""
import os
import shutil
import signal
import subprocess
import threading
import time

from harness import cases, compare, daemon, env, spans, truth

from .clients import judge, python_http, write_cases

CLIENT_BINS = os.path.join(env.OUT, 'clients')
CHAT = os.path.join(CLIENT_BINS, 'chat')


def chat_cases(n):
    """What chat.c asks for: its models are the names of the cases."""
    return [dict(cases.case('c%02d' % i, 'chat', 'tools=1'), name='m-c%02d' % i) for i in range(n)]


def chat_rows_match(r, run, what):
    truth = {e['model']: e for e in run.exchanges}
    rows = {row['case']: row for row in run.rows()}
    for c in what:
        row, e = rows.get(c['name'], {}), truth.get(c['name'], {})
        r.equal((row.get('status'), row.get('raw_sha256')),
                (e.get('status'), e.get('response_sha256')), 'client saw %s' % c['name'])


def run_chat(r, ctx, binary, options=(), args=(), n=8):
    """A client in C, on SSL_read and SSL_write themselves."""
    reason = env.missing(binary)
    if reason:
        r.skip(os.path.basename(binary), reason)
        return None
    what = chat_cases(n)
    cmd = [binary, *args, str(ctx.provider.port), ctx.pki['ca'], *[c['name'] for c in what]]
    run = daemon.watch('chat', ctx.provider, cmd, daemon.client_env(ctx.provider, ctx.pki), options)
    r.check(run.rc == 0, 'client lives to its end', 'status %s\n%s' % (run.rc, run.stderr[-2000:]))
    chat_rows_match(r, run, what)
    if not daemon.BARE:
        compare.spans_match(r, run)
        truth.bytes_match(r, run)
    return run


def start(ctx, name, cmd, environ, options=()):
    """Starts a watched command and returns at once: (Run, process)."""
    run = daemon.Run(daemon.folder(name))
    ctx.provider.take()
    p = subprocess.Popen(daemon.command(run, cmd, options), stdin=subprocess.DEVNULL,
                         stdout=open(run.path('stdout'), 'wb'), env=environ, cwd=run.dir,
                         stderr=open(run.path('stderr'), 'wb'))
    return run, p


def finish(ctx, run, p, timeout=60):
    run.rc = p.wait(timeout)
    run.exchanges, run.connections, run.quiet = ctx.provider.take()
    run.stdout = open(run.path('stdout'), 'rb').read()
    run.stderr = open(run.path('stderr'), 'rb').read().decode(errors='replace')
    run.load()


def children(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as f:
            return [int(x) for x in f.read().split()]
    except OSError:
        return []


def command_pid(p, name, seconds=10):
    """The pid of the watched command below p: the first descendant that runs that program."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        todo = children(p.pid)
        while todo:
            pid = todo.pop()
            todo += children(pid)
            try:
                if os.path.basename(os.readlink('/proc/%d/exe' % pid)).startswith(name):
                    return pid
            except OSError:
                pass
        time.sleep(0.02)
    return None


def alive(pid):
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def wait_for(test, seconds=10):
    end = time.monotonic() + seconds
    while not test() and time.monotonic() < end:
        time.sleep(0.02)
    return test()


def slow_case():
    return [cases.case('slow', 'chat', 'events=150,gap=20', True, **cases.USAGE)]


def seccomp(r, ctx):
    for probe in ('auto', 'ret'):
        run_chat(r, ctx, CHAT, ['--return-probe', probe], ['--seccomp'])


def target_killed(r, ctx):
    path = write_cases(slow_case())
    run, p = start(ctx, 'killed', python_http('serial')(path),
                   daemon.client_env(ctx.provider, ctx.pki))
    pid = command_pid(p, 'python')
    r.check(pid, 'the target runs')
    time.sleep(1)
    os.kill(pid, signal.SIGKILL)
    finish(ctx, run, p)
    r.equal(run.rc, 128 + 9, 'exit status tells the signal')
    calls = spans.model_calls(run.spans)
    r.equal(len(calls), 1, 'one span')
    for s in calls:
        e = run.exchanges[0]
        r.equal((s.status, s.model, s.id), (2, 'm-slow', e['facts']['response_id']), 'what it says')
        r.check(0.2 < (s.end - s.start) / 1e9 < 2, 'it ends when the target ended',
                (s.end - s.start) / 1e9)
    compare.semconv(r, run)
    compare.replayed(r, run)


def watcher_killed(r, ctx):
    path = write_cases(slow_case() + cases.many(6))
    run, p = start(ctx, 'orphaned', python_http('serial')(path),
                   daemon.client_env(ctx.provider, ctx.pki))
    pid = command_pid(p, 'python')
    time.sleep(1)
    p.send_signal(signal.SIGKILL)
    # The kernel takes the probes away before the watcher is gone, which may take its time.
    r.check(alive(pid), 'the target outlives its watcher')
    p.wait()
    r.check(wait_for(lambda: not alive(pid), 30), 'the target comes to its own end')
    finish(ctx, run, p)
    compare.clients_match(r, run, slow_case() + cases.many(6))
    r.equal(len(run.exchanges), 7, 'every call was made')


def library_replaced(r, ctx):
    """An upgrade of libssl under a running program, and under one that starts after it."""
    folder = daemon.folder('private-libssl')
    libs = [os.path.realpath('/lib/x86_64-linux-gnu/lib%s.so.3' % x) for x in ('ssl', 'crypto')]
    if not all(map(os.path.exists, libs)):
        r.skip('libssl replaced', 'no libssl.so.3 of this machine\'s kind')
        return
    for path in libs:
        shutil.copy(path, os.path.join(folder, os.path.basename(path)))
    first, second = cases.many(60)[:30], cases.many(60)[30:]
    for c in first:
        c['mock'] += ',delay=40'
    one, two = write_cases(first), write_cases(second)
    line = ' '.join(python_http('parallel')(one)) + ' && ' + ' '.join(
        python_http('serial')(two))
    run, p = start(ctx, 'replaced', ['/bin/sh', '-c', line],
                   daemon.client_env(ctx.provider, ctx.pki, LD_LIBRARY_PATH=folder))
    stop = threading.Event()
    turns = replace_until(stop, libs[0], os.path.join(folder, os.path.basename(libs[0])))
    try:
        finish(ctx, run, p)
    finally:
        stop.set()
    r.check(turns[0] > 3, 'the file was replaced %d times' % turns[0])
    judge(r, run, first + second)


def replace_until(stop, good, path):
    """Renames fresh copies over path, each with another length: other content, same code."""
    turns = [0]

    def work():
        while not stop.wait(0.08):
            shutil.copy(good, path + '.new')
            with open(path + '.new', 'ab') as f:
                f.write(b'\0' * (16 + turns[0]))
            os.rename(path + '.new', path)
            turns[0] += 1
    threading.Thread(target=work, daemon=True).start()
    return turns


def quota_group():
    """A new control group that gives 15 ms in 100, or (None, why not)."""
    name = 'earshot-e2e-%d' % os.getpid()
    for base, files in (('/sys/fs/cgroup', {'cpu.max': '15000 100000'}),
                        ('/sys/fs/cgroup/cpu', {'cpu.cfs_period_us': '100000',
                                                'cpu.cfs_quota_us': '15000'})):
        path = os.path.join(base, name)
        try:
            os.mkdir(path)
            for k, v in files.items():
                with open(os.path.join(path, k), 'r+', encoding='ascii') as f:
                    f.write(v)
            return path, None
        except OSError as e:
            why = str(e)
            if os.path.isdir(path):
                os.rmdir(path)
    return None, why


def under_quota(r, ctx):
    """A target that the kernel stops in mid-call, again and again."""
    group, why = quota_group()
    if not group:
        r.skip('target under a CPU quota', 'no control group can be made: %s' % why)
        return
    what = cases.many(36)
    path = write_cases(what)
    line = 'echo $$ > %s/cgroup.procs && exec %s' % (group, ' '.join(python_http('parallel')(path)))
    try:
        run = daemon.watch('quota', ctx.provider, ['/bin/sh', '-c', line],
                           daemon.client_env(ctx.provider, ctx.pki))
        judge(r, run, what)
    finally:
        wait_for(lambda: not open(group + '/cgroup.procs', encoding='ascii').read())
        os.rmdir(group)


def small_ring(r, ctx):
    """A ring far too small: what is lost is said, to the byte, and no connection is unseen."""
    what = [cases.case('ring%02d' % i, 'chat', 'events=3', i % 2 == 0, big=200000)
            for i in range(30)]
    path = write_cases(what)
    run = daemon.watch('ring', ctx.provider, python_http('crowd')(path),
                       daemon.client_env(ctx.provider, ctx.pki), ['--ring-size', '64K'])
    r.equal(run.rc, 0, 'exit status')
    compare.clients_match(r, run, what)
    calls = spans.model_calls(run.spans)
    # The sockets below have books of their own: their bytes are sealed, and none was taken.
    rows = [s for s in run.stats.get('streams', []) if s['ignored'] != s['passed']]
    r.equal(len(run.connections), len(what), 'a connection for each call')
    r.equal(len(rows), len(what), 'a stream for each connection')
    lost = 0
    for i, side in enumerate(('received', 'sent')):
        truth = sorted(c[side] for c in run.connections)
        r.equal(sorted(s['passed'][i] for s in rows), truth, 'bytes passed, by connection: ' + side)
        r.equal(sorted(s['captured'][i] + s['lost'][i] for s in rows), truth,
                'captured + lost = sent, by connection: ' + side)
        lost += sum(s['lost'][i] for s in rows)
    r.check(lost > 0, 'the ring was too small', 'nothing was lost: the test tests nothing')
    marked = [s for s in run.spans if s.a.get('earshot.capture.complete') is False]
    # Where the heads of request and response are both gone, nothing tells that it was a call:
    # that stream is told as some HTTP, marked, or counted.
    headless = run.stats['not_model'] + sum(1 for s in marked if s not in calls)
    r.check(len(what) - headless <= len(calls) <= len(what) and len(calls) > len(what) * 2 // 3,
            'a span for each connection', '%d spans, %d without a head' % (len(calls), headless))
    hurt = sum(1 for s in rows if s['lost'][0] or s['lost'][1])
    r.check(len(marked) >= hurt - headless, 'spans of streams with a loss are marked',
            '%d marked, %d with a loss' % (len(marked), hurt))
    compare.semconv(r, run, seen_only=True)
    compare.replayed(r, run)


def small_ring_aead(r, ctx, provider):
    """The same for records of the crypto library: both ends of a connection, by their own count."""
    program = os.path.join(CLIENT_BINS, 'rustls-mem-' + provider)
    if env.missing(program):
        r.skip('rustls, ring too small', env.missing(program))
        return
    lost = 0
    for size in (200, 16000):
        run = daemon.watch('ring-aead', ctx.provider,
                           [program, str(size), '20000', ctx.pki['cert'], ctx.pki['key'],
                            ctx.pki['ca']], dict(os.environ),
                           ['--ring-size', '64K', '--all-streams'])
        r.equal(run.rc, 0, 'exit status')
        rows = [s for s in run.stats['streams'] if s['source'] == 'aead']
        for i, side in enumerate(('sealed', 'opened')):
            r.equal(sum(s['passed'][i] for s in rows), size * 20000, 'bytes %s' % side)
            r.equal(sum(s['captured'][i] + s['lost'][i] for s in rows), size * 20000,
                    'captured + lost, %s' % side)
        lost += sum(sum(s['lost']) for s in rows)
    r.check(lost > 0, 'the ring was too small', 'nothing was lost: the test tests nothing')


def statics(r, ctx):
    for name in ('chat', 'chat-static', 'chat-static-pie'):
        for probe in ('uretprobe', 'ret'):
            run_chat(r, ctx, os.path.join(CLIENT_BINS, name), ['--return-probe', probe])


def tests(ctx):
    rows = [('C client, dynamic and static', statics), ('target under seccomp', seccomp),
            ('target under a CPU quota', under_quota)]
    if not daemon.BARE:
        rows += [('target killed in mid-call', target_killed),
                 ('earshot killed with SIGKILL', watcher_killed),
                 ('libssl replaced while running', library_replaced),
                 ('64 KiB ring', small_ring),
                 ('64 KiB ring, rustls on aws-lc', lambda r, c: small_ring_aead(r, c, 'aws-lc')),
                 ('64 KiB ring, rustls on ring', lambda r, c: small_ring_aead(r, c, 'ring'))]
    return [('robust: ' + name, lambda r, t=test: t(r, ctx)) for name, test in rows]
