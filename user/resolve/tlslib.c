// SPDX-License-Identifier: Apache-2.0
#include "resolve/tlslib.h"

/* SSL_read(3), SSL_write(3), SSL_set_fd(3), SSL_free(3); SSL_write_ex2 since OpenSSL 3.3. */
static const struct tls_func openssl[] = {
	{ "SSL_read", TLS_READ, NULL },		  { "SSL_read_ex", TLS_READ_EX, NULL },
	{ "SSL_write", TLS_WRITE, NULL },	  { "SSL_write_ex", TLS_WRITE_EX, NULL },
	{ "SSL_write_ex2", TLS_WRITE_EX2, NULL }, { "SSL_set_fd", TLS_SET_FD, NULL },
	{ "SSL_set_rfd", TLS_SET_FD, NULL },	  { "SSL_set_wfd", TLS_SET_FD, NULL },
	{ "SSL_free", TLS_FREE, NULL },
};

/* In BoringSSL and aws-lc only (openssl/ssl.h and pool.h there). */
static const char *const boringssl_signs[TLS_SIGNS_MAX] = {
	"SSL_error_description",
	"SSL_CTX_set_grease_enabled",
	"SSL_CTX_set_custom_verify",
	"CRYPTO_BUFFER_new",
};

/* gnutls_record_send(3): calls gnutls_record_send2, which came with 3.6.3. */
static const struct tls_func gnutls[] = {
	{ "gnutls_record_recv", TLS_READ_SZ, NULL },
	{ "gnutls_record_recv_seq", TLS_READ_SZ, NULL },
	{ "gnutls_record_send", TLS_WRITE_SZ, "gnutls_record_send2" },
	{ "gnutls_record_send2", TLS_WRITE_SZ, NULL },
	{ "gnutls_transport_set_int2", TLS_SET_FD, NULL },
	{ "gnutls_deinit", TLS_FREE, NULL },
};

/*
 * NSS has no calls of its own for data: they are those of NSPR, and serve files and plain
 * sockets as well (prio.h). What the bytes are, the line finds out.
 */
static const struct tls_func nspr[] = {
	{ "PR_Read", TLS_READ, NULL },	 { "PR_Recv", TLS_READ, NULL },
	{ "PR_Write", TLS_WRITE, NULL }, { "PR_Send", TLS_WRITE, NULL },
	{ "PR_Close", TLS_FREE, NULL },
};

/* wolfssl/ssl.h */
static const struct tls_func wolfssl[] = {
	{ "wolfSSL_read", TLS_READ, NULL },	      { "wolfSSL_recv", TLS_READ, NULL },
	{ "wolfSSL_write", TLS_WRITE, NULL },	      { "wolfSSL_send", TLS_WRITE, NULL },
	{ "wolfSSL_set_fd", TLS_SET_FD, NULL },	      { "wolfSSL_set_read_fd", TLS_SET_FD, NULL },
	{ "wolfSSL_set_write_fd", TLS_SET_FD, NULL }, { "wolfSSL_free", TLS_FREE, NULL },
};

/* mbedtls/ssl.h: lengths are size_t, results int. */
static const struct tls_func mbedtls[] = {
	{ "mbedtls_ssl_read", TLS_READ, NULL },
	{ "mbedtls_ssl_write", TLS_WRITE, NULL },
	{ "mbedtls_ssl_free", TLS_FREE, NULL },
};

/* s2n.h */
static const struct tls_func s2n[] = {
	{ "s2n_recv", TLS_READ_SZ, NULL },
	{ "s2n_send", TLS_WRITE_SZ, NULL },
	{ "s2n_connection_set_fd", TLS_SET_FD, NULL },
	{ "s2n_connection_free", TLS_FREE, NULL },
};

/* BIO_write(3): what a write seals goes here before anybody sends it. */
static const struct tls_func bio[] = {
	{ "BIO_write", TLS_SEALED, NULL },
};

const struct tls_lib tls_libs[] = {
	{ "openssl", openssl, ARRAY_SIZE(openssl), "boringssl", boringssl_signs },
	{ "gnutls", gnutls, ARRAY_SIZE(gnutls), NULL, NULL },
	{ "nss", nspr, ARRAY_SIZE(nspr), NULL, NULL },
	{ "wolfssl", wolfssl, ARRAY_SIZE(wolfssl), NULL, NULL },
	{ "mbedtls", mbedtls, ARRAY_SIZE(mbedtls), NULL, NULL },
	{ "s2n", s2n, ARRAY_SIZE(s2n), NULL, NULL },
	{ TLS_HELPER, bio, ARRAY_SIZE(bio), NULL, NULL },
};
const size_t tls_lib_count = ARRAY_SIZE(tls_libs);
_Static_assert(ARRAY_SIZE(tls_libs) <= TLS_LIBS_MAX, "TLS_LIBS_MAX");

static const struct {
	const char *name;
	uint8_t args; /* argument registers the program reads */
	bool returns, reads, writes;
} progs[TLS_PROG_COUNT] = {
	[TLS_READ] = { "read", 3, true, true, false },
	[TLS_WRITE] = { "write", 3, true, false, true },
	[TLS_READ_EX] = { "read_ex", 4, true, true, false },
	[TLS_WRITE_EX] = { "write_ex", 4, true, false, true },
	[TLS_WRITE_EX2] = { "write_ex2", 5, true, false, true },
	[TLS_READ_SZ] = { "read_sz", 3, true, true, false },
	[TLS_WRITE_SZ] = { "write_sz", 3, true, false, true },
	[TLS_SET_FD] = { "set_fd", 2, false, false, false },
	[TLS_SEALED] = { "sealed", 3, false, false, false },
	[TLS_GO_WRITE] = { "go_write", 0, false, false, true },
	[TLS_GO_WRITE_JBE] = { "go_write_jbe", 0, false, false, true },
	[TLS_GO_READ] = { "go_read", 0, false, true, false },
	[TLS_GO_CLOSE] = { "go_close", 0, false, false, false },
	[TLS_FREE] = { "free", 1, false, false, false },
	[TLS_AEAD_OPENED] = { "opened", 0, false, false, false },
	[TLS_AEAD_DONE] = { "done", 0, false, false, false },
	[TLS_AEAD_SEAL] = { "seal", 6, false, false, true },
	[TLS_AEAD_SEAL_SCATTER] = { "seal_scatter", 6, false, false, true },
	[TLS_AEAD_OPEN] = { "open", 6, false, true, false },
	[TLS_AEAD_OPEN_GATHER] = { "open_gather", 6, false, true, false },
	[TLS_RING_SEAL] = { "ring_seal", 6, false, false, true },
	[TLS_RING_OPEN_16] = { "ring_open_16", 6, false, true, false },
	[TLS_RING_OPEN_17] = { "ring_open_17", 6, false, true, false },
};

bool tls_prog_returns(enum tls_prog prog)
{
	return progs[prog].returns;
}

bool tls_prog_reads(enum tls_prog prog)
{
	return progs[prog].reads;
}

bool tls_prog_writes(enum tls_prog prog)
{
	return progs[prog].writes;
}

const char *tls_prog_name(enum tls_prog prog)
{
	return progs[prog].name;
}

uint8_t tls_prog_args(enum tls_prog prog)
{
	return progs[prog].args;
}
