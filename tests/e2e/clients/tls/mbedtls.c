// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

struct tls {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt ca;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context drbg;
	mbedtls_net_context net;
};

struct tls *tls_open(int fd, const char *host, const char *ca)
{
	struct tls *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return NULL;
	mbedtls_ssl_init(&t->ssl);
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_x509_crt_init(&t->ca);
	mbedtls_entropy_init(&t->entropy);
	mbedtls_ctr_drbg_init(&t->drbg);
	t->net.fd = fd;
	if (mbedtls_ctr_drbg_seed(&t->drbg, mbedtls_entropy_func, &t->entropy, NULL, 0) ||
	    mbedtls_x509_crt_parse_file(&t->ca, ca) ||
	    mbedtls_ssl_config_defaults(&t->conf, MBEDTLS_SSL_IS_CLIENT,
					MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT))
		return NULL;
	mbedtls_ssl_conf_ca_chain(&t->conf, &t->ca, NULL);
	mbedtls_ssl_conf_rng(&t->conf, mbedtls_ctr_drbg_random, &t->drbg);
	if (mbedtls_ssl_setup(&t->ssl, &t->conf) || mbedtls_ssl_set_hostname(&t->ssl, host))
		return NULL;
	mbedtls_ssl_set_bio(&t->ssl, &t->net, mbedtls_net_send, mbedtls_net_recv, NULL);
	err = mbedtls_ssl_handshake(&t->ssl);
	if (err)
		fprintf(stderr, "mbedTLS error -0x%x\n", -err);
	return err ? NULL : t;
}

ssize_t tls_write(struct tls *t, const void *buf, size_t len)
{
	return mbedtls_ssl_write(&t->ssl, buf, len);
}

ssize_t tls_read(struct tls *t, void *buf, size_t len)
{
	return mbedtls_ssl_read(&t->ssl, buf, len);
}

void tls_close(struct tls *t)
{
	mbedtls_ssl_close_notify(&t->ssl);
	mbedtls_ssl_free(&t->ssl);
	mbedtls_ssl_config_free(&t->conf);
	mbedtls_x509_crt_free(&t->ca);
	mbedtls_ctr_drbg_free(&t->drbg);
	mbedtls_entropy_free(&t->entropy);
	free(t);
}

const char *tls_version(void)
{
	return MBEDTLS_VERSION_STRING;
}
