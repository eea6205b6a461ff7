/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_CLIENTS_TLS_H
#define EARSHOT_CLIENTS_TLS_H

/* tls - what a client of ours needs of a TLS library. One file for each library. */
#include <stddef.h>
#include <sys/types.h>

struct tls;

/* fd is connected; NULL when there is no trust or no handshake. */
struct tls *tls_open(int fd, const char *host, const char *ca);
/* As write() and read(), and what was written may be less than was asked. */
ssize_t tls_write(struct tls *t, const void *buf, size_t len);
ssize_t tls_read(struct tls *t, void *buf, size_t len);
void tls_close(struct tls *t);

/* "gnutls 3.7.9" */
const char *tls_version(void);

#endif /* EARSHOT_CLIENTS_TLS_H */
