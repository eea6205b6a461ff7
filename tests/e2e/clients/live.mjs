// SPDX-License-Identifier: Apache-2.0
// OpenAI's Realtime API by the openai package on npm's ws, and Gemini's Live API by
// @google/genai: one connection, a turn after the other.
//
// usage: node live.mjs openai|gemini TURN...
//
// Turns are those of tests/wire/live.py. Prints one JSON line for each.
const base = process.env.E2E_BASE;
const [vendor, ...turns] = process.argv.slice(2);
const sound = Buffer.from(Array.from({ length: 2048 }, (_, i) => i & 255)).toString('base64');
const say = (row) => console.log(JSON.stringify(row));

// Events in the order they came, for one who waits.
class Queue {
  events = []; waiting = null;

  put(e) {
    this.events.push(e);
    this.waiting?.();
  }

  async next() {
    while (!this.events.length) await new Promise((done) => { this.waiting = done; });
    return this.events.shift();
  }
}

function responseRow(turn, r, pieces) {
  const items = r.output ?? [], d = r.status_details;
  return {
    turn, id: r.id, conversation: r.conversation_id, status: r.status, reason: d?.reason ?? null,
    error: d?.error?.code ?? null, input: r.usage?.input_tokens ?? null,
    output: r.usage?.output_tokens ?? null,
    cached: r.usage?.input_token_details.cached_tokens ?? null,
    tools: items.filter((i) => i.type === 'function_call').map((i) => [i.name, i.call_id]),
    text: items.filter((i) => i.type === 'message')
      .map((i) => i.content.map((p) => p.text ?? p.transcript ?? '').join('')).join(''), pieces,
  };
}

async function openai() {
  const { default: OpenAI } = await import('openai');
  const { OpenAIRealtimeWS } = await import('openai/realtime/ws');
  const client = new OpenAI({ baseURL: base + '/v1', apiKey: 'sk-mock-0123456789abcdef' });
  const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime-1' }, client), queue = new Queue();
  rt.on('event', (e) => queue.put(e));
  rt.on('error', (e) => { throw e; });
  await new Promise((done) => rt.socket.on('open', done));
  rt.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } });
  for (const turn of turns) {
    let pieces = 0, e;
    const hear = () => rt.send({ type: 'input_audio_buffer.append', audio: sound });
    if (turn === 'spoken') {
      hear();
    } else {
      rt.send({ type: 'response.create', response: { metadata: { turn }, max_output_tokens: 99,
        instructions: 'Be kind.' } });
    }
    while ((e = await queue.next()).type !== 'response.done') {
      if (e.type.endsWith('.delta')) pieces++;
      if (e.type !== 'response.output_audio.delta') continue;
      if (turn === 'turn_detected') hear();
      if (turn === 'client_cancelled') rt.send({ type: 'response.cancel' });
    }
    say(responseRow(turn, e.response, pieces));
  }
  const closed = new Promise((done) => rt.socket.on('close', done));
  rt.close({ code: 1000, reason: 'done' });
  await closed;
}

async function gemini() {
  const { GoogleGenAI, Modality } = await import('@google/genai');
  const ai = new GoogleGenAI({ apiKey: 'mock', httpOptions: { baseUrl: base } });
  const queue = new Queue();
  let done;
  const closed = new Promise((f) => { done = f; });
  const session = await ai.live.connect({
    model: 'gemini-live-1', callbacks: { onmessage: (m) => queue.put(m), onclose: done,
      onerror: (e) => { throw e; } },
    config: { responseModalities: [Modality.AUDIO], temperature: 0.5,
      systemInstruction: 'Be kind.' } });
  for (const turn of turns) {
    const row = { turn, text: '', tools: [], input: null, output: null, interrupted: false };
    session.sendClientContent({ turns: [{ role: 'user', parts: [{ text: turn }] }],
      turnComplete: true });
    for (let over = false; !over;) {
      const m = await queue.next(), said = m.serverContent?.modelTurn?.parts ?? [];
      for (const p of said) row.text += p.text ?? '';
      for (const f of m.toolCall?.functionCalls ?? []) {
        row.tools.push([f.name, f.id]);
        session.sendToolResponse({ functionResponses: [{ id: f.id, name: f.name,
          response: { output: 'x' } }] });
      }
      row.interrupted ||= Boolean(m.serverContent?.interrupted);
      row.input = m.usageMetadata?.promptTokenCount ?? row.input;
      row.output = m.usageMetadata?.responseTokenCount ?? row.output;
      if (turn === 'interrupted' && said.length)
        session.sendRealtimeInput({ audio: { data: sound, mimeType: 'audio/pcm;rate=16000' } });
      over = Boolean(m.serverContent?.turnComplete);
    }
    say(row);
  }
  session.close();
  await closed;
}

await { openai, gemini }[vendor]();
