/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_BASE_HOSTNAME_H
#define EARSHOT_BASE_HOSTNAME_H

/* hostname - hosts as HTTP writes them (RFC 9110 section 7.2), and patterns of them. */
#include "base/sv.h"

/* Host, and port (0: none written) of a Host field: "h", "h:p", "[v6]:p". */
void hostname_split(struct sv field, struct sv *host, uint16_t *port);

/* In a pattern one '*' stands for any text; case does not count. */
bool hostname_fits(struct sv host, struct sv pattern);

#endif /* EARSHOT_BASE_HOSTNAME_H */
