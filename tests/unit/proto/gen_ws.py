# SPDX-License-Identifier: Apache-2.0
"""Makes ws_vectors.inc with the framing and the permessage-deflate of PyPI's websockets:
   pip install websockets; python gen_ws.py > ws_vectors.inc"""
import random

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

MESSAGES = ['{"type":"response.created","response":{"id":"resp_1","model":"gpt-5"}}',
            '{"type":"response.output_text.delta","delta":"Hello"}',
            '{"type":"response.output_text.delta","delta":", world"}',
            '{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5"}}']


def stream(mask, extensions, fragments):
    random.seed(7)
    out = b''
    for i, m in enumerate(MESSAGES):
        data = m.encode()
        cut = len(data) // 2 if fragments and i % 2 else len(data)
        frames = [Frame(Opcode.TEXT, data[:cut], fin=cut == len(data))]
        if cut < len(data):
            frames += [Frame(Opcode.PING, b'are you there'), Frame(Opcode.CONT, data[cut:])]
        for f in frames:
            out += f.serialize(mask=mask, extensions=extensions)
    return out + Frame(Opcode.CLOSE, b'\x03\xe8bye').serialize(mask=mask, extensions=extensions)


def show(name, data):
    hexed = ['\\x%02x' % b for b in data]
    print('static const char ws_%s[] =' % name)
    for i in range(0, len(hexed), 22):
        print('\t"%s"%s' % (''.join(hexed[i:i + 22]), ';' if i + 22 >= len(hexed) else ''))


print('/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by gen_ws.py. */')
show('client', stream(True, [], True))
show('server', stream(False, [], True))
# Arguments: no takeover of what is received, of what is sent; window bits of both.
show('client_takeover', stream(True, [PerMessageDeflate(False, False, 15, 12)], True))
show('server_takeover', stream(False, [PerMessageDeflate(False, False, 15, 12)], False))
show('server_alone', stream(False, [PerMessageDeflate(False, True, 15, 12)], True))
