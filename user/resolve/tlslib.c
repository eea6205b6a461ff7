// SPDX-License-Identifier: Apache-2.0
#include "resolve/tlslib.h"

/* SSL_read(3), SSL_write(3), SSL_set_fd(3), SSL_free(3); SSL_write_ex2 since OpenSSL 3.3. */
static const struct tls_func openssl[] = {
	{ "SSL_read", TLS_READ, 3 },	       { "SSL_read_ex", TLS_READ_EX, 4 },
	{ "SSL_write", TLS_WRITE, 3 },	       { "SSL_write_ex", TLS_WRITE_EX, 4 },
	{ "SSL_write_ex2", TLS_WRITE_EX2, 5 }, { "SSL_set_fd", TLS_SET_FD, 2 },
	{ "SSL_set_rfd", TLS_SET_FD, 2 },      { "SSL_set_wfd", TLS_SET_FD, 2 },
	{ "SSL_free", TLS_FREE, 1 },
};

const struct tls_lib tls_libs[] = {
	{ "openssl", openssl, ARRAY_SIZE(openssl) },
};
const size_t tls_lib_count = ARRAY_SIZE(tls_libs);

static const struct {
	const char *name;
	bool returns, reads, writes;
} progs[TLS_PROG_COUNT] = {
	[TLS_READ] = { "read", true, true, false },
	[TLS_WRITE] = { "write", true, false, true },
	[TLS_READ_EX] = { "read_ex", true, true, false },
	[TLS_WRITE_EX] = { "write_ex", true, false, true },
	[TLS_WRITE_EX2] = { "write_ex2", true, false, true },
	[TLS_SET_FD] = { "set_fd", false, false, false },
	[TLS_FREE] = { "free", false, false, false },
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
