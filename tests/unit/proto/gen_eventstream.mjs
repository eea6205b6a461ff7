// SPDX-License-Identifier: Apache-2.0
// Makes eventstream_vectors.inc with the encoder of @smithy/eventstream-codec (AWS SDK for JS):
//   npm install @smithy/eventstream-codec @smithy/util-utf8
//   node gen_eventstream.mjs > eventstream_vectors.inc
// Check with a second implementation: botocore's EventStreamBuffer reads the same messages.
import {EventStreamCodec} from '@smithy/eventstream-codec';
import {fromUtf8, toUtf8} from '@smithy/util-utf8';

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const s = (value) => ({type: 'string', value});
const event = (type, body) => codec.encode({
  headers: {':event-type': s(type), ':content-type': s('application/json'),
            ':message-type': s('event')},
  body: fromUtf8(body)});
const MESSAGES = {
  start: event('messageStart', '{"role":"assistant"}'),
  delta: event('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"Hi"}}'),
  empty: event('ping', ''),
  exception: codec.encode({
    headers: {':exception-type': s('throttlingException'), ':content-type': s('application/json'),
              ':message-type': s('exception')},
    body: fromUtf8('{"message":"slow down"}')}),
  error: codec.encode({
    headers: {':error-code': s('InternalError'), ':error-message': s('oops'),
              ':message-type': s('error')},
    body: new Uint8Array(0)}),
  no_headers: codec.encode({headers: {}, body: fromUtf8('x')}),
  all_types: codec.encode({
    headers: {t: {type: 'boolean', value: true}, f: {type: 'boolean', value: false},
              b: {type: 'byte', value: -1}, h: {type: 'short', value: 2},
              i: {type: 'integer', value: 3},
              n: {type: 'binary', value: new Uint8Array([1, 2, 3])},
              d: {type: 'timestamp', value: new Date(8)},
              u: {type: 'uuid', value: '00112233-4455-6677-8899-aabbccddeeff'},
              'a-name-much-longer-than-those-wanted': s('v'), ':event-type': s('all'),
              e: s('')},
    body: fromUtf8('{}')}),
  long_type: event('t'.repeat(70), '1'),
};

console.log('/* Made by gen_eventstream.mjs. */');
for (const [name, bytes] of Object.entries(MESSAGES)) {
  const hex = [...bytes].map((b) => '\\x' + b.toString(16).padStart(2, '0'));
  console.log(`static const char es_${name}[] =`);
  for (let i = 0; i < hex.length; i += 22)
    console.log('\t"' + hex.slice(i, i + 22).join('') + '"' + (i + 22 < hex.length ? '' : ';'));
}
