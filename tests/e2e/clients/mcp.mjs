// SPDX-License-Identifier: Apache-2.0
// The MCP SDK (npm), client and server.
//
// usage: node mcp.mjs client-stdio DIR N    talks to N servers at once, each a child on pipes
//        node mcp.mjs client-http URL       talks to a server over HTTP
//        node mcp.mjs serve-stdio DIR NAME  leaves all bytes in DIR/NAME.in and .out
//        node mcp.mjs serve-http            prints its port
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const [mode, ...args] = process.argv.slice(2);

function server() {
  const s = new Server({ name: 'echo', version: '1.0' }, { capabilities: { tools: {} } });
  s.setRequestHandler(ListToolsRequestSchema, async () => ({ tools: [
    { name: 'echo', description: 'Says it again', inputSchema: { type: 'object' } }] }));
  s.setRequestHandler(CallToolRequestSchema, async (req) => ({
    content: [{ type: 'text', text: `${req.params.arguments.text}` }] }));
  return s;
}

async function talk(transport, name) {
  const c = new Client({ name: 'mcp-test', version: '1.0' });
  await c.connect(transport);
  await c.listTools();
  for (const size of [3, 500, 100000, 20]) {
    const text = `${name}ü`.repeat(size);
    const r = await c.callTool({ name: 'echo', arguments: { text } });
    console.log(JSON.stringify({ case: `${name}-${size}`, same: r.content[0].text === text }));
  }
  await c.close();
}

// What passes is left in files: the truth of this connection.
function tap(dir, name) {
  const write = process.stdout.write.bind(process.stdout);
  process.stdin.on('data', (d) => fs.appendFileSync(`${dir}/${name}.in`, d));
  process.stdout.write = (d, ...more) => {
    fs.appendFileSync(`${dir}/${name}.out`, d);
    return write(d, ...more);
  };
}

async function serveHttp() {
  const open = new Map();
  const web = http.createServer(async (req, res) => {
    let t = open.get(req.headers['mcp-session-id']);
    if (!t) {
      t = new StreamableHTTPServerTransport({ sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => open.set(id, t) });
      await server().connect(t);
    }
    await t.handleRequest(req, res);
  });
  web.listen(0, '127.0.0.1', () => console.log(web.address().port));
}

if (mode === 'client-stdio') {
  const [dir, n] = args;
  await Promise.all([...Array(Number(n)).keys()].map((i) => talk(new StdioClientTransport({
    command: process.execPath, args: [process.argv[1], 'serve-stdio', dir, `s${i}`] }), `s${i}`)));
} else if (mode === 'client-http') {
  await talk(new StreamableHTTPClientTransport(new URL(args[0])), 'http');
} else if (mode === 'serve-stdio') {
  tap(...args);
  await server().connect(new StdioServerTransport());
} else {
  await serveHttp();
}
