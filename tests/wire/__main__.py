# SPDX-License-Identifier: Apache-2.0
"""usage: PYTHONPATH=tests python3 -m wire OUT [WORD]    (cases whose name holds WORD)"""
import struct
import sys

from wire import agents, anthropic, bedrock, cohere, compatible, gemini, ollama, openai

MODULES = (openai, anthropic, gemini, bedrock, ollama, cohere, compatible, agents)


def all_cases():
    return [c for m in MODULES for speaker in m.SPEAKERS for c in speaker().cases()]


def write(path, cases):
    """Of each: how it ends, then name, request, answer, want, want with content, each with its
    length in front (32 bits, big endian)."""
    with open(path, 'wb') as f:
        for c in cases:
            fields = [c.end.encode(), c.name.encode(), c.request, c.answer, c.bare.encode(),
                      c.full.encode()]
            for field in fields:
                f.write(struct.pack('>I', len(field)) + field)


def main(argv):
    word = argv[2] if len(argv) > 2 else ''
    cases = [c for c in all_cases() if word in c.name]
    write(argv[1], cases)
    print('%d cases' % len(cases))


if __name__ == '__main__':
    main(sys.argv)
