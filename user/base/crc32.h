/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_CRC32_H
#define EARSHOT_BASE_CRC32_H

/* crc32 - the check sum of ISO 3309, as gzip and the AWS event stream have it. */
#include "base/sv.h"

/* crc: of what stood before; 0 at the start. */
uint32_t crc32_add(uint32_t crc, struct sv bytes);

#endif /* EARSHOT_BASE_CRC32_H */
