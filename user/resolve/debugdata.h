/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_DEBUGDATA_H
#define EARSHOT_RESOLVE_DEBUGDATA_H

/* debugdata - .gnu_debugdata: an ELF file of symbols, compressed with xz. */
#include "base/sv.h"

/* Of either form; Fedora's largest are below 10 MB unpacked. */
#define DEBUGDATA_MAX (24u << 20)

/* A descriptor of an anonymous file with the contents; -EBADMSG, -E2BIG, -ENOMEM. */
int debugdata_unpack(struct sv packed);

#endif /* EARSHOT_RESOLVE_DEBUGDATA_H */
