# SPDX-License-Identifier: Apache-2.0
"""Tracepoints of all system calls are on only while somebody needs them: the kernel's own word."""
import os
import re
import socket
import subprocess
import threading
import time

from harness import daemon, env

CLIENT = '''
import socket, subprocess, sys
def stage(name):
    print(name, flush=True)
    sys.stdin.readline()
def ask(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'GET /%d HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' % len(path))
        while s.recv(4096):
            pass
pair = socket.socketpair()
stage('alone')
child = subprocess.Popen(['cat'], stdin=pair[1], stdout=pair[1])
pair[0].send(b'x')
pair[0].recv(1)
stage('socketpair')
pair[0].shutdown(socket.SHUT_WR)
child.wait()
child = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\n')
child.stdin.flush()
child.stdout.readline()
stage('pipes')
child.stdin.close()
child.wait()
stage('gone')
for i in range(CALLS):
    ask(PATH)
stage('unix')
'''

CALLS = 40


def points(pid):
    """Names of the raw tracepoints that a process holds (proc(5), fdinfo)."""
    found = set()
    for fd in os.listdir('/proc/%d/fdinfo' % pid):
        try:
            with open('/proc/%d/fdinfo/%s' % (pid, fd), encoding='ascii') as f:
                found.update(re.findall(r'^tp_name:\s*(\S+)', f.read(), re.M))
        except OSError:
            pass
    return found


def settled(pid, want, seconds):
    """The points of system calls, once they are those, or when time is up."""
    end = time.monotonic() + seconds
    while True:
        have = {x for x in points(pid) if x.startswith('sys_')}
        if have == want or time.monotonic() > end:
            return have
        time.sleep(0.1)


def serve(path, stop):
    """One answer for each connection."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(8)
        s.settimeout(0.2)
        while not stop.is_set():
            try:
                c = s.accept()[0]
            except TimeoutError:
                continue
            with c:
                c.settimeout(5)
                c.recv(4096)
                c.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')


STAGES = (('alone', set(), 'nobody on a pipe'), ('socketpair', set(), 'a child on sockets'),
          ('pipes', {'sys_exit'}, 'a child on pipes'), ('gone', set(), 'the child is gone'),
          ('unix', {'sys_enter'}, 'HTTP on unix sockets'))


def follow(r, run, path, options, wanted):
    p = subprocess.Popen(daemon.command(run, [
        env.PYTHON, '-c', CLIENT.replace('PATH', repr(path)).replace('CALLS', str(CALLS))],
        ['--all-streams', '--http', 'all', *options]), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for name, want, what in STAGES:
        r.equal(p.stdout.readline().strip(), name, 'the client is there')
        want = want if wanted is None else wanted
        r.equal(settled(p.pid, want, 8 if name == 'gone' else 2), want, what)
        p.stdin.write('\n')
        p.stdin.flush()
    p.stdin.close()
    p.wait(30)
    run.load()
    r.equal(len([x for x in run.spans if x.name == 'GET']), CALLS, 'requests on unix sockets')
    r.equal(run.stats['stats'].get('U_PIPES_LATE'), None, 'pipes are met in time')
    pipes = [x for x in run.stats['streams'] if x['source'] == 'stdio']
    r.check(any(x['captured'][0] for x in pipes), 'what the child on pipes said is read', pipes)


def has_points():
    """Do sockets have tracepoints of their own here? As doctor says."""
    out = subprocess.run([env.EARSHOT, 'doctor'], capture_output=True, text=True).stdout
    return re.search(r'^ok +sockets ', out, re.M)


def test(r, options, wanted):
    if wanted is None and not has_points():
        r.skip('tracepoints of sockets', 'this kernel has none')
        return
    folder = daemon.folder('needs')
    stop, path = threading.Event(), os.path.join(folder, 's')
    server = threading.Thread(target=serve, args=(path, stop))
    server.start()
    try:
        follow(r, daemon.Run(folder), path, options, wanted)
    finally:
        stop.set()
        server.join()


def tests(_ctx):
    if daemon.BARE:
        return []
    both = {'sys_enter', 'sys_exit'}
    return [('needs: tracepoints of system calls', lambda r: test(r, (), None)),
            ('needs: --plain syscalls', lambda r: test(r, ('--plain', 'syscalls'), both))]
