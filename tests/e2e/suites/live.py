# SPDX-License-Identifier: Apache-2.0
"""OpenAI's Realtime and Gemini's Live APIs by the providers' own SDKs, over TLS: each turn as the
SDK had it is a call, with the same id, counts, tools, text and reason to end."""
import os

from harness import compare, daemon, env, truth
from mock import live

from .clients import script

NPM = os.path.join(env.CACHE, 'npm')
OPENAI = ('written', 'spoken', 'tool', 'long', 'failed', 'client_cancelled', 'turn_detected',
          'written', 'spoken')
GEMINI = ('said', 'tool', 'interrupted', 'said')


def clients():
    """(name, command, what must be there, turns)"""
    py, js = script('py_live.py'), os.path.join(NPM, 'live.mjs')
    pip, npm = env.site_packages(), os.path.join(NPM, 'node_modules')
    return [
        ('openai realtime (PyPI), sync', [env.PYTHON, py, 'sync', *OPENAI],
         [os.path.join(pip, 'openai')], OPENAI),
        ('openai realtime (PyPI), asyncio', [env.PYTHON, py, 'async', *OPENAI],
         [os.path.join(pip, 'openai')], OPENAI),
        ('openai realtime (npm)', [env.node(26), js, 'openai', *OPENAI],
         [env.node(26), os.path.join(npm, 'openai')], OPENAI),
        ('gemini live (npm)', [env.node(26), js, 'gemini', *GEMINI],
         [env.node(26), os.path.join(npm, '@google', 'genai')], GEMINI),
    ]


def told(row):
    """What the SDK's row says of the end, in the convention's words."""
    if row.get('status') == 'completed':
        return ['tool_calls' if row['tools'] else 'stop']
    if row.get('reason') == 'max_output_tokens':
        return ['length']
    return [row['reason']] if row.get('reason') else []


def check_row(row, e):
    w, facts = compare.Wants(), e['facts']
    w.equal('turn', row['turn'], e['turn'])
    w.equal('id', row.get('id'), facts['response_id'])
    w.equal('text', row['text'], facts['text'])
    w.equal('tools', row['tools'], [list(t) for t in zip(facts['tools'], facts['tool_ids'])])
    for k, name in (('input', 'input'), ('output', 'output'), ('cached', 'cache_read')):
        w.equal(k, row.get(k), facts['usage'].get(name))
    w.equal('error', row.get('error'), facts['error'])
    if not facts['error']:
        w.equal('finish', told(row), facts['finish'])
    return w.wrong


def spans_of(r, run, rows):
    """Beside what spans_match asks of each span: the conversation, in the order of the turns."""
    calls = sorted(compare.span_file.model_calls(run.spans), key=lambda s: s.start)
    r.equal([s.a.get('gen_ai.conversation.id') for s in calls],
            [row.get('conversation') for row in rows], 'conversations')
    r.equal([s.a.get('gen_ai.usage.output_tokens') for s in calls],
            [row['output'] for row in rows], 'turns in order, by the tokens the SDK saw')


def one(r, ctx, name, cmd, needs, turns):
    reason = env.missing(*needs)
    if reason:
        r.skip(name, reason)
        return
    env.npm_script('live.mjs')
    p = live.Live(ctx.pki['cert'], ctx.pki['key'])
    try:
        run = daemon.watch('live ' + name, p, cmd, daemon.client_env(p, ctx.pki),
                           ['--all-streams', '--content', 'full'])
    finally:
        p.stop()
    rows = run.rows()
    r.equal(run.rc, 0, 'exit status')
    r.equal([row['turn'] for row in rows], list(turns), 'turns, by the SDK')
    if run.rc:
        print(run.stderr[-2000:])
    r.equal(len(run.exchanges), len(turns), 'turns, by the server')
    for n, (row, e) in enumerate(zip(rows, run.exchanges)):
        wrong = check_row(row, e)
        r.check(not wrong, 'the SDK saw turn %d, %s' % (n, row['turn']), '\n'.join(wrong))
    if daemon.BARE:
        return
    truth.bytes_match(r, run)
    compare.spans_match(r, run)
    spans_of(r, run, rows)
    compare.semconv(r, run)
    compare.replayed(r, run)


def tests(ctx):
    return [('live: ' + c[0], lambda r, c=c: one(r, ctx, *c)) for c in clients()]
