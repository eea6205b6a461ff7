// SPDX-License-Identifier: Apache-2.0
// OpenAI's responses over WebSockets, from node: its own WebSocket, npm's ws, the openai package on
// it, and an extended CONNECT over HTTP/2 with npm's ws doing the framing.
// usage: ws.mjs own|ws|openai|h2 deflate|plain CASES
import crypto from 'node:crypto';
import fs from 'node:fs';
import http2 from 'node:http2';

const [mode, packed, path] = process.argv.slice(2);
const cases = JSON.parse(fs.readFileSync(path, 'utf8'));
const ca = fs.readFileSync(process.env.E2E_CA);
const base = process.env.E2E_BASE;
const url = base.replace('https:', 'wss:') + '/v1/responses';
const headers = {authorization: 'Bearer sk-mock-0123456789abcdef'};
if (process.env.WS_MOCK) headers['x-mock'] = process.env.WS_MOCK;

const asked = (c) => {
  const {stream, ...body} = c.body;
  return {...body, type: 'response.create', metadata: {mock: c.mock}};
};

class Row {
  constructor(c) {
    this.row = {case: c.name, model: c.body.model, events: 0, id: null, finish: null, error: null};
    this.sum = crypto.createHash('sha256');
  }
  take(text) {
    const event = JSON.parse(text);
    this.sum.update(text);
    this.row.events++;
    this.row.id = event.response?.id ?? this.row.id;
    if (['response.completed', 'response.incomplete', 'response.failed'].includes(event.type)) {
      this.row.finish = event.type;
      this.row.usage = event.response.usage;
      return true;
    }
    if (event.type === 'error') this.row.error = event.code ?? 'error';
    return event.type === 'error';
  }
  say() {
    console.log(JSON.stringify({...this.row, sha256: this.sum.digest('hex')}));
  }
}

// send(text), and a queue of texts that came.
async function talk(send, next) {
  for (const c of cases) {
    const row = new Row(c);
    send(JSON.stringify(asked(c)));
    for (;;) {
      const text = await next();
      if (text === null || row.take(text)) break;
    }
    row.say();
    if (!row.row.finish) return;
  }
}

class Queue {
  constructor() {
    this.texts = [];
    this.waiting = null;
  }
  put(text) {
    this.texts.push(text);
    this.waiting?.();
  }
  async get() {
    while (!this.texts.length) await new Promise((done) => { this.waiting = done; });
    return this.texts.shift();
  }
}

async function own() {
  const queue = new Queue();
  const ws = new WebSocket(url);
  ws.onmessage = (e) => queue.put(e.data);
  ws.onclose = () => queue.put(null);
  ws.onerror = () => queue.put(null);
  await new Promise((done) => { ws.onopen = done; });
  await talk((t) => ws.send(t), () => queue.get());
  const closed = new Promise((done) => { ws.onclose = done; });
  ws.close(1000);
  await closed;
}

async function npm(make) {
  const queue = new Queue();
  const ws = make();
  ws.on('message', (data) => queue.put(data.toString()));
  ws.on('close', () => queue.put(null));
  ws.on('error', () => queue.put(null));
  await new Promise((done) => ws.on('open', done));
  await talk((t) => ws.send(t), () => queue.get());
  const closed = new Promise((done) => ws.on('close', done));
  ws.close(1000);
  await closed;
}

const options = {ca, headers, perMessageDeflate: packed === 'deflate'};

async function openai() {
  const {default: OpenAI} = await import('openai');
  const {ResponsesWS} = await import('openai/resources/responses/ws');
  const client = new OpenAI({apiKey: 'sk-mock-0123456789abcdef', baseURL: base + '/v1'});
  const ws = new ResponsesWS(client, {ca, headers, perMessageDeflate: packed === 'deflate'});
  const queue = new Queue();
  // The package parses; what it was given is kept beside it.
  ws.socket.on('message', (data) => queue.put(data.toString()));
  ws.socket.on('close', () => queue.put(null));
  ws.on('error', () => {});
  await new Promise((done) => ws.socket.on('open', done));
  let text = null;
  await talk((t) => { text = t; ws.send(JSON.parse(text)); }, () => queue.get());
  const closed = new Promise((done) => ws.socket.on('close', done));
  ws.close({code: 1000, reason: 'done'});
  await closed;
}

async function h2() {
  const {Receiver, Sender} = await import('ws');
  const session = http2.connect(base, {ca});
  await new Promise((done) => session.on('remoteSettings', done));
  const stream = session.request({
    ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/v1/responses',
    'sec-websocket-version': '13', ...headers}, {endStream: false});
  await new Promise((done) => stream.on('response', done));
  const queue = new Queue();
  const sender = new Sender(stream, {});
  const receiver = new Receiver({isServer: false, extensions: {}});
  receiver.on('message', (data) => queue.put(data.toString()));
  const closed = new Promise((done) => receiver.on('conclude', done));
  receiver.on('conclude', () => queue.put(null));
  stream.on('data', (data) => receiver.write(data));
  await talk((t) => sender.send(t, {fin: true, mask: true, binary: false}), () => queue.get());
  sender.close(1000, '', true);
  await closed;
  stream.end();
  await new Promise((done) => stream.on('close', done));
  session.close();
}

const Ws = mode === 'ws' ? (await import('ws')).default : null;
await {own, openai, h2, ws: () => npm(() => new Ws(url, options))}[mode]();
