// SPDX-License-Identifier: Apache-2.0
// The SDKs (npm) of the providers that have one of their own, as their users call them.
//
// usage: node vendors.mjs gemini|bedrock|bedrock-h1|cohere|mistral|ollama SCENARIO...
//
// Prints one JSON line for each call: what the SDK made of the answer.
const base = process.env.E2E_BASE;
const [vendor, ...scenarios] = process.argv.slice(2);
const prompt = 'How is the weather?';
const weather = { name: 'get_weather', description: 'Looks out of the window.' };
const schema = { type: 'object', properties: { city: { type: 'string' } } };

function seen(model, stream) {
  return { model, stream, text: '', tools: [], finish: null, input: null, output: null };
}

async function gemini() {
  const { GoogleGenAI } = await import('@google/genai');
  const ai = new GoogleGenAI({ apiKey: 'mock', httpOptions: { baseUrl: base } });
  const take = (row, r) => {
    for (const p of r.candidates?.[0]?.content?.parts ?? []) {
      if (p.text && !p.thought) row.text += p.text;
      if (p.functionCall) row.tools.push(p.functionCall.name);
    }
    row.finish = r.candidates?.[0]?.finishReason ?? row.finish;
    row.input = r.usageMetadata?.promptTokenCount ?? row.input;
    row.output = r.usageMetadata?.candidatesTokenCount ?? row.output;
  };
  const ask = (model) => ({ model, contents: prompt, config: { temperature: 0.25,
    tools: [{ functionDeclarations: [{ ...weather, parametersJsonSchema: schema }] }] } });
  return {
    whole: async (model, row) => take(row, await ai.models.generateContent(ask(model))),
    stream: async (model, row) => {
      for await (const r of await ai.models.generateContentStream(ask(model))) take(row, r);
    },
    embed: async (model) => {
      await ai.models.embedContent({ model, contents: 'x' });
    },
  };
}

async function bedrock(h1) {
  const sdk = await import('@aws-sdk/client-bedrock-runtime');
  const http = await import('@smithy/node-http-handler');
  const client = new sdk.BedrockRuntimeClient({
    region: 'us-east-1', endpoint: base, maxAttempts: 1,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'mock' },
    ...(h1 ? { requestHandler: new http.NodeHttpHandler() } : {}),
  });
  const ask = (modelId) => ({ modelId, messages: [{ role: 'user', content: [{ text: prompt }] }],
    inferenceConfig: { maxTokens: 256 }, guardrailConfig: { guardrailIdentifier: 'g-1',
      guardrailVersion: '1' }, toolConfig: { tools: [{ toolSpec: { ...weather,
      inputSchema: { json: schema } } }] } });
  const usage = (row, u) => { row.input = u.inputTokens; row.output = u.outputTokens; };
  return {
    whole: async (model, row) => {
      const r = await client.send(new sdk.ConverseCommand(ask(model)));
      for (const b of r.output.message.content) {
        row.text += b.text ?? '';
        if (b.toolUse) row.tools.push(b.toolUse.name);
      }
      row.finish = r.stopReason;
      usage(row, r.usage);
    },
    stream: async (model, row) => {
      const r = await client.send(new sdk.ConverseStreamCommand(ask(model)));
      for await (const e of r.stream) {
        row.text += e.contentBlockDelta?.delta.text ?? '';
        if (e.contentBlockStart) row.tools.push(e.contentBlockStart.start.toolUse.name);
        row.finish = e.messageStop?.stopReason ?? row.finish;
        if (e.metadata) usage(row, e.metadata.usage);
      }
    },
    invoke: async (model, row) => {
      const body = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 256,
        messages: [{ role: 'user', content: prompt }] });
      const r = await client.send(new sdk.InvokeModelWithResponseStreamCommand({
        modelId: model, body, guardrailIdentifier: 'g-1', guardrailVersion: '1' }));
      for await (const e of r.body) {
        const o = JSON.parse(new TextDecoder().decode(e.chunk.bytes));
        row.text += o.delta?.text ?? '';
        if (o.content_block?.type === 'tool_use') row.tools.push(o.content_block.name);
        row.finish = o.delta?.stop_reason ?? row.finish;
      }
    },
  };
}

async function cohere() {
  const { CohereClientV2 } = await import('cohere-ai');
  const co = new CohereClientV2({ token: 'mock', environment: base, baseUrl: base,
                                  maxRetries: 0 });
  const ask = (model) => ({ model, messages: [{ role: 'user', content: prompt }],
    tools: [{ type: 'function', function: { ...weather, parameters: schema } }] });
  const usage = (row, u) => {
    row.input = u?.billedUnits?.inputTokens ?? u?.tokens?.inputTokens ?? null;
    row.output = u?.billedUnits?.outputTokens ?? u?.tokens?.outputTokens ?? null;
  };
  return {
    whole: async (model, row) => {
      const r = await co.chat(ask(model));
      for (const c of r.message.content ?? []) row.text += c.text ?? '';
      for (const t of r.message.toolCalls ?? []) row.tools.push(t.function.name);
      row.finish = r.finishReason;
      usage(row, r.usage);
    },
    stream: async (model, row) => {
      for await (const e of await co.chatStream(ask(model))) {
        row.text += e.type === 'content-delta' ? e.delta?.message?.content?.text ?? '' : '';
        if (e.type === 'tool-call-start') row.tools.push(e.delta.message.toolCalls.function.name);
        if (e.type !== 'message-end') continue;
        row.finish = e.delta.finishReason;
        usage(row, e.delta.usage);
      }
    },
    embed: async (model) => {
      await co.embed({ model, texts: ['x'], inputType: 'search_query', embeddingTypes: ['float'] });
    },
  };
}

async function mistral() {
  const { Mistral } = await import('@mistralai/mistralai');
  const client = new Mistral({ apiKey: 'mock', serverURL: base });
  const ask = (model) => ({ model, messages: [{ role: 'user', content: prompt }],
    tools: [{ type: 'function', function: { ...weather, parameters: schema } }] });
  const take = (row, r) => {
    const c = r.choices?.[0], m = c?.message ?? c?.delta ?? {};
    row.text += m.content ?? '';
    for (const t of m.toolCalls ?? []) if (t.function?.name) row.tools.push(t.function.name);
    row.finish = c?.finishReason ?? row.finish;
    if (r.usage) { row.input = r.usage.promptTokens; row.output = r.usage.completionTokens; }
  };
  return {
    whole: async (model, row) => take(row, await client.chat.complete(ask(model))),
    stream: async (model, row) => {
      for await (const e of await client.chat.stream(ask(model))) take(row, e.data);
    },
  };
}

async function ollama() {
  const { Ollama } = await import('ollama');
  const client = new Ollama({ host: base });
  const ask = (model, stream) => ({ model, stream, messages: [{ role: 'user', content: prompt }],
    tools: [{ type: 'function', function: { ...weather, parameters: schema } }] });
  const take = (row, r) => {
    row.text += r.message?.content ?? '';
    for (const t of r.message?.tool_calls ?? []) row.tools.push(t.function.name);
    row.finish = r.done_reason ?? row.finish;
    row.input = r.prompt_eval_count ?? row.input;
    row.output = r.eval_count ?? row.output;
  };
  return {
    whole: async (model, row) => take(row, await client.chat(ask(model, false))),
    stream: async (model, row) => {
      for await (const r of await client.chat(ask(model, true))) take(row, r);
    },
    embed: async (model) => { await client.embed({ model, input: ['x'] }); },
  };
}

const how = await { gemini, bedrock: () => bedrock(false), 'bedrock-h1': () => bedrock(true),
                    cohere, mistral, ollama }[vendor]();
for (const model of scenarios) {
  for (const [kind, call] of Object.entries(how)) {
    if (kind === 'embed' && model !== 'plain') continue;
    const row = { kind, ...seen(model, kind === 'stream') };
    try {
      await call(model, row);
    } catch (e) {
      row.error = e.name;
      row.says = String(e.message).slice(0, 200);
    }
    console.log(JSON.stringify(row));
  }
}
