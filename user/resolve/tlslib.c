// SPDX-License-Identifier: Apache-2.0
#include "resolve/tlslib.h"

/* SSL_read(3), SSL_write(3), SSL_set_fd(3), SSL_free(3); SSL_write_ex2 since OpenSSL 3.3. */
static const struct tls_func openssl[] = {
	{ "SSL_read", TLS_READ },	    { "SSL_read_ex", TLS_READ_EX },
	{ "SSL_write", TLS_WRITE },	    { "SSL_write_ex", TLS_WRITE_EX },
	{ "SSL_write_ex2", TLS_WRITE_EX2 }, { "SSL_set_fd", TLS_SET_FD },
	{ "SSL_set_rfd", TLS_SET_FD },	    { "SSL_set_wfd", TLS_SET_FD },
	{ "SSL_free", TLS_FREE },
};

const struct tls_lib tls_libs[] = {
	{ "openssl", openssl, ARRAY_SIZE(openssl) },
};
const size_t tls_lib_count = ARRAY_SIZE(tls_libs);

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
