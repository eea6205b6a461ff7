# SPDX-License-Identifier: Apache-2.0
"""What a process that nobody watches pays while somebody else is watched."""
import json
import os
import statistics
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BYSTANDER = os.path.join(ROOT, '.output', 'bench', 'bystander')


def once(quick):
    args = ('100000', '10000') if quick else ('500000', '40000')
    return json.loads(subprocess.run([BYSTANDER, *args], capture_output=True, check=True).stdout)


IDLE = ('sleep', '3600')
# The second one's standard input and output are pipes, as those of an MCP server can be.
PIPES = ('sh', '-c', 'sleep 3600 | cat | cat')


def while_watching(earshot, quick, command, *options):
    """The figures while an idle process is watched; the probes are gone when it returns."""
    p = subprocess.Popen([earshot, 'run', '--quiet', *options, '--', *command],
                         stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(1.5)
        row = once(quick)
    finally:
        os.killpg(p.pid, 15)
        p.wait()
    time.sleep(4)    # what holds the probes lets go of them one after the other
    return row


def bystander(earshot, o, table):
    turns = 2 if o.quick else 5
    kinds = (('nobody watched', None), ('watched, --plain off', (IDLE, '--plain', 'off')),
             ('watched', (IDLE,)), ('watched, a child on pipes', (PIPES,)),
             ('watched, --plain syscalls', (IDLE, '--plain', 'syscalls')))
    seen = {name: [] for name, _ in kinds}
    for _ in range(turns):    # interleaved: the machine's mood is then the same for all
        for name, options in kinds:
            seen[name].append(once(o.quick) if options is None else
                              while_watching(earshot, o.quick, *options))
    after = [once(o.quick) for _ in range(turns)]
    seen['after the end'] = after
    base = {k: statistics.median(r[k] for r in seen['nobody watched']) for k in after[0]}
    rows = []
    for name, found in seen.items():
        m = {k: statistics.median(r[k] for r in found) for k in base}
        rows.append([name] + [x for k in ('pipe', 'socket', 'other') for x in (
            '%.0f' % m[k], '%+.0f' % (m[k] - base[k]))] + [
                '%.0f' % m['http'], '%+.1f %%' % (100 * (m['http'] / base['http'] - 1))])
    table('bystander: CPU ns of a system call and of an HTTP request over loopback, medians '
          'of %d' % turns,
          ['', 'pipe', '', 'socket', '', 'getppid', '', 'http request', ''], rows)
