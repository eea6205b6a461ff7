// SPDX-License-Identifier: Apache-2.0
/*
 * NSS above NSPR. Every other connection uses PR_Send and PR_Recv instead of PR_Write and
 * PR_Read, as programs do either. Whom it talks to is not asked: what is tested is what it says.
 */
#include "tls.h"

#include <nspr.h>
#include <nss.h>
#include <private/pprio.h>
#include <ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tls {
	PRFileDesc *fd;
	bool sends;
};

static SECStatus trust_all(void *arg, PRFileDesc *fd)
{
	(void)arg;
	(void)fd;
	return SECSuccess;
}

struct tls *tls_open(int fd, const char *host, const char *ca)
{
	static bool odd;
	struct tls *t = calloc(1, sizeof(*t));
	PRFileDesc *tcp;

	(void)ca;
	if (!t || (!NSS_IsInitialized() && NSS_NoDB_Init(NULL) != SECSuccess))
		return NULL;
	tcp = PR_ImportTCPSocket(dup(fd));
	t->sends = odd = !odd;
	t->fd = tcp ? SSL_ImportFD(NULL, tcp) : NULL;
	if (!t->fd || SSL_OptionSet(t->fd, SSL_SECURITY, PR_TRUE) ||
	    SSL_OptionSet(t->fd, SSL_HANDSHAKE_AS_CLIENT, PR_TRUE) || SSL_SetURL(t->fd, host) ||
	    SSL_BadCertHook(t->fd, trust_all, NULL) || SSL_ResetHandshake(t->fd, PR_FALSE) ||
	    SSL_ForceHandshake(t->fd)) {
		fprintf(stderr, "NSS error %d\n", PR_GetError());
		return NULL;
	}
	return t;
}

ssize_t tls_write(struct tls *t, const void *buf, size_t len)
{
	if (t->sends)
		return PR_Send(t->fd, buf, (PRInt32)len, 0, PR_INTERVAL_NO_TIMEOUT);
	return PR_Write(t->fd, buf, (PRInt32)len);
}

ssize_t tls_read(struct tls *t, void *buf, size_t len)
{
	if (t->sends)
		return PR_Recv(t->fd, buf, (PRInt32)len, 0, PR_INTERVAL_NO_TIMEOUT);
	return PR_Read(t->fd, buf, (PRInt32)len);
}

void tls_close(struct tls *t)
{
	PR_Close(t->fd);
	free(t);
}

const char *tls_version(void)
{
	return NSS_GetVersion();
}
