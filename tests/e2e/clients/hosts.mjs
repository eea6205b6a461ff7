// SPDX-License-Identifier: Apache-2.0
// Providers at their own addresses: openai's OpenAI and AzureOpenAI (npm), and @anthropic-ai/sdk.
//
// usage: node hosts.mjs HOSTS MODEL...    (HOSTS: JSON, [[name, how, base address]])
//
// A model's name says what happens (tests/wire/scenario.py). Each is asked whole, then streamed.
import crypto from 'node:crypto';
import fs from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { AzureOpenAI } from 'openai';

const key = 'sk-mock-0123456789abcdef', maxRetries = 0;
const messages = [{ role: 'user', content: 'How is the weather?' }];

const openai = (c) => (model, stream) => c.chat.completions.create({ model, messages,
  temperature: 0.25, max_tokens: 256,
  ...(stream ? { stream, stream_options: { include_usage: true } } : {}) });
const how = {
  openai: (base) => [openai(new OpenAI({ baseURL: base, apiKey: key, maxRetries })), chat],
  azure: (base) => [openai(new AzureOpenAI({ endpoint: base, apiKey: key, maxRetries,
    apiVersion: '2026-01-01' })), chat],
  anthropic: (base) => {
    const c = new Anthropic({ baseURL: base, apiKey: key, maxRetries });
    return [(model, stream) => c.messages.create({ model, stream, max_tokens: 256, messages }),
      anthropic];
  },
};

function use(row, counts) {
  for (const [k, v] of Object.entries(counts))
    if (v !== undefined && v !== null) row.usage[k] = v;
}

function chat(row, o) {
  row.id = o.id || row.id;
  row.answered = o.model || row.answered;
  const c = o.choices?.[0], m = c?.message ?? c?.delta ?? {};
  const u = o.usage ?? o.x_groq?.usage ?? c?.usage, d = u?.prompt_tokens_details;
  if (u) {
    use(row, { input: u.prompt_tokens, output: u.completion_tokens,
      cache_read: d?.cached_tokens ?? u.prompt_cache_hit_tokens ?? u.cached_tokens,
      cache_write: d?.cache_write_tokens,
      reasoning: u.completion_tokens_details?.reasoning_tokens });
  }
  row.text += Array.isArray(m.content) ? m.content.map((p) => p.text ?? '').join('')
    : m.content ?? '';
  for (const t of m.tool_calls ?? []) if (t.function?.name) row.tools.push(t.function.name);
  if (c?.finish_reason) row.finish = [c.finish_reason];
}

function anthropic(row, o) {
  const m = o.message ?? (o.type === 'message' ? o : null);
  const u = m?.usage ?? o.usage;
  if (m) { row.id = m.id; row.answered = m.model; }
  for (const b of m?.content ?? (o.content_block ? [o.content_block] : [])) {
    if (b.type === 'tool_use') row.tools.push(b.name);
    row.text += b.text ?? '';
  }
  row.text += o.delta?.text ?? '';
  const stop = m?.stop_reason ?? o.delta?.stop_reason;
  if (stop) row.finish = [stop];
  if (u?.input_tokens !== undefined && u?.input_tokens !== null) {
    const read = u.cache_read_input_tokens ?? 0, write = u.cache_creation_input_tokens ?? 0;
    use(row, { input: u.input_tokens + read + write, cache_read: read, cache_write: write });
  }
  if (u) use(row, { output: u.output_tokens, reasoning: u.output_tokens_details?.thinking_tokens });
}

const [path, ...models] = process.argv.slice(2);
for (const [name, kind, base] of JSON.parse(fs.readFileSync(path, 'utf8'))) {
  const [call, feed] = how[kind](base);
  for (const model of models) {
    for (const stream of [false, true]) {
      const row = { host: name, model, stream, status: 200, id: null, answered: null, usage: {},
        finish: [], tools: [], text: '', error: null };
      try {
        const out = await call(model, stream);
        if (stream) for await (const e of out) feed(row, e);
        else feed(row, out);
      } catch (e) {
        row.status = e.status ?? 0;
        row.error = e.constructor.name;
      }
      row.text_sha256 = crypto.createHash('sha256').update(row.text).digest('hex');
      console.log(JSON.stringify(row));
    }
  }
}
