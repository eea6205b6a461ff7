// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

struct tls {
	WOLFSSL_CTX *ctx;
	WOLFSSL *ssl;
};

struct tls *tls_open(int fd, const char *host, const char *ca)
{
	struct tls *t = calloc(1, sizeof(*t));

	wolfSSL_Init();
	if (!t)
		return NULL;
	t->ctx = wolfSSL_CTX_new(wolfTLSv1_2_client_method());
	if (!t->ctx || wolfSSL_CTX_load_verify_locations(t->ctx, ca, NULL) != WOLFSSL_SUCCESS)
		return NULL;
	t->ssl = wolfSSL_new(t->ctx);
	if (!t->ssl || wolfSSL_check_domain_name(t->ssl, host) != WOLFSSL_SUCCESS ||
	    wolfSSL_set_fd(t->ssl, fd) != WOLFSSL_SUCCESS)
		return NULL;
	if (wolfSSL_connect(t->ssl) != WOLFSSL_SUCCESS) {
		fprintf(stderr, "wolfSSL error %d\n", wolfSSL_get_error(t->ssl, -1));
		return NULL;
	}
	return t;
}

ssize_t tls_write(struct tls *t, const void *buf, size_t len)
{
	return wolfSSL_write(t->ssl, buf, (int)len);
}

ssize_t tls_read(struct tls *t, void *buf, size_t len)
{
	return wolfSSL_read(t->ssl, buf, (int)len);
}

void tls_close(struct tls *t)
{
	wolfSSL_shutdown(t->ssl);
	wolfSSL_free(t->ssl);
	wolfSSL_CTX_free(t->ctx);
	free(t);
}

const char *tls_version(void)
{
	return wolfSSL_lib_version();
}
