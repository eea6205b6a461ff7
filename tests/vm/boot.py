#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's kernel under qemu's software emulation, with this system's files over 9p below
an overlay, and runs a few tests in it. Nothing here is written to; nothing needs KVM.

usage: boot.py [--keep-log FILE] [-- COMMAND...]    (tools/deps vm brings kernel and busybox)
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, '.cache', 'vm')
OUT = os.path.join(ROOT, '.output', 'vm')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e'))
from harness.results import Results    # noqa: E402

MODULES = ('virtio_pci', '9pnet_virtio', '9p', 'overlay')
SECONDS = 240
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /lower /upper /new
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for m in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$m; done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose root /lower
/bin/busybox mount -t tmpfs -o size=1g tmpfs /upper
/bin/busybox mkdir /upper/up /upper/work
/bin/busybox mount -t overlay -o lowerdir=/lower,upperdir=/upper/up,workdir=/upper/work o /new
for d in proc sys dev; do /bin/busybox mount --move /$d /new/$d; done
/bin/busybox mount -t tmpfs tmpfs /new/run
/bin/busybox ip link set lo up
/bin/busybox hostname vm
cd /new
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
/bin/busybox echo "== up"
/bin/busybox cp /inside.sh /new/run/
/bin/busybox chroot /new /bin/sh /run/inside.sh </new/dev/null
/bin/busybox echo "== status $?"
/bin/busybox poweroff -f
"""


def cpio(files):
    """An archive in the 'newc' form; files: name -> (mode, bytes)."""
    out = bytearray()

    def add(name, mode, data, number):
        head = '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X' % (
            number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out.extend(head.encode() + name.encode() + b'\0')
        out.extend(b'\0' * (-len(out) % 4))
        out.extend(data + b'\0' * (-len(data) % 4))

    for i, (name, (mode, data)) in enumerate(files.items()):
        add(name, mode, data, i + 1)
    add('TRAILER!!!', 0, b'', 0)
    return bytes(out)


def unpack():
    """The packages, unpacked once: (kernel, its modules' folder, busybox)."""
    top = os.path.join(CACHE, 'tree')
    if not os.path.isdir(top):
        for deb in glob.glob(os.path.join(CACHE, '*.deb')):
            subprocess.run(['dpkg-deb', '-x', deb, top], check=True)
    kernel = sorted(glob.glob(os.path.join(top, 'boot', 'vmlinuz-*')))
    busybox = glob.glob(os.path.join(top, '*', 'busybox')) + glob.glob(
        os.path.join(top, 'usr', '*', 'busybox'))
    if not kernel or not busybox:
        return None
    release = os.path.basename(kernel[-1]).split('-', 1)[1]
    return kernel[-1], os.path.join(top, 'lib', 'modules', release, 'kernel'), busybox[0]


def module_files(folder):
    """The modules wanted and what they need, each after what it needs."""
    paths = {os.path.basename(p)[:-3].replace('-', '_'): p for p in
             glob.glob(os.path.join(folder, '**', '*.ko'), recursive=True)}
    order = []

    def want(name):
        if name not in paths or paths[name] in order:
            return
        with open(paths[name], 'rb') as f:
            needs = re.search(rb'\0depends=([^\0]*)', f.read())
        for n in needs.group(1).decode().split(',') if needs else ():
            want(n.replace('-', '_'))
        order.append(paths[name])

    for name in MODULES:
        want(name)
    return order


def initrd(folder, busybox, script):
    files = {'bin': (0o40755, b''), 'modules': (0o40755, b'')}
    with open(busybox, 'rb') as f:
        files['bin/busybox'] = (0o100755, f.read())
    modules = module_files(folder)
    for path in modules:
        with open(path, 'rb') as f:
            files['modules/' + os.path.basename(path)] = (0o100644, f.read())
    names = '\n'.join(os.path.basename(p) for p in modules)
    files['modules/order'] = (0o100644, names.encode())
    files['inside.sh'] = (0o100644, script.encode())
    files['init'] = (0o100755, INIT.encode())
    return cpio(files)


def default_script():
    """What is run inside: doctor, then a real client against the mock, spans compared."""
    return '\n'.join((
        'cd ' + ROOT, 'uname -r', '.output/earshot doctor; echo "== doctor $?"',
        "/usr/bin/python3 tests/run.py e2e -k 'C client, dynamic' "
        "-k 'python, connection per call, uretprobe' -k 'grpcio' -k 'Go net/http, plain'"))


def boot(script, log):
    found = unpack()
    os.makedirs(OUT, exist_ok=True)
    image = os.path.join(OUT, 'initrd')
    with open(image, 'wb') as f:
        f.write(initrd(found[1], found[2], script + '\n'))
    cmd = ['qemu-system-x86_64', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m',
           '3G', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'file:' + log,
           '-kernel', found[0], '-initrd', image,
           '-virtfs', 'local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap',
           '-append', 'console=ttyS0 panic=-1 quiet mitigations=off']
    with subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as p:
        try:
            p.wait(SECONDS)
        except subprocess.TimeoutExpired:
            p.kill()
        return p.stdout.read()


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--keep-log', default=os.path.join(OUT, 'console.log'))
    ap.add_argument('command', nargs='*')
    o = ap.parse_args()
    r = Results()
    r.where = 'vm'
    if not shutil.which('qemu-system-x86_64'):
        r.skip('vm', 'qemu-system-x86_64 is not here (tools/deps vm installs it)')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    if not unpack():
        r.skip('vm', 'no kernel in .cache/vm (tools/deps vm brings it)')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    t0 = time.monotonic()
    os.makedirs(os.path.dirname(o.keep_log), exist_ok=True)
    said = boot(' '.join(o.command) or default_script(), o.keep_log)
    with open(o.keep_log, encoding='utf-8', errors='replace') as f:
        log = f.read().replace('\r', '')
    print(log[log.find('== up'):])
    if o.command:
        return 0
    r.check('== up' in log, 'it boots', said + log[-2000:])
    r.check('== doctor 0' in log, 'doctor')
    r.check(re.search(r'^[1-9]\d* passed, 0 failed', log, re.M), 'the tests inside pass')
    r.check('== status 0' in log, 'and end well')
    print('%.0f s' % (time.monotonic() - t0))
    return r.close()


if __name__ == '__main__':
    sys.exit(main())
