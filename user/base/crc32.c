// SPDX-License-Identifier: Apache-2.0
#include "base/crc32.h"

#include <zlib.h>

uint32_t crc32_add(uint32_t crc, struct sv bytes)
{
	return bytes.len ? (uint32_t)crc32_z(crc, (const Bytef *)bytes.p, bytes.len) : crc;
}
