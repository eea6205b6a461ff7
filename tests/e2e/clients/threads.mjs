// SPDX-License-Identifier: Apache-2.0
// Message threads of @anthropic-ai/sdk (npm): the server keeps the conversation.
//
// usage: node threads.mjs MODEL...
//
// A model's name says what is answered (tests/wire/scenario.py); each turn asks another one, every
// second turn streamed, and the last thing it does is to fork the thread, which begins a new one.
import crypto from 'node:crypto';
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.env.E2E_BASE, apiKey: 'sk-ant-mock-0123456789',
  maxRetries: 0 });
const models = process.argv.slice(2);

// What the next turn begins with: results of the tools that the reply called, or words.
function said(reply) {
  const calls = (reply?.content ?? []).filter((b) => b.type === 'tool_use');
  return { role: 'user', content: calls.length
    ? calls.map((b) => ({ type: 'tool_result', tool_use_id: b.id, content: 'x' })) : 'And now?' };
}

function say(model, r, previous, kept) {
  const u = r.usage, read = u.cache_read_input_tokens ?? 0;
  const write = u.cache_creation_input_tokens ?? 0;
  const text = r.content.filter((b) => b.type === 'text').map((b) => b.text).join('');
  console.log(JSON.stringify({
    model, answered: r.model, id: r.id, status: 200, error: null, finish: [r.stop_reason],
    tools: r.content.filter((b) => b.type === 'tool_use').map((b) => b.name),
    usage: { input: u.input_tokens + read + write, output: u.output_tokens, cache_read: read,
      cache_write: write, reasoning: u.output_tokens_details?.thinking_tokens ?? 0 },
    text_sha256: crypto.createHash('sha256').update(text).digest('hex'), previous, kept }));
}

let thread = client.beta.messages.thread({ model: models[0], max_tokens: 256 }), reply = null;
for (const [i, model] of [...models, models[0]].entries()) {
  if (i === models.length) thread = thread.fork();
  const previous = thread.previousMessageId;
  reply = i % 2 ? await thread.stream(said(reply), { model }).finalMessage()
    : await thread.send(said(reply), { model });
  say(model, reply, previous, thread.previousMessageId);
}
