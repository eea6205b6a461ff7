// SPDX-License-Identifier: Apache-2.0
/*
 * chat - a client in C, on SSL_write and SSL_read, that can also put itself in a cage.
 *
 *	chat [--seccomp] [--pause MS] PORT CA MODEL...
 *
 * Makes one chat call for each MODEL on one connection and prints a JSON line with the
 * answer's hash. --seccomp: once connected, any system call beyond a short list kills the
 * process, as in a sandbox that knows nothing of probes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ANSWER_MAX    (1u << 20)

static void die(const char *what)
{
	fprintf(stderr, "chat: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* ---- the cage ---- */

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

#define ALLOW(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void enter_cage(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(__NR_read),
		ALLOW(__NR_write),
		ALLOW(__NR_close),
		ALLOW(__NR_mmap),
		ALLOW(__NR_munmap),
		ALLOW(__NR_mremap),
		ALLOW(__NR_brk),
		ALLOW(__NR_madvise),
		ALLOW(__NR_getrandom),
		ALLOW(__NR_clock_nanosleep),
		ALLOW(__NR_exit_group),
		ALLOW(__NR_futex),
		ALLOW(__NR_sendto),
		ALLOW(__NR_recvfrom),
		ALLOW(__NR_getpid),
		ALLOW(__NR_fstat),
		ALLOW(__NR_newfstatat),
		ALLOW(__NR_clock_gettime),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		die("seccomp");
}

/* ---- HTTP, as little as it takes: answers with a content-length ---- */

static size_t read_answer(SSL *ssl, char *buf, size_t cap, char **ret_body)
{
	size_t have = 0, want = 0;

	while (!want || have < want) {
		int got = SSL_read(ssl, buf + have, (int)(cap - 1 - have));
		char *end, *len;

		if (got <= 0)
			die("answer");
		have += (size_t)got;
		buf[have] = '\0';
		end = strstr(buf, "\r\n\r\n");
		len = end ? strstr(buf, "content-length: ") : NULL;
		if (!want && len) {
			*ret_body = end + 4;
			want = (size_t)(*ret_body - buf) + strtoul(len + 16, NULL, 10);
		}
	}
	return have - (size_t)(*ret_body - buf);
}

static void print_row(const char *model, const char *head, const char *body, size_t len)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!EVP_Digest(body, len, sum, &n, EVP_sha256(), NULL))
		die("sha256");
	printf("{\"case\":\"%s\",\"status\":%.3s,\"raw_sha256\":\"", model, head + 9);
	for (unsigned int i = 0; i < n; i++)
		printf("%02x", sum[i]);
	printf("\"}\n");
	fflush(stdout);
}

static void call(SSL *ssl, const char *port, const char *model, char *buf)
{
	char body[512], req[1024], *answer = NULL;
	size_t len;
	int n;

	snprintf(body, sizeof(body),
		 "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", model);
	n = snprintf(req, sizeof(req),
		     "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:%s\r\n"
		     "User-Agent: chat-c/1.0\r\nContent-Type: application/json\r\n"
		     "Content-Length: %zu\r\nx-mock: tools=1\r\n\r\n%s",
		     port, strlen(body), body);
	if (SSL_write(ssl, req, n) != n)
		die("SSL_write");
	len = read_answer(ssl, buf, ANSWER_MAX, &answer);
	print_row(model, buf, answer, len);
}

static SSL *dial(const char *port, const char *ca)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons((uint16_t)atoi(port));
	if (!ctx || SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		die(ca);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("connect");
	ssl = SSL_new(ctx);
	if (!ssl || !SSL_set1_host(ssl, "localhost") || !SSL_set_fd(ssl, fd) ||
	    SSL_connect(ssl) != 1)
		die("TLS");
	return ssl;
}

int main(int argc, char **argv)
{
	char *buf = malloc(ANSWER_MAX);
	struct timespec pause = { 0 };
	bool cage = false;
	int i = 1;
	SSL *ssl;

	signal(SIGPIPE, SIG_IGN);
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--seccomp") == 0)
			cage = true;
		else if (strcmp(argv[i], "--pause") == 0 && i + 1 < argc)
			pause.tv_nsec = atol(argv[++i]) * 1000000;
	}
	if (!buf || argc - i < 3) {
		fprintf(stderr, "usage: chat [--seccomp] [--pause MS] PORT CA MODEL...\n");
		return 2;
	}
	ssl = dial(argv[i], argv[i + 1]);
	if (cage)
		enter_cage();
	for (int k = i + 2; k < argc; k++) {
		call(ssl, argv[i], argv[k], buf);
		if (pause.tv_nsec)
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	SSL_shutdown(ssl);
	SSL_free(ssl);
	free(buf);
	return 0;
}
