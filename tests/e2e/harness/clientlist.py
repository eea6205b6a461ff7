# SPDX-License-Identifier: Apache-2.0
"""Every client that brings a TLS of its own (or none): how it is run, what is asked of it.
`large`: only `make coverage` runs it. The packages and their versions are pinned beside it."""
import os
import shutil
import subprocess

from . import cases, env

BINS = os.path.join(env.OUT, 'clients')
LARGE = os.path.join(env.CACHE, 'large')
JAVA = os.path.join(env.CACHE, 'java')
GO = ('go-plain', 'go-stripped', 'go-pie')


class Client:
    """
    cmd(client, cases file, provider) -> argv.
    stack: what reads it; alpn: what the provider agrees to ('h2' alone: no HTTP/1.1).
    calls: each exchange must be a span.
    rows: how the client's own lines are read: 'hex' (body_hex), 'echo', 'sdk' or None.
    unread: bytes of a connection that it may leave, and why in `note`.
    websockets: the provider grants them.
    http: the version that the client must say it had; '': it is not asked.
    """

    def __init__(self, name, stack, cmd, what=None, **more):
        self.name, self.stack, self.cmd = name, stack, cmd
        self.what = few() if what is None else what
        self.needs, self.alpn, self.calls, self.rows = (), ('http/1.1',), True, 'hex'
        self.unread, self.note, self.env, self.large, self.tls = 0, '', {}, False, True
        self.host, self.port, self.script, self.version, self.unix = 'localhost', 0, None, '', False
        self.timeout, self.agent, self.received_only = 90, False, False
        self.websockets, self.http = False, ''
        self.__dict__.update(more)


def few(n=9, big=0):
    """Small calls that get an answer of one piece; the last one carries a large prompt."""
    out = [cases.case('s%02d' % i, ('chat', 'messages', 'responses')[i % 3],
                      'tools=%d' % (i % 3), False) for i in range(n)]
    if big:
        out[-1]['body']['messages'] = [{'role': 'user', 'content': 'y' * big}]
    for c in out[:n // 2]:
        c['mock'] += ',events=9'
        c['body']['stream'] = True
    return out


def binary(name):
    return os.path.join(BINS, name)


def large(*path):
    return os.path.join(LARGE, *path)


def package(name):
    return os.path.join(env.site_packages(), name)


def script(name):
    return os.path.join(env.CLIENTS, name)


def python(name, *args):
    return lambda c, path, p: [env.PYTHON, script(name), *args, path]


def said(*cmd, environ=None):
    """The first line that a command says of its version."""
    try:
        p = subprocess.run(cmd, capture_output=True, text=True, timeout=20,
                           env=dict(os.environ, PYTHONPATH=env.site_packages(), **environ or {}))
        return ((p.stdout or p.stderr).splitlines() or ['?'])[0].strip()[:48]
    except (OSError, subprocess.TimeoutExpired):
        return '?'


# ---- our own clients in C, each on one library ------------------------------------------------
def own(library, more=()):
    def cmd(c, path, p):
        return [binary('tls-' + library), *more, str(p.port), p.pki['ca'],
                *[x['name'] for x in c.what]]
    what = [dict(cases.case('c%02d' % i, 'chat', 'tools=1'), name='m-c%02d' % i) for i in range(5)]
    static = ', static' if library.endswith('-static') else ''
    return Client('C client%s%s' % (static, ''.join(' ' + x for x in more)),
                  library.split('-')[0], cmd, what,
                  needs=[binary('tls-' + library)], rows='own',
                  version=lambda: said(binary('tls-' + library), '--version'))


def c_clients():
    out = []
    for library in ('gnutls', 'nss', 'wolfssl', 'mbedtls'):
        out += [own(library), own(library, ('--turns', '6')), own(library, ('--big', '300000'))]
    return out + [own('mbedtls-static'), own('wolfssl-static')]


# ---- rustls, on either provider -----------------------------------------------------------------
def rustls(provider, more=(), stripped=False, rows='own', **rest):
    program = binary('rustls-%s%s' % (provider, '-stripped' if stripped else ''))

    def cmd(c, path, p):
        return [program, *more, str(p.port), p.pki['ca'], *[x['name'] for x in c.what]]
    what = [dict(cases.case('c%02d' % i, 'chat', 'tools=1'), name='m-c%02d' % i) for i in range(3)]
    return Client('rustls %s%s' % (provider, ''.join(' ' + x for x in more)) + (
        ', stripped' if stripped else ''), provider, cmd, what, needs=[program], rows=rows,
        version='rustls 0.23.31', **rest)


def rust_clients():
    out = []
    for provider in ('aws-lc', 'ring'):
        out += [rustls(provider), rustls(provider, ('--tls12',)),
                rustls(provider, ('--suite', 'CHACHA20')),
                rustls(provider, ('--tls12', '--suite', 'CHACHA20')),
                rustls(provider, ('--size', '300000'), stripped=True),
                rustls(provider, ('--lanes', '4'), rows=None),
                rustls(provider, ('--threads', '4'), rows=None)]
    return out


# ---- Debian's programs -------------------------------------------------------------------------
def wget(c, path, p):
    return ['wget', '-q', '-O', '-', '--no-hsts', '--ca-certificate', p.pki['ca'],
            'https://localhost:%d/v1/models' % p.port]


def git(c, path, p):
    return ['env', 'GIT_SSL_CAINFO=' + p.pki['ca'], 'git', 'ls-remote',
            'https://localhost:%d/nothing' % p.port]


def debian():
    return [
        Client('wget', 'gnutls', wget, [], rows=None, calls=False, needs=['wget'],
               version=lambda: said('wget', '--version')),
        Client('git-remote-https', 'gnutls', git, [], rows=None, calls=False, needs=['git'],
               version=lambda: said('git', '--version'), status=128),
    ]


# ---- Go ----------------------------------------------------------------------------------------
def go_clients():
    out = []
    for name in GO:
        for alpn in (('http/1.1',), ('h2', 'http/1.1')):
            out.append(Client('%s net/http %s' % (name, alpn[0]), 'go',
                              lambda c, path, p, n=name: [binary(n), path], few(12, 200000),
                              needs=[binary(name)], alpn=alpn,
                              version=lambda n=name: said(binary(n), '--version')))
    out.append(Client('Go c-shared in Python', 'go',
                      lambda c, path, p: [env.PYTHON, script('py_shared.py'),
                                          binary('go-shared.so'), path],
                      few(12), needs=[binary('go-shared.so')],
                      version=lambda: said(binary('go-plain'), '--version')))
    out.append(Client('Go utls', 'go', lambda c, path, p: [binary('go-utls'), path], few(),
                      needs=[binary('go-utls')], version='utls 1.8.1'))
    return out


# ---- BoringSSL in modules, OpenSSL in wheels --------------------------------------------------
def modules():
    return [
        Client('grpcio (PyPI)', 'boringssl', python('py_grpc.py'), few(6, 300000), rows='echo',
               alpn=('h2',), calls=False, needs=[package('grpc')],
               version=lambda: said(env.PYTHON, script('py_grpc.py'), '--version')),
        Client('curl_cffi (PyPI) http/1.1', 'boringssl', python('py_curl.py', 'cffi'),
               few(9, 200000), needs=[package('curl_cffi')],
               version=lambda: said(env.PYTHON, script('py_curl.py'), 'cffi', '--version')),
        Client('curl_cffi (PyPI) h2', 'boringssl', python('py_curl.py', 'cffi-h2'),
               few(9, 200000), needs=[package('curl_cffi')], alpn=('h2',),
               version=lambda: said(env.PYTHON, script('py_curl.py'), 'cffi', '--version')),
        Client('pycurl (PyPI), private libssl', 'openssl', python('py_curl.py', 'pycurl'),
               few(9, 200000), needs=[package('pycurl.libs')],
               version=lambda: said(env.PYTHON, script('py_curl.py'), 'pycurl', '--version')),
        Client('nassl (PyPI), stripped', 'openssl', python('py_nassl.py'), few(9, 200000),
               rows='sdk', env={'PYTHONPATH': os.path.join(env.WORK, 'stripped')},
               needs=[package('nassl')], version='nassl 5.4.0, OpenSSL 1.1.1',
               prepare=lambda c, p: strip_package('nassl')),
        Client('Conscrypt (Maven)', 'boringssl', java('Provided'), few(9, 100000), env=JAVA_ENV,
               needs=['java', os.path.join(BINS, 'java', 'Provided.class'), JAVA],
               version='conscrypt 2.5.2', prepare=java_cases),
        Client('Netty tcnative (Maven)', 'boringssl', java('Client'), few(9, 100000), env=JAVA_ENV,
               needs=['java', os.path.join(BINS, 'java', 'Client.class'), JAVA],
               version='tcnative 2.0.70', prepare=java_cases),
    ]


def native():
    """Python modules that are a TLS and an HTTP client in one."""
    rows = []
    for name, stack, version, more in (
            ('rnet', 'boringssl', '2.4.2', {}), ('primp', 'aws-lc', '2.0.1', {}),
            ('awscrt', 'aws-lc', '0.38.0', {}),
            ('wreq', 'boringssl', '0.13.0', {'received_only': True, 'calls': False,
                                             'note': 'received only, and said so: it seals '
                                             'records by itself'})):
        rows.append(Client('%s (PyPI)' % name, stack, python('py_native.py', name),
                           few(9, 100000), needs=[package(name)], version=version, **more))
    return rows


JAVA_ENV = {'JAVA_TOOL_OPTIONS': '-Xshare:auto -XX:TieredStopAtLevel=1 -Xmx256m'}


def java(main):
    return lambda c, path, p: [
        'java', '-cp', os.path.join(BINS, 'java') + ':' + os.path.join(JAVA, '*'), main,
        os.path.join(os.path.dirname(path), 'java')]


def java_cases(c, path):
    import json
    folder = os.path.join(os.path.dirname(path), 'java')
    os.makedirs(folder, exist_ok=True)
    for x in c.what:
        with open(os.path.join(folder, x['name']), 'w', encoding='utf-8') as f:
            f.write('%s\n%s\n%s\n' % (x['path'], x['mock'], json.dumps(x['body'])))


def strip_package(name):
    """A copy without symbols, as it would come from a distribution. The rest stays as it is."""
    top = os.path.join(env.WORK, 'stripped')
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(top)
    for entry in os.listdir(env.site_packages()):
        if entry != name:
            os.symlink(package(entry), os.path.join(top, entry))
    shutil.copytree(package(name), os.path.join(top, name))
    for folder, _, files in os.walk(os.path.join(top, name)):
        for f in files:
            if f.endswith('.so'):
                subprocess.run(['strip', '--strip-all', os.path.join(folder, f)], check=True)


# ---- runtimes ---------------------------------------------------------------------------------
def bun(version, is_large):
    program = large('bun-' + version, 'bin', 'bun')
    sdks = os.path.join(env.CACHE, 'npm', 'node_sdk.mjs')
    common = dict(needs=[program], version=lambda: said(program, '--version'), large=is_large)

    def fetch(mode):
        return lambda c, path, p: [program, script('fetch.mjs'), mode, path]

    out = [Client('bun %s fetch' % version, 'boringssl', fetch('fetch'), few(12, 200000), unread=5,
                  **common),
           Client('bun %s node:http2' % version, 'boringssl', fetch('http2'), few(9, 100000),
                  alpn=('h2',), **common)]
    if not is_large:
        out.append(Client('bun %s, openai and anthropic (npm)' % version, 'boringssl',
                          lambda c, path, p: [program, sdks, 'serial', path], cases.good(),
                          rows='sdk', unread=5, **dict(common, needs=[program, sdks])))
    return out


DENO_ENV = {'DENO_DIR': os.path.join(env.WORK, 'deno'), 'DENO_NO_UPDATE_CHECK': '1'}


def deno_program(version):
    return large('deno-' + version, 'deno')


def deno_run(version, pki, *args):
    """args: a script and its own. Packages are taken from beside the script, nothing is fetched."""
    return [deno_program(version), 'run', '-A', '--no-lock', '--node-modules-dir=manual', '--cert',
            pki['ca'], *args]


def deno(version):
    program = deno_program(version)
    sdks = os.path.join(env.CACHE, 'npm', 'node_sdk.mjs')

    def fetch(mode):
        return lambda c, path, p: deno_run(version, p.pki, script('fetch.mjs'), mode, path)

    more = dict(needs=[program], version=lambda: said(program, '--version'), large=True, unread=5,
                env=DENO_ENV)
    return [Client('deno %s fetch http/1.1' % version, 'aws-lc', fetch('fetch'), few(12, 200000),
                   **more),
            Client('deno %s fetch h2' % version, 'aws-lc', fetch('fetch'), few(12, 100000),
                   alpn=('h2', 'http/1.1'), **more),
            Client('deno %s, openai and anthropic (npm), h2' % version, 'aws-lc',
                   lambda c, path, p: deno_run(version, p.pki, sdks, 'serial', path), cases.good(),
                   rows='sdk', alpn=('h2', 'http/1.1'), **dict(more, needs=[program, sdks]))]


def node(major):
    program = large('node-%d' % major, 'bin', 'node')
    return Client('node %d fetch' % major, 'openssl', lambda c, path, p: [
        program, script('fetch.mjs'), 'fetch', path], few(12, 200000), needs=[program], unread=5,
        version=lambda: said(program, '--version'), large=True)


def runtimes():
    out = bun('1.4.5', False) + bun('1.3.14', True) + bun('1.2.23', True)
    return out + deno('2.9.6') + deno('2.8.3') + [node(18), node(22)]


# ---- OpenSSL by its names: what the other suites test in depth --------------------------------
def openssl():
    common = dict(rows='sdk', large=True)
    return [
        Client('python http.client', 'openssl', python('py_http.py', 'serial'), few(9, 200000),
               version=lambda: said(env.PYTHON, '--version'), **common),
        Client('python asyncio (memory BIOs)', 'openssl', python('py_asyncio.py'), few(9, 200000),
               version=lambda: said(env.PYTHON, '--version'), **common),
        Client('openai, anthropic (PyPI)', 'openssl', python('py_sdk.py', 'async'), cases.good(),
               version='3.51.0, 2.10.0', needs=[package('openai')], **common),
        Client('curl', 'openssl', curl, [], rows=None, large=True, needs=['curl'],
               version=lambda: said('curl', '--version')),
        Client('curl h2', 'openssl', curl, [], rows=None, large=True, needs=['curl'],
               alpn=('h2', 'http/1.1'), version=lambda: said('curl', '--version')),
        *[Client('node %d node:http2' % major, 'openssl', lambda c, path, p, m=major: [
            env.node(m), script('fetch.mjs'), 'http2', path], few(12, 200000), alpn=('h2',),
            needs=[env.node(major)], version=lambda m=major: said(env.node(m), '--version'),
            large=True) for major in (20, 24, 26)],
        *[Client('node %d fetch' % major, 'openssl', lambda c, path, p, m=major: [
            env.node(m), script('fetch.mjs'), 'fetch', path], few(12, 200000), unread=5,
            needs=[env.node(major)], version=lambda m=major: said(env.node(m), '--version'),
            large=True) for major in (20, 24, 26)],
    ]


def curl(c, path, p):
    return ['curl', '-sS', '--cacert', p.pki['ca'], '-H', 'content-type: application/json',
            'https://localhost:%d/v1/chat/completions' % p.port, '-d',
            '{"model":"m-curl","messages":[{"role":"user","content":"hi"}]}']


# ---- agents: the calls are theirs, the script answers them ------------------------------------
MARK = 'earshot-heard-the-tool'


def tool_then_text(tool, args):
    """First a call of that tool, then, when its result has come, words."""
    def answer(api, body):
        text = repr(body.get('messages') or body.get('input') or '')
        has_tool = any(t.get('name') == tool for t in body.get('tools') or [])
        if has_tool and MARK + '\\n' not in text and 'tool_result' not in text and \
                'function_call_output' not in text:
            return {'calls': [(tool, args)], 'events': '4'}
        return {'events': '5'}
    return answer


def claude(version):
    program = large('claude-' + version, 'claude')
    return Client('claude-code %s' % version, 'boringssl', lambda c, path, p: [
        program, '-p', 'Run the command: echo ' + MARK, '--model', 'claude-sonnet-4-5',
        '--allowedTools', 'Bash', '--max-turns', '4', '--output-format', 'json'], [],
        needs=[program], version=lambda: said(program, '--version'), large=True, rows=None,
        host='api.anthropic.com', port=443, agent=True, unread=5,
        script=tool_then_text('Bash', {'command': 'echo ' + MARK, 'description': 'Echo'}),
        env={'ANTHROPIC_API_KEY': 'sk-ant-mock-0123456789', 'DISABLE_AUTOUPDATER': '1'})


def codex(version):
    program = large('codex-' + version, 'vendor', 'x86_64-unknown-linux-musl', 'bin', 'codex')
    common = dict(
        needs=[program], version=lambda: said(program, '--version'), large=False, rows=None,
        host='api.openai.com', port=443, agent=True, unread=40,
        note='leaves the body of the refused WebSocket upgrade unread',
        script=tool_then_text('exec_command', {'cmd': 'echo ' + MARK}),
        env={'OPENAI_API_KEY': 'sk-mock-0123456789abcdef', 'CODEX_API_KEY':
             'sk-mock-0123456789abcdef'})
    return [Client('codex %s' % alpn[0], 'aws-lc', lambda c, path, p: [
        program, 'exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox',
        '-m', 'gpt-5-codex', '--json', 'Run the command: echo ' + MARK], [], alpn=alpn, **common)
        for alpn in (('http/1.1',), ('h2', 'http/1.1'))] + [
        Client('codex websocket', 'aws-lc', lambda c, path, p: [
            program, 'exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox',
            '-m', 'gpt-5-codex', '--json', 'Run the command: echo ' + MARK], [], websockets=True,
            **dict(common, note=''))]


def agents():
    return codex('0.169.0') + [claude('2.1.329'), claude('2.1.197')]


# ---- no TLS at all ----------------------------------------------------------------------------
def plain():
    common = dict(tls=False, rows='hex')
    http = [
        Client('python http.client, plain', 'socket', python('py_http.py', 'serial'),
               few(9, 200000), version=lambda: said(env.PYTHON, '--version'),
               **dict(common, rows='sdk')),
        Client('python asyncio, plain', 'socket', python('py_asyncio.py'), few(),
               version=lambda: said(env.PYTHON, '--version'), **dict(common, rows='sdk')),
        Client('node 26 fetch, plain', 'socket', lambda c, path, p: [
            env.node(26), script('fetch.mjs'), 'fetch', path], few(9, 200000),
            needs=[env.node(26)], version=lambda: said(env.node(26), '--version'), **common),
        Client('node 26 node:http2, plain', 'socket', lambda c, path, p: [
            env.node(26), script('fetch.mjs'), 'http2', path], few(9, 100000),
            needs=[env.node(26)], version=lambda: said(env.node(26), '--version'), **common),
        Client('Go net/http, plain', 'socket', lambda c, path, p: [binary('go-plain'), path],
               few(12), needs=[binary('go-plain')],
               version=lambda: said(binary('go-plain'), '--version'), **common),
        *[Client('curl --http2, %s' % name, 'socket', python('py_h2c.py'), few(9, 20000),
                 needs=['curl'], alpn=alpn, http=http, version=lambda: said('curl', '--version'),
                 **common) for name, alpn, http in (
                     ('upgraded', ('http/1.1', 'h2c'), '2'), ('refused', ('http/1.1',), '1.1'))],
        Client('Java HttpClient, upgraded', 'socket', lambda c, path, p: [
            'java', script('java/Upgrade.java'), os.path.join(os.path.dirname(path), 'java')],
               few(9, 20000), needs=['java'], alpn=('http/1.1', 'h2c'), http='HTTP_2',
               prepare=java_cases, env=JAVA_ENV,
               version=lambda: said('java', '--version'), **common),
        Client('curl on a unix socket', 'socket', lambda c, path, p: [
            'curl', '-sS', '--unix-socket', p.path, 'http://localhost/v1/chat/completions', '-d',
            '{"model":"m-unix","messages":[{"role":"user","content":"hi"}]}'], [], needs=['curl'],
            unix=True, version=lambda: said('curl', '--version'), **dict(common, rows=None)),
    ]
    return http


def everything(with_large):
    makers = (c_clients, rust_clients, debian, go_clients, modules, native, openssl,
              runtimes, agents, plain)
    rows = [c for make in makers for c in make()]
    return [c for c in rows if with_large or not c.large]
