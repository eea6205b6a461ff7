// SPDX-License-Identifier: Apache-2.0
/*
 * tlspair - a TLS client and server that count exactly what they move, and what it costs.
 *
 *	tlspair serve PORT-FILE		serves on loopback until it is killed
 *	tlspair client PORT [options]	prints one JSON line
 *
 * A round is one SSL_write and the SSL_read calls that bring as much back; with --one-way,
 * the SSL_write alone. The two are separate programs, so that one can be watched alone.
 * cpu_ns is that of the rounds; all_user_ns and all_sys_ns are the whole process's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define SIZE_MAX_BYTES (4u << 20)
#define NS	       1000000000ull
#define TICK_NS	       1000000ull /* a paced client sends what is due each millisecond */

struct hello {
	uint32_t size;
	uint32_t one_way;
};

struct options {
	uint32_t size;
	uint64_t rounds;
	uint64_t warm_up;
	uint64_t rate; /* rounds a second; 0: as fast as it goes */
	uint64_t connections;
	bool one_way;
	bool ex; /* SSL_write_ex and SSL_read_ex */
};

struct counts {
	uint64_t sent;
	uint64_t received;
	uint64_t writes;
	uint64_t reads;
};

static void die(const char *what)
{
	fprintf(stderr, "tlspair: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(1);
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

/* ---- both sides ---- */

static int read_some(SSL *ssl, void *buf, uint32_t len, bool ex)
{
	size_t got = 0;

	if (!ex)
		return SSL_read(ssl, buf, (int)len);
	return SSL_read_ex(ssl, buf, len, &got) ? (int)got : -1;
}

static bool read_all(SSL *ssl, uint8_t *buf, uint32_t len, bool ex, struct counts *c)
{
	uint32_t have = 0;

	while (have < len) {
		int got = read_some(ssl, buf + have, len - have, ex);

		if (got <= 0)
			return false;
		have += (uint32_t)got;
		c->received += (uint64_t)got;
		c->reads++;
	}
	return true;
}

static bool write_all(SSL *ssl, const uint8_t *buf, uint32_t len, bool ex, struct counts *c)
{
	size_t put = 0;

	if (ex) {
		if (!SSL_write_ex(ssl, buf, len, &put))
			return false;
	} else {
		int n = SSL_write(ssl, buf, (int)len);

		if (n <= 0)
			return false;
		put = (size_t)n;
	}
	c->sent += put;
	c->writes++;
	return put == len;
}

static void no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* ---- server ---- */

struct guest {
	SSL_CTX *ctx;
	int fd;
};

static void serve_rounds(SSL *ssl)
{
	struct counts c = { 0 };
	struct hello h;
	uint8_t *buf;

	if (!read_all(ssl, (uint8_t *)&h, sizeof(h), false, &c) || h.size > SIZE_MAX_BYTES)
		return;
	buf = malloc(h.size);
	if (!buf)
		return;
	while (read_all(ssl, buf, h.size, false, &c)) {
		if (!h.one_way && !write_all(ssl, buf, h.size, false, &c))
			break;
	}
	free(buf);
}

static void *serve_one(void *arg)
{
	struct guest *g = arg;
	SSL *ssl = SSL_new(g->ctx);

	if (ssl && SSL_set_fd(ssl, g->fd) && SSL_accept(ssl) == 1)
		serve_rounds(ssl);
	SSL_free(ssl);
	close(g->fd);
	free(g);
	return NULL;
}

static void use_own_certificate(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;

	if (!key || !name)
		die("certificate");
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24L * 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"localhost", -1, -1,
				   0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	if (!X509_sign(cert, key, EVP_sha256()) || !SSL_CTX_use_certificate(ctx, cert) ||
	    !SSL_CTX_use_PrivateKey(ctx, key))
		die("certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int listen_on_loopback(const char *port_file)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&sa, &len))
		die("listen");
	f = fopen(port_file, "w");
	if (!f || fprintf(f, "%u\n", ntohs(sa.sin_port)) < 0 || fclose(f))
		die(port_file);
	return fd;
}

static _Noreturn void serve(const char *port_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int listener = listen_on_loopback(port_file);

	if (!ctx)
		die("SSL_CTX_new");
	use_own_certificate(ctx);
	for (;;) {
		struct guest *g = malloc(sizeof(*g));
		pthread_t t;

		if (!g)
			die("malloc");
		*g = (struct guest){ ctx, accept(listener, NULL, NULL) };
		if (g->fd < 0)
			die("accept");
		no_delay(g->fd);
		if (pthread_create(&t, NULL, serve_one, g))
			die("pthread_create");
		pthread_detach(t);
	}
}

/* ---- client ---- */

static SSL *dial(SSL_CTX *ctx, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(ctx);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("connect");
	no_delay(fd);
	if (!ssl || !SSL_set_fd(ssl, fd) || SSL_connect(ssl) != 1)
		die("TLS");
	return ssl;
}

static void hang_up(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void round_trip(SSL *ssl, uint8_t *buf, const struct options *o, struct counts *c)
{
	if (!write_all(ssl, buf, o->size, o->ex, c) ||
	    (!o->one_way && !read_all(ssl, buf, o->size, o->ex, c)))
		die("round");
}

/* Sleeps until what has been done is no longer ahead of the rate. */
static void keep_pace(const struct options *o, uint64_t start, uint64_t done)
{
	uint64_t due = start + done * NS / o->rate;
	uint64_t wake = due - due % TICK_NS;
	struct timespec ts = { (time_t)(wake / NS), (long)(wake % NS) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void run_rounds(SSL *ssl, uint8_t *buf, const struct options *o, struct counts *c)
{
	uint64_t start = now(CLOCK_MONOTONIC);

	for (uint64_t i = 0; i < o->rounds; i++) {
		if (o->rate)
			keep_pace(o, start, i);
		round_trip(ssl, buf, o, c);
	}
}

static uint64_t ns_of(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * NS + (uint64_t)tv.tv_usec * 1000;
}

static void report(const struct options *o, const struct counts *c, const struct rusage *ru,
		   uint64_t cpu, uint64_t wall)
{
	uint64_t rounds = o->rounds * o->connections;

	printf("{\"size\":%u,\"rounds\":%llu,\"warm_up\":%llu,\"connections\":%llu,"
	       "\"sent\":%llu,\"received\":%llu,\"writes\":%llu,\"reads\":%llu,"
	       "\"cpu_ns\":%llu,\"all_user_ns\":%llu,\"all_sys_ns\":%llu,\"wall_ns\":%llu,"
	       "\"cpu_ns_per_round\":%.1f,\"rounds_per_s\":%.1f}\n",
	       o->size, (unsigned long long)rounds, (unsigned long long)o->warm_up,
	       (unsigned long long)o->connections, (unsigned long long)c->sent,
	       (unsigned long long)c->received, (unsigned long long)c->writes,
	       (unsigned long long)c->reads, (unsigned long long)cpu,
	       (unsigned long long)ns_of(ru->ru_utime), (unsigned long long)ns_of(ru->ru_stime),
	       (unsigned long long)wall, (double)cpu / (double)rounds,
	       (double)rounds * (double)NS / (double)wall);
}

static int client(uint16_t port, const struct options *o)
{
	struct hello h = { o->size, o->one_way };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	uint8_t *buf = malloc(o->size);
	uint64_t cpu = 0, wall = 0;
	struct counts c = { 0 };
	struct rusage ru;

	if (!ctx || !buf)
		die("set-up");
	memset(buf, 'x', o->size);
	for (uint64_t i = 0; i < o->connections; i++) {
		SSL *ssl = dial(ctx, port);
		uint64_t cpu0, wall0;

		if (!write_all(ssl, (const uint8_t *)&h, sizeof(h), o->ex, &c))
			die("hello");
		for (uint64_t k = 0; k < o->warm_up; k++)
			round_trip(ssl, buf, o, &c);
		cpu0 = now(CLOCK_PROCESS_CPUTIME_ID);
		wall0 = now(CLOCK_MONOTONIC);
		run_rounds(ssl, buf, o, &c);
		cpu += now(CLOCK_PROCESS_CPUTIME_ID) - cpu0;
		wall += now(CLOCK_MONOTONIC) - wall0;
		hang_up(ssl);
	}
	getrusage(RUSAGE_SELF, &ru);
	report(o, &c, &ru, cpu, wall);
	free(buf);
	SSL_CTX_free(ctx);
	return 0;
}

static const struct option longs[] = {
	{ "size", required_argument, NULL, 's' },
	{ "rounds", required_argument, NULL, 'n' },
	{ "warm-up", required_argument, NULL, 'w' },
	{ "rate", required_argument, NULL, 'r' },
	{ "connections", required_argument, NULL, 'c' },
	{ "one-way", no_argument, NULL, '1' },
	{ "ex", no_argument, NULL, 'x' },
	{ NULL, 0, NULL, 0 },
};

static int usage(void)
{
	fprintf(stderr,
		"usage: tlspair serve PORT-FILE\n"
		"       tlspair client PORT [--size BYTES] [--rounds N] [--warm-up N]\n"
		"               [--rate ROUNDS-A-SECOND] [--connections N] [--one-way] [--ex]\n");
	return 2;
}

static bool parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint64_t n = optarg ? strtoull(optarg, NULL, 10) : 0;

		switch (c) {
		case 's':
			o->size = (uint32_t)n;
			break;
		case 'n':
			o->rounds = n;
			break;
		case 'w':
			o->warm_up = n;
			break;
		case 'r':
			o->rate = n;
			break;
		case 'c':
			o->connections = n;
			break;
		case '1':
			o->one_way = true;
			break;
		case 'x':
			o->ex = true;
			break;
		default:
			return false;
		}
	}
	return o->size && o->size <= SIZE_MAX_BYTES && o->rounds && o->connections;
}

int main(int argc, char **argv)
{
	struct options o = { .size = 200, .rounds = 10000, .connections = 1 };

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc < 3 || strcmp(argv[1], "client") != 0 || !parse(argc - 2, argv + 2, &o))
		return usage();
	return client((uint16_t)atoi(argv[2]), &o);
}
