// SPDX-License-Identifier: Apache-2.0
// What runtimes bring themselves, without any package: fetch, and node:http2 where asked for.
//
// usage: RUNTIME fetch.mjs fetch|http2 CASES    (E2E_BASE in the environment)
import fs from 'node:fs';
import http2 from 'node:http2';
import process from 'node:process';

const base = process.env.E2E_BASE;
const [mode, path] = process.argv.slice(2);
const cases = JSON.parse(fs.readFileSync(path, 'utf8'));
const head = (c) => ({ 'content-type': 'application/json', 'x-mock': c.mock,
                       'accept-encoding': 'identity' });
const row = (c, status, bytes) => console.log(JSON.stringify(
  { case: c.name, status, body_hex: Buffer.from(bytes).toString('hex') }));

async function byFetch(c) {
  const r = await fetch(base + c.path, { method: c.method, headers: head(c),
                                         body: JSON.stringify(c.body) });
  row(c, r.status, await r.arrayBuffer());
}

function byHttp2(session, c) {
  return new Promise((done, bad) => {
    const s = session.request({ ':path': c.path, ':method': c.method, ...head(c) });
    const parts = [];
    let status;
    s.on('response', (h) => { status = h[':status']; });
    s.on('data', (d) => parts.push(d));
    s.on('end', () => { row(c, status, Buffer.concat(parts)); done(); });
    s.on('error', bad);
    s.end(JSON.stringify(c.body));
  });
}

async function all() {
  if (mode === 'http2') {
    const session = http2.connect(base, { ca: fs.readFileSync(process.env.E2E_CA) });
    for (const c of cases.slice(0, 3)) await byHttp2(session, c);
    await Promise.all(cases.slice(3).map((c) => byHttp2(session, c)));
    await new Promise((done) => session.close(done));
  } else {
    for (const c of cases.slice(0, 3)) await byFetch(c);
    await Promise.all(cases.slice(3).map(byFetch));
  }
}

// With E2E_UNTIL, again and again, until there is a file of that name.
do await all(); while (process.env.E2E_UNTIL && !fs.existsSync(process.env.E2E_UNTIL));
