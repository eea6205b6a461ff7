# SPDX-License-Identifier: Apache-2.0
"""All bytes of one direction of a connection, and the digest of any beginning of them."""


class Tape:
    def __init__(self, data=b''):
        self.data = bytearray(data)

    @property
    def count(self):
        return len(self.data)

    def add(self, data):
        self.data += data

    def digest(self, n=None):
        """XXH3-64 of the first n bytes (of all), as 16 hex digits."""
        import xxhash
        return xxhash.xxh3_64_hexdigest(memoryview(self.data)[:n])
