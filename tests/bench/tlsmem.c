// SPDX-License-Identifier: Apache-2.0
/*
 * tlsmem - what one TLS send and receive costs the process that makes them.
 *
 *	tlsmem SIZE ROUNDS [socket|bio]	prints one JSON line
 *
 * Client and server live in one thread, so that no other process blurs the figure: a round
 * is one SSL_write of SIZE bytes by the client and the SSL_read calls that take them out at
 * the server. They are joined by a socket pair, as a real process is to its peer, or by a
 * memory BIO pair, which leaves the library alone. cpu_ns_per_round is the process's own CPU
 * time; sent and received count both ends' plaintext.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define SIZE_LIMIT 16384
#define WARM_UP	   1000

static void die(const char *what)
{
	fprintf(stderr, "tlsmem: %s\n", what);
	exit(1);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static X509 *self_signed(EVP_PKEY *key)
{
	X509 *x = X509_new();

	if (!x || !ASN1_INTEGER_set(X509_get_serialNumber(x), 1) ||
	    !X509_gmtime_adj(X509_getm_notBefore(x), 0) ||
	    !X509_gmtime_adj(X509_getm_notAfter(x), 3600) || !X509_set_pubkey(x, key) ||
	    !X509_sign(x, key, EVP_sha256()))
		die("certificate");
	return x;
}

/* Room for two messages on the way: one thread must never block on itself. */
static void join(SSL *client, SSL *server, int socket)
{
	int fds[2], room = 4 * SIZE_LIMIT;
	BIO *a, *b;

	if (socket) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
			die("socketpair");
		for (int i = 0; i < 2; i++)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		SSL_set_fd(client, fds[0]);
		SSL_set_fd(server, fds[1]);
		return;
	}
	if (!BIO_new_bio_pair(&a, 65536, &b, 65536))
		die("BIO pair");
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
}

static void set_blocking(SSL *s, int on)
{
	int fd = SSL_get_fd(s);

	if (fd >= 0)
		fcntl(fd, F_SETFL, on ? 0 : O_NONBLOCK);
}

static void connect_both(SSL **client, SSL **server, int socket)
{
	SSL_CTX *cc = SSL_CTX_new(TLS_client_method()), *sc = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (!cc || !sc || !key || SSL_CTX_use_certificate(sc, self_signed(key)) != 1 ||
	    SSL_CTX_use_PrivateKey(sc, key) != 1)
		die("set-up");
	*client = SSL_new(cc);
	*server = SSL_new(sc);
	join(*client, *server, socket);
	set_blocking(*client, 0);
	set_blocking(*server, 0);
	SSL_set_connect_state(*client);
	SSL_set_accept_state(*server);
	for (int i = 0; i < 100; i++) {
		int c = SSL_do_handshake(*client), s = SSL_do_handshake(*server);

		if (c == 1 && s == 1) {
			set_blocking(*client, 1);
			set_blocking(*server, 1);
			return;
		}
	}
	die("handshake");
}

static uint64_t rounds(SSL *client, SSL *server, int size, long n, uint64_t *received)
{
	static char out[SIZE_LIMIT], in[SIZE_LIMIT];
	uint64_t start = cpu_ns();

	for (long i = 0; i < n; i++) {
		int got = 0, r;

		if (SSL_write(client, out, size) != size)
			die("SSL_write");
		while (got < size) {
			r = SSL_read(server, in, sizeof(in));
			if (r <= 0)
				die("SSL_read");
			got += r;
		}
		*received += (uint64_t)got;
	}
	return cpu_ns() - start;
}

int main(int argc, char **argv)
{
	int size = argc >= 3 ? atoi(argv[1]) : 0;
	long n = argc >= 3 ? atol(argv[2]) : 0;
	uint64_t received = 0, ns;
	SSL *client, *server;

	if (size < 1 || size > SIZE_LIMIT || n < 1)
		die("usage: tlsmem SIZE ROUNDS [socket|bio] (SIZE up to 16384)");
	connect_both(&client, &server, argc < 4 || strcmp(argv[3], "bio"));
	rounds(client, server, size, WARM_UP, &received);
	ns = rounds(client, server, size, n, &received);
	printf("{\"size\":%d,\"rounds\":%ld,\"sent\":%llu,\"received\":%llu,"
	       "\"cpu_ns_per_round\":%.1f}\n",
	       size, n, (unsigned long long)size * (unsigned long long)(n + WARM_UP),
	       (unsigned long long)received, (double)ns / (double)n);
	SSL_free(client);
	SSL_free(server);
	return 0;
}
