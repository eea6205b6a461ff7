/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROTO_CLIENTHELLO_H
#define EARSHOT_PROTO_CLIENTHELLO_H

/*
 * clienthello - the server's name and the protocols offered in a TLS ClientHello (RFC 8446
 * section 4.1.2, RFC 6066 section 3, RFC 7301), from the first bytes of a connection, which
 * may be cut short.
 */
#include "base/sv.h"

struct clienthello {
	struct sv host; /* host_name of server_name; empty when not there, or not reached */
	bool h2;	/* ALPN offers h2 */
	bool whole;	/* all of it was there */
};

/* Views into bytes. 0, or -EBADMSG when it is no ClientHello. */
int clienthello_parse(struct sv bytes, struct clienthello *ret);

#endif /* EARSHOT_PROTO_CLIENTHELLO_H */
