// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	gnutls_session_t session;
	gnutls_certificate_credentials_t trust;
};

struct tls *tls_open(int fd, const char *host, const char *ca)
{
	struct tls *t = calloc(1, sizeof(*t));
	int err;

	if (!t || gnutls_certificate_allocate_credentials(&t->trust) ||
	    gnutls_certificate_set_x509_trust_file(t->trust, ca, GNUTLS_X509_FMT_PEM) <= 0 ||
	    gnutls_init(&t->session, GNUTLS_CLIENT) || gnutls_set_default_priority(t->session) ||
	    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->trust) ||
	    gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, host, strlen(host)))
		return NULL;
	gnutls_session_set_verify_cert(t->session, host, 0);
	gnutls_transport_set_int(t->session, fd);
	do {
		err = gnutls_handshake(t->session);
	} while (err < 0 && !gnutls_error_is_fatal(err));
	if (err < 0)
		fprintf(stderr, "%s\n", gnutls_strerror(err));
	return err < 0 ? NULL : t;
}

ssize_t tls_write(struct tls *t, const void *buf, size_t len)
{
	return gnutls_record_send(t->session, buf, len);
}

ssize_t tls_read(struct tls *t, void *buf, size_t len)
{
	ssize_t n;

	do {
		n = gnutls_record_recv(t->session, buf, len);
	} while (n < 0 && !gnutls_error_is_fatal((int)n));
	return n;
}

void tls_close(struct tls *t)
{
	gnutls_bye(t->session, GNUTLS_SHUT_WR);
	gnutls_deinit(t->session);
	gnutls_certificate_free_credentials(t->trust);
	free(t);
}

const char *tls_version(void)
{
	return gnutls_check_version(NULL);
}
