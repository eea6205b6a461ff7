// SPDX-License-Identifier: Apache-2.0
// The openai and @anthropic-ai/sdk packages (npm), as their users call them.
//
// usage: node node_sdk.mjs serial|parallel CASES
import crypto from 'node:crypto';
import fs from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const base = process.env.E2E_BASE;
const openai = new OpenAI({ baseURL: base + '/v1', apiKey: 'sk-mock-0123456789abcdef' });
const anthropic = new Anthropic({ baseURL: base, apiKey: 'sk-ant-mock-0123456789' });

class Seen {
  id = null; model = null; error = null; usage = {}; finish = {}; tools = []; texts = {};

  text(i, s) { this.texts[i] = (this.texts[i] ?? '') + (s ?? ''); }

  use(more) {
    for (const [k, v] of Object.entries(more))
      if (v !== undefined && v !== null) this.usage[k] = v;
  }

  row() {
    const keys = (o) => Object.keys(o).sort((a, b) => a - b);
    const all = keys(this.texts).map((i) => this.texts[i]).join('\0');
    return {
      id: this.id, model: this.model, error: this.error, usage: this.usage, tools: this.tools,
      finish: keys(this.finish).map((i) => this.finish[i]),
      text_sha256: crypto.createHash('sha256').update(all).digest('hex'),
    };
  }
}

function chat(s, o) {
  s.id = o.id ?? null;
  s.model = o.model;
  const u = o.usage;
  if (u) {
    s.use({ input: u.prompt_tokens, output: u.completion_tokens,
            cache_read: u.prompt_tokens_details?.cached_tokens,
            reasoning: u.completion_tokens_details?.reasoning_tokens });
  }
  for (const c of o.choices ?? []) {
    const m = c.message ?? c.delta ?? {};
    s.text(c.index, m.content ?? c.text);
    for (const t of m.tool_calls ?? []) if (t.function?.name) s.tools.push(t.function.name);
    if (c.finish_reason) s.finish[c.index] = c.finish_reason;
  }
}

function responses(s, o) {
  if (o.type === 'response.created') { s.id = o.response.id; s.model = o.response.model; }
  if (o.type && !/^response\.(completed|incomplete|failed)$/.test(o.type)) return;
  const r = o.response ?? o;
  s.id = r.id;
  s.model = r.model;
  const u = r.usage ?? {};
  s.use({ input: u.input_tokens, output: u.output_tokens,
          cache_read: u.input_tokens_details?.cached_tokens,
          reasoning: u.output_tokens_details?.reasoning_tokens });
  for (const item of r.output) {
    if (item.type === 'function_call') s.tools.push(item.name);
    if (item.type === 'message') for (const part of item.content) s.text(0, part.text);
  }
  if (r.status === 'completed') s.finish[0] = s.tools.length ? 'tool_calls' : 'stop';
  if (r.status === 'incomplete') s.finish[0] = 'length';
}

function messagesUsage(s, u) {
  if (u.input_tokens !== undefined && u.input_tokens !== null) {
    const read = u.cache_read_input_tokens ?? 0, write = u.cache_creation_input_tokens ?? 0;
    s.use({ input: u.input_tokens + read + write, cache_read: u.cache_read_input_tokens,
            cache_write: u.cache_creation_input_tokens });
  }
  s.use({ output: u.output_tokens });
}

function block(s, b) {
  if (b.type === 'tool_use') s.tools.push(b.name);
  if (b.type === 'text') s.text(0, b.text);
}

function messages(s, o) {
  if (o.type === 'message' || o.type === 'message_start') {
    const m = o.message ?? o;
    s.id = m.id;
    s.model = m.model;
    messagesUsage(s, m.usage);
    for (const b of m.content) block(s, b);
    if (m.stop_reason) s.finish[0] = m.stop_reason;
  } else if (o.type === 'content_block_start') {
    block(s, o.content_block);
  } else if (o.type === 'content_block_delta' && o.delta.type === 'text_delta') {
    s.text(0, o.delta.text);
  } else if (o.type === 'message_delta') {
    messagesUsage(s, o.usage);
    s.finish[0] = o.delta.stop_reason;
  }
}

const apis = {
  chat: [(b, o) => openai.chat.completions.create(b, o), chat],
  completions: [(b, o) => openai.completions.create(b, o), chat],
  embeddings: [(b, o) => openai.embeddings.create(b, o), chat],
  responses: [(b, o) => openai.responses.create(b, o), responses],
  models: [(b, o) => openai.models.list(o), () => {}],
  messages: [(b, o) => anthropic.messages.create(b, o), messages],
  count_tokens: [(b, o) => anthropic.messages.countTokens(b, o), () => {}],
};

function bigText(n) {
  const line = (i) => `line ${String(i).padStart(7, '0')}: ünïcode, "quotes", back\\slash\n`;
  const unit = Buffer.byteLength(line(0));
  return Array.from({ length: Math.floor(n / unit) + 1 }, (_, i) => line(i)).join('');
}

function errorRow(e, s) {
  const inner = e.error?.error ?? e.error ?? {};
  return { ...s.row(), status: e.status ?? 0, error_class: e.constructor.name,
           error: inner.code ?? inner.type ?? (e.status ? e.constructor.name : 'cut') };
}

async function run(c) {
  const s = new Seen(), [call, feed] = apis[c.api], body = { ...(c.body ?? {}) };
  if (c.big) body.messages = [{ role: 'user', content: bigText(c.big) }];
  let row;
  try {
    const out = await call(body, { headers: { 'x-mock': c.mock ?? '' } });
    if (!body.stream) {
      feed(s, out);
    } else {
      let i = 0;
      for await (const ev of out) {
        feed(s, ev);
        if (++i === c.cancel) { out.controller.abort(); break; }
      }
    }
    row = { ...s.row(), status: 200 };
  } catch (e) {
    row = errorRow(e, s);
  }
  console.log(JSON.stringify({ case: c.name, ...row }));
}

const cases = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'));
if (process.argv[2] === 'parallel') {
  await Promise.all(cases.map(run));
} else {
  for (const c of cases) await run(c);
}
