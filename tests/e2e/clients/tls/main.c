// SPDX-License-Identifier: Apache-2.0
/*
 * tls-LIBRARY - a client in C, on one TLS library's own read and write.
 *
 *	tls-LIBRARY --version
 *	tls-LIBRARY [--big BYTES] [--turns N] PORT CA MODEL...
 *
 * Makes one chat call for each MODEL on one connection, and prints a JSON line for each with
 * the answer's body in hex. --big: so much text in each prompt. --turns: N connections, one
 * after the other; with E2E_UNTIL, until there is a file of that name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

#define ANSWER_MAX (1u << 20)

static void die(const char *what)
{
	fprintf(stderr, "tls client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int dial(const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("connect");
	return fd;
}

static void send_all(struct tls *t, const char *data, size_t len)
{
	while (len) {
		ssize_t n = tls_write(t, data, len);

		if (n <= 0)
			die("write");
		data += n;
		len -= (size_t)n;
	}
}

static size_t read_answer(struct tls *t, char *buf, char **ret_body)
{
	size_t have = 0, want = 0;

	while (!want || have < want) {
		ssize_t got = tls_read(t, buf + have, ANSWER_MAX - 1 - have);
		char *end, *len;

		if (got <= 0)
			die("answer");
		have += (size_t)got;
		buf[have] = '\0';
		end = strstr(buf, "\r\n\r\n");
		len = end ? strcasestr(buf, "content-length: ") : NULL;
		if (!want && len) {
			*ret_body = end + 4;
			want = (size_t)(*ret_body - buf) + strtoul(len + 16, NULL, 10);
		}
	}
	return have - (size_t)(*ret_body - buf);
}

static void call(struct tls *t, const char *port, const char *model, size_t big, char *buf)
{
	size_t room = 1024 + big, n, len;
	char *req = malloc(room), *pad = calloc(1, big + 1), *body = NULL;
	int skeleton;

	if (!req || !pad)
		die("memory");
	memset(pad, 'x', big);
	skeleton = snprintf(NULL, 0,
			    "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\","
			    "\"content\":\"%s\"}]}",
			    model, pad);
	n = (size_t)snprintf(req, room,
			     "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:%s\r\n"
			     "User-Agent: tls-client/1.0\r\nContent-Type: application/json\r\n"
			     "Content-Length: %d\r\nx-mock: tools=1\r\n\r\n"
			     "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\","
			     "\"content\":\"%s\"}]}",
			     port, skeleton, model, pad);
	send_all(t, req, n);
	len = read_answer(t, buf, &body);
	printf("{\"case\":\"%s\",\"status\":%.3s,\"body_hex\":\"", model, buf + 9);
	for (size_t i = 0; i < len; i++)
		printf("%02x", (unsigned char)body[i]);
	printf("\"}\n");
	fflush(stdout);
	free(req);
	free(pad);
}

int main(int argc, char **argv)
{
	const char *until = getenv("E2E_UNTIL");
	char *buf = malloc(ANSWER_MAX);
	int i = 1, turns = 1;
	size_t big = 0;

	signal(SIGPIPE, SIG_IGN);
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			puts(tls_version());
			return 0;
		}
		if (strcmp(argv[i], "--big") == 0 && i + 1 < argc)
			big = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--turns") == 0 && i + 1 < argc)
			turns = atoi(argv[++i]);
	}
	if (!buf || argc - i < 3) {
		fprintf(stderr, "usage: %s [--big BYTES] [--turns N] PORT CA MODEL...\n", argv[0]);
		return 2;
	}
	for (; turns > 0 || (until && access(until, F_OK)); turns--) {
		int fd = dial(argv[i]);
		struct tls *t = tls_open(fd, "localhost", argv[i + 1]);

		if (!t)
			die("TLS");
		for (int k = i + 2; k < argc; k++)
			call(t, argv[i], argv[k], big, buf);
		tls_close(t);
		close(fd);
	}
	free(buf);
	return 0;
}
