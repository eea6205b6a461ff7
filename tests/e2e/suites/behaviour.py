# SPDX-License-Identifier: Apache-2.0
"""`earshot run` as its users meet it: transparent to the command, clear in its own words."""
import json
import os
import pty
import re
import select
import shutil
import signal
import statistics
import subprocess
import time

from harness import cases, compare, daemon, env
from mock import provider

from .clients import python_http, write_cases
from .robust import command_pid, finish, start

NOBODY = 65534
AS_NOBODY = ['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups', '--']


def run(cmd, options=(), **kw):
    """`earshot run` with nothing around it."""
    return subprocess.run([env.EARSHOT, 'run', *options, '--', *cmd], capture_output=True,
                          timeout=60, **kw)


def plain(*args, **kw):
    return subprocess.run([env.EARSHOT, *args], capture_output=True, text=True, timeout=60, **kw)


def statuses(r, ctx):
    for cmd, want in ((['true'], 0), (['sh', '-c', 'exit 7'], 7), (['sh', '-c', 'kill $$'], 143),
                      (['sh', '-c', 'kill -9 $$'], 137), (['no-such-command-here'], 127),
                      (['/etc/passwd'], 126)):
        r.equal(run(cmd).returncode, want, 'status of %s' % ' '.join(cmd))
    for args in ((), ('run',), ('run', '--no-such-option', '--', 'true'), ('no-such-command',),
                 ('run', '--content', 'most', '--', 'true'), ('replay',)):
        p = plain(*args)
        r.equal(p.returncode, 2, 'status of %r' % ' '.join(args))
        r.check(p.stderr, 'it says why')
    p = subprocess.run([*AS_NOBODY, env.EARSHOT, 'run', '--', 'true'], capture_output=True,
                       text=True)
    r.equal(p.returncode, 77, 'status without rights')
    r.check('CAP_' in p.stderr or 'root' in p.stderr, 'it says what is missing', p.stderr)
    with open(os.path.join(env.ROOT, 'VERSION'), encoding='ascii') as f:
        r.check(f.read().strip() in plain('--version').stdout, 'version')
    r.equal(plain('--help').returncode, 0, 'help')
    p = plain('doctor')
    r.equal(p.returncode, 0, 'doctor')
    r.check('return' in p.stdout.lower(), 'doctor tells the choice of return probe', p.stdout)


def pipes(r, ctx):
    data = os.urandom(1 << 20)
    p = run(['cat'], input=data)
    r.check(p.stdout == data, 'standard input and output pass through', p.stderr[-500:])
    p = run(['sh', '-c', 'echo out; echo err >&2'])
    r.equal(p.stdout, b'out\n', 'standard output is the command\'s alone')
    r.check(b'err\n' in p.stderr, 'standard error passes')
    bare = subprocess.run(['env'], capture_output=True).stdout
    r.equal(sorted(run(['env']).stdout.split(b'\n')), sorted(bare.split(b'\n')), 'environment')
    r.equal(run(['sh', '-c', 'ls -l /proc/self/fd | wc -l']).stdout,
            subprocess.run(['sh', '-c', 'ls -l /proc/self/fd | wc -l'], capture_output=True).stdout,
            'no descriptor of ours in the command')
    p = run(['sh', '-c', 'exec sh -c "grep ^Sig.*:\\|^Cap /proc/self/status"'])
    bare = subprocess.run(['sh', '-c', 'exec sh -c "grep ^Sig.*:\\|^Cap /proc/self/status"'],
                          capture_output=True)
    keep = [x for x in p.stdout.split(b'\n') if b'SigQ' not in x]
    r.equal(keep, [x for x in bare.stdout.split(b'\n') if b'SigQ' not in x],
            'signal masks and capabilities')


def signals(r, ctx):
    trap = 'trap "echo got; exit 5" %s; echo ready; while :; do sleep 0.05; done'
    for name in ('TERM', 'INT', 'HUP', 'USR1'):
        p = subprocess.Popen([env.EARSHOT, 'run', '--', 'sh', '-c', trap % name],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             start_new_session=True)
        r.equal(p.stdout.readline(), 'ready\n', 'the command runs')
        p.send_signal(getattr(signal, 'SIG' + name))
        try:
            out, _ = p.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)    # the command too: it holds the pipe
            out, _ = p.communicate()
        r.equal((p.returncode, out), (5, 'got\n'), 'SIG%s reaches the command' % name)


def in_terminal(cmd, keys=(), seconds=15):
    """Runs cmd on a terminal of its own. keys: (text to wait for, what to type then).
    Returns (status, output)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(cmd[0], cmd)
    out, todo, end = b'', list(keys), time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                got = os.read(fd, 65536)
            except OSError:
                break
            if not got:
                break
            out += got
        if todo and todo[0][0] in out:
            time.sleep(0.1)
            os.write(fd, todo.pop(0)[1])
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out


def terminal(r, ctx):
    ear = [env.EARSHOT, 'run', '--']
    status, out = in_terminal(ear + ['sh', '-c', 'test -t 0 && test -t 1 && echo yes; stty size'])
    r.check(out.startswith(b'yes\r\n'), 'the command has the terminal', out)
    r.equal(status, 0, 'status')
    line = 'trap "echo got; exit 3" INT; echo ready; sleep 9'
    status, out = in_terminal(ear + ['sh', '-c', line], [(b'ready', b'\x03')])
    r.equal(status, 3, 'Ctrl-C reaches the command, its status reaches us')
    r.equal(out.count(b'got'), 1, 'once')
    line = 'echo one; sleep 1; read x; echo "last $x"'
    status, out = in_terminal(ear + ['sh', '-c', line], [(b'one', b'two\n')])
    last = out.find(b'last two')
    r.check(last > 0, 'typed text reaches the command', out)
    r.equal(out[:last].replace(b'\r', b'').replace(b'two\n', b''), b'one\n',
            'nothing of ours on the terminal before the command ends')
    line = '%s run -- sh -c "echo a; kill -STOP \\$\\$; echo b"; echo "s=$?"; fg; echo "end=$?"'
    shell = ['env', 'PS1=$ ', 'TERM=dumb', 'bash', '--norc', '-i']
    status, out = in_terminal(shell, [
        (b'$ ', (line % env.EARSHOT).encode() + b'\n'), (b'end=', b'exit\n')])
    r.check(b's=' in out and b'\nb\r' in out and b'end=0' in out, 'stop and continue',
            out[-1500:])


def quick(r, ctx):
    """From the end of the command to the end of earshot."""
    took = []
    for _ in range(7):
        p = run([env.PYTHON, '-c', 'import time; print(time.monotonic_ns())'])
        took.append((time.monotonic_ns() - int(p.stdout)) / 1e6)
    bare = []
    for _ in range(7):
        p = subprocess.run([env.PYTHON, '-c', 'import time; print(time.monotonic_ns())'],
                           capture_output=True)
        bare.append((time.monotonic_ns() - int(p.stdout)) / 1e6)
    ms = statistics.median(took) - statistics.median(bare)
    print('          earshot ends %.0f ms after its command (median of 7, most %.0f)' % (
        ms, max(took)))
    r.check(ms < 300, 'within 300 ms of the command\'s end', '%.0f ms: %s' % (ms, took))
    path = write_cases(cases.many(3))
    p = subprocess.Popen([env.EARSHOT, 'run', '--', 'sh', '-c', '%s >/dev/null; date +%%s%%N' %
                          ' '.join(python_http('serial')(path))], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, env=daemon.client_env(ctx.provider, ctx.pki))
    out, _ = p.communicate(timeout=60)
    ms = (time.time_ns() - int(out)) / 1e6
    print('          with a TLS client watched: %.0f ms' % ms)
    r.check(ms < 1000, 'with probes attached: within a second', '%.0f ms' % ms)


def sudo(r, ctx):
    """Under sudo the command is the caller's, with the caller's rights and home."""
    e = dict(os.environ, SUDO_UID='1', SUDO_GID='1', SUDO_USER='daemon', HOME='/root')
    p = run(['sh', '-c', 'id -u; id -g; id -G; echo $HOME; grep CapEff /proc/self/status'], env=e)
    got = p.stdout.decode().split('\n')
    r.equal(got[:4], ['1', '1', '1', '/usr/sbin'], 'uid, gid, groups, HOME of the caller')
    r.check(int(got[4].split()[1], 16) == 0 if len(got) > 5 else False, 'no capabilities', got)
    p = run(['id', '-u'], ['--as-root'], env=e)
    r.equal(p.stdout, b'0\n', '--as-root')
    for bad in ('-1', '4294967295', 'x', '99999999999'):
        p = run(['id', '-u'], env=dict(e, SUDO_UID=bad))
        r.check(p.stdout != b'0\n', 'SUDO_UID=%s does not mean root' % bad, p.stdout)


def live(r, ctx):
    folder = daemon.folder('live')
    target, fifo = os.path.join(folder, 'live.txt'), os.path.join(folder, 'fifo')
    path = write_cases(cases.many(5))
    e = daemon.client_env(ctx.provider, ctx.pki)
    run(python_http('serial')(path), ['--live', target], env=e)
    with open(target, encoding='utf-8') as f:
        text = f.read()
    for i in range(5):
        r.check('m-x%03d' % i in text, 'call %d stands in the live file' % i, text[-1000:])
    os.mkfifo(fifo)
    p = subprocess.Popen([env.EARSHOT, 'run', '--live', fifo, '--', *python_http('serial')(path)],
                         env=e, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(fifo, encoding='utf-8') as f:
        text = f.read()
    r.equal(p.wait(30), 0, 'live into a fifo')
    r.check('m-x004' in text, 'the fifo got the calls', text[-500:])
    one = python_http('serial')(write_cases(cases.many(1)))
    text = run(one, ['--live', '/dev/full'], env=e).stderr.decode()
    r.check('--live: 1 line not taken: No space left on device\n' in text and
            text.endswith('earshot: not everything was delivered, see above\n'),
            'lines that cannot be written are told', text[-500:])


def recording(r, ctx):
    path = write_cases(cases.many(5))
    got = daemon.watch('record', ctx.provider, python_http('serial')(path),
                       daemon.client_env(ctx.provider, ctx.pki))
    rec = got.path('record')
    r.equal(os.stat(rec).st_mode & 0o777, 0o600, 'a recording is its owner\'s alone')
    r.check('record' in got.stderr.lower(), 'and is announced', got.stderr)
    shared = daemon.folder('shared')
    os.chmod(shared, 0o777)
    copy = os.path.join(shared, 'rec')
    shutil.copy(rec, copy)
    os.chmod(copy, 0o644)
    again = os.path.join(shared, 'again.jsonl')
    p = subprocess.run([*AS_NOBODY, env.EARSHOT, 'replay', copy, '--otlp-file', again],
                       capture_output=True, text=True)
    r.equal(p.returncode, 0, 'replay needs no root')
    with open(again, encoding='utf-8') as f:
        r.check(f.read() == got.otlp_text(), 'and gives the same file')
    with open(rec, 'rb') as f:
        before = f.read()
    p = run(['true'], ['--record', rec])
    r.check(p.returncode == 1 and b'--record: %s exists' % rec.encode() in p.stderr,
            'a recording is not written over', '%d %s' % (p.returncode, p.stderr))
    with open(rec, 'rb') as f:
        r.check(f.read() == before, 'and stays as it was')
    broken_recordings(r, copy, shared)


def broken_recordings(r, good, folder):
    with open(good, 'rb') as f:
        data = f.read()
    for name, content in (('empty', b''), ('foreign', b'#!/bin/sh\necho hello\n' * 50),
                          ('cut-head', data[:7]), ('future', data[:8] + b'\xff' * 8 + data[16:])):
        path = os.path.join(folder, name)
        with open(path, 'wb') as f:
            f.write(content)
        p = plain('replay', path, '--otlp-file', path + '.jsonl')
        r.equal(p.returncode, 1, 'replay of a recording that is %s' % name)
        r.check(path in p.stderr, 'names the file', p.stderr)
    path = os.path.join(folder, 'truncated')
    with open(path, 'wb') as f:
        f.write(data[:len(data) * 2 // 3 + 3])
    p = plain('replay', path, '--otlp-file', path + '.jsonl')
    r.check(p.returncode == 1 and path in p.stderr and 'trunc' in p.stderr.lower(),
            'replay of a truncated recording says so', '%d %s' % (p.returncode, p.stderr))
    r.check(os.path.getsize(path + '.jsonl') > 0, 'and still gives what is there')
    # u16 type, u16 flags, u32 size ...: two records of data whose heads alone are whole.
    path, at, left = os.path.join(folder, 'damaged'), 24, 2
    harm = bytearray(data)
    while left:
        size = int.from_bytes(data[at + 4:at + 8], 'little')
        if data[at:at + 2] == b'\1\0':
            left -= 1
            harm[at + 24:at + size] = b'\xff' * (size - 24)
        at += (size + 7) // 8 * 8
    with open(path, 'wb') as f:
        f.write(harm)
    p = plain('replay', path, '--otlp-file', path + '.jsonl')
    r.equal(p.returncode, 1, 'replay of a damaged recording')
    # At least: what follows on such a stream may fit no more.
    told = re.search(re.escape(path) + r': incomplete: damaged: (\d+) records', p.stderr)
    r.check(told and int(told[1]) >= 2, 'says so', p.stderr)


def configuration(r, ctx):
    folder = daemon.folder('config')
    conf, out = os.path.join(folder, 'earshot.yaml'), os.path.join(folder, 'spans.jsonl')
    with open(conf, 'w', encoding='utf-8') as f:
        f.write('otlp-file: %s\ncontent: full\n' % out)
    path = write_cases(cases.many(3))
    e = daemon.client_env(ctx.provider, ctx.pki)
    run(python_http('serial')(path), ['--config', conf], env=e)
    with open(out, encoding='utf-8') as f:
        text = f.read()
    r.check(cases.SECRET in text, 'options come from the file')
    run(python_http('serial')(path), ['--config', conf, '--content', 'off'], env=e)
    with open(out, encoding='utf-8') as f:
        text = f.read()
    r.check(text and cases.SECRET not in text.split('\n')[-2], 'the command line wins')
    for body in ('no-such-option: 1\n', 'content: most\n', 'content: [\n'):
        with open(conf, 'w', encoding='utf-8') as f:
            f.write(body)
        p = run(['true'], ['--config', conf])
        r.equal(p.returncode, 2, 'a bad file is bad usage: %r' % body)
        r.check(conf.encode() in p.stderr, 'and is named', p.stderr)


def redaction(r, ctx):
    """`redacted` keeps the conversation and takes the credentials out of it."""
    keys = ['sk-ant-api03-' + 'Ab1' * 20, 'ghp_' + 'a1B2' * 9, 'AKIAIOSFODNN7EXAMPLE']
    say = [{'role': 'user', 'content': 'my keys: %s. %s' % (' and '.join(keys), cases.SECRET)}]
    what = [cases.case('redact', 'chat', '', messages=say)]
    path = write_cases(what)
    got = daemon.watch('redact', ctx.provider, python_http('serial')(path),
                       daemon.client_env(ctx.provider, ctx.pki), ['--content', 'redacted'])
    text = got.otlp_text()
    r.check(cases.SECRET in text, 'the words stay')
    for k in keys:
        r.check(k not in text, 'credential %s... is gone' % k[:6])
    compare.semconv(r, got)


def addresses(r, ctx):
    """A credential in a path goes nowhere, whatever --content says."""
    keys = ['123456789:' + 'AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc', 'sk-' + 'abcdef0123456789ABCDEF']
    paths = ['/bot%s/sendMessage' % keys[0], '/keys/%s' % keys[1]]
    what = [cases.case('a%d' % i, 'chat', method='GET', path=p) for i, p in enumerate(paths)]
    for c in what:
        c['body'] = None
    for level in ('off', 'full'):
        got = daemon.watch('addresses', ctx.provider, python_http('serial')(write_cases(what)),
                           daemon.client_env(ctx.provider, ctx.pki),
                           ['--content', level, '--live', 'live.txt'])
        r.equal([e['target'] for e in got.exchanges], paths, 'the server had them as they are')
        told = [s.a.get('url.full', '').partition(':%d' % ctx.provider.port)[2] for s in got.spans]
        r.equal(told, ['/bot[REDACTED:telegram-token]/sendMessage', '/keys/[REDACTED:openai-key]'],
                'what the spans say, --content %s' % level)
        shown = [got.otlp_text()]
        for name in ('stderr', 'live.txt'):
            with open(got.path(name), encoding='utf-8') as f:
                shown.append(f.read())
            r.equal(shown[-1].count('[REDACTED:'), 2, '%s shows the marks' % name)
        r.check(not any(k in text for k in keys for text in shown), 'and the keys nowhere')


def stopped_early(r, ctx):
    """SIGTERM in mid-stream: the command goes first, and what was seen still gives a span."""
    path = write_cases([cases.case('slow', 'chat', 'events=150,gap=20', True)])
    got, p = start(ctx, 'stopped', python_http('serial')(path),
                   daemon.client_env(ctx.provider, ctx.pki))
    r.check(command_pid(p, 'python'), 'the target runs')
    time.sleep(1)
    p.send_signal(signal.SIGTERM)
    finish(ctx, got, p, 20)
    r.equal(got.rc, 143, 'the command died of it')
    r.equal(len(got.spans), 1, 'its call has a span')
    with open(got.path('stats.json'), encoding='utf-8') as f:
        r.check(json.load(f), 'and the figures are written')


METHODS = ('GET', 'QUERY', 'TRACE', 'PROPFIND', 'MKCALENDAR', 'BREW', 'ACL', 'M-SEARCH')


def methods(r, ctx):
    """Whatever method a connection begins with, known or not, it is HTTP: with TLS and without."""
    plain_provider = provider.Provider()
    what = [cases.case('m-' + m, 'chat', method=m, path='/of/' + m) for m in METHODS]
    for c in what:
        c['body'] = None
    for p, scheme in ((ctx.provider, 'https'), (plain_provider, 'http')):
        environ = daemon.client_env(p, ctx.pki, E2E_BASE='%s://localhost:%d' % (scheme, p.port))
        run = daemon.watch('methods', p, python_http('fresh')(write_cases(what)), environ)
        told = {s.a.get('url.full', '').rpartition('/of/')[2]: s.a for s in run.spans}
        rows = {row['case']: row['status'] for row in run.rows()}
        r.equal(sorted(e['method'] for e in run.exchanges), sorted(METHODS), 'the server had them')
        for m in METHODS:
            a = told.get(m, {})
            r.equal(a.get('http.request.method_original', a.get('http.request.method')), m,
                    '%s by %s' % (m, scheme))
            r.equal(a.get('http.response.status_code'), rows.get('m-' + m), 'its status')
    plain_provider.stop()


LISTS = '''
for path in v1/models v1/files v1/batches/b_1 v1/models/m-1 v1/no-such-api; do
    curl -s --cacert "$E2E_CA" --resolve "api.openai.com:$PORT:127.0.0.1" -k \\
        -o /dev/null -d '{"a": 1}' "https://api.openai.com:$PORT/$path"
done
'''


def no_inference(r, ctx):
    """Requests to a model's host that are no calls are told once, as what they are."""
    for options, spans in (([], 5), (['--http', 'off'], 0)):
        p = provider.Provider(ctx.pki['cert'], ctx.pki['key'])
        try:
            got = daemon.watch('lists', p, ['sh', '-c', LISTS],
                               daemon.client_env(p, ctx.pki, PORT=str(p.port)), options)
        finally:
            p.stop()
        r.equal((got.rc, len(got.exchanges)), (0, 5), 'requests that the server saw')
        r.equal([s.a.get('url.full') for s in got.spans],
                ['https://api.openai.com:%d%s' % (p.port, e['target'])
                 for e in got.exchanges][:spans], 'a span each')
        told = 'other HTTP  5 requests\n' if spans else 'HTTP exchanges left out by rule: 5\n'
        r.check(told in got.stderr, 'counted as what they were told', got.stderr)
        r.check(got.stats['other_api'] + got.stats['unread_api'] > 0, 'a model API', got.stats)
        r.check('exchanges with model' not in got.stderr, 'and not once more', got.stderr)


STAY = '''
sleep 0.1 & wait
for i in $(seq %d); do
    sleep 60 >/dev/null 2>&1 </dev/null &
    echo $!
done
'''


def left_behind(r, ctx):
    """The command ends, what it started goes on: it is told that nobody hears that any more."""
    for count, want in ((0, None), (1, '1 process still runs and is no longer heard'),
                        (3, '3 processes still run and are no longer heard')):
        stats = os.path.join(daemon.folder('left'), 'stats.json')
        p = run(['bash', '-c', STAY % count], ['--stats-file', stats])
        pids = [int(x) for x in p.stdout.split()]
        alive = [x for x in pids if os.path.exists('/proc/%d' % x)]
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        r.equal((p.returncode, len(alive)), (0, count), 'processes that the command left')
        said = p.stderr.decode()
        r.check(want in said if want else 'still run' not in said, 'the summary says so', said)
        with open(stats, encoding='utf-8') as f:
            r.equal(json.load(f)['still_running'], count, 'the stats file too')


def tests(ctx):
    if daemon.BARE:
        return []
    return [('run: ' + name, lambda r, t=test: t(r, ctx)) for name, test in (
        ('exit status', statuses), ('pipes and surroundings', pipes), ('signals', signals),
        ('terminal', terminal), ('returns at once', quick), ('under sudo', sudo),
        ('live output', live), ('recording and replay', recording),
        ('methods', methods), ('configuration file', configuration), ('redaction', redaction),
        ('credentials in addresses', addresses),
        ('stopped in mid-stream', stopped_early), ('left behind', left_behind),
        ('no inference', no_inference))]
