# SPDX-License-Identifier: Apache-2.0
"""Providers told by their hosts, over TLS at port 443: what the SDK printed of each answer is what
the server said, and the span names the provider, the deployment, and the same counts."""
import json
import os

from harness import compare, daemon, env
from mock import hosts

from .clients import script

MODELS = ('plain', 'length', 'cached', 'thinking', 'tools', 'refuse')


def clients():
    """(name, command, what must be there, ways of speaking that it has)"""
    pip, npm = env.site_packages(), os.path.join(env.NODE_MODULES, 'openai')
    return [
        ('openai, anthropic, azure-ai-inference (PyPI)', [env.PYTHON, script('py_hosts.py')],
         [os.path.join(pip, 'openai'), os.path.join(pip, 'azure', 'ai', 'inference')],
         ('openai', 'azure', 'anthropic', 'inference')),
        ('openai, anthropic (npm)', [env.node(26), os.path.join(env.CACHE, 'npm', 'hosts.mjs')],
         [env.node(26), npm], ('openai', 'azure', 'anthropic')),
    ]


def as_counted(row, e):
    """The SDK's counts in the convention's way: xAI leaves what was thought out of its output."""
    usage = dict(row['usage'])
    if row['host'] == 'xai' and 'output' in usage:
        usage['output'] += usage.get('reasoning', 0)
    return dict(row, usage=usage, model=row['answered'])


def one(r, ctx, name, cmd, needs, ways):
    reason = env.missing(*needs) or ctx.no_names
    if reason:
        r.skip(name, reason)
        return
    env.npm_script('hosts.mjs')
    path = os.path.join(daemon.folder('hosts'), 'hosts.json')
    asked = [h[:3] for h in hosts.HOSTS if h[1] in ways]
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(asked, f)
    p = hosts.Hosts(ctx.pki['cert'], ctx.pki['key'], port=443)
    try:
        run = daemon.watch('hosts ' + name, p, [*cmd, path, *MODELS],
                           daemon.client_env(p, ctx.pki, REQUESTS_CA_BUNDLE=ctx.pki['ca']),
                           ['--content', 'full'])
    finally:
        p.stop()
    rows = run.rows()
    r.equal(run.rc, 0, 'exit status')
    r.equal([(row['host'], row['model'], row['stream']) for row in rows],
            [(h[0], m, s) for h in asked for m in MODELS for s in (False, True)],
            'calls, by the SDK')
    calls = sorted((e for e in run.exchanges if e['inference']), key=lambda e: e['t_request'])
    r.equal(len(calls), len(rows), 'calls, by the server')
    for row, e in zip(rows, calls):
        wrong = compare.check_row(as_counted(row, e), e, {})
        r.check(not wrong, 'the SDK saw %s, %s%s' % (
            row['host'], row['model'], ', streamed' if row['stream'] else ''), '\n'.join(wrong))
    if daemon.BARE:
        return
    compare.spans_match(r, run)
    compare.semconv(r, run)


def tests(ctx):
    return [('hosts: ' + c[0], lambda r, c=c: one(r, ctx, *c)) for c in clients()]
