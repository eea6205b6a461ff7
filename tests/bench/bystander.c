// SPDX-License-Identifier: Apache-2.0
/*
 * bystander - a process that nobody watches, and what its system calls cost.
 *
 * usage: bystander SYSCALLS REQUESTS
 *
 * Prints as JSON CPU nanoseconds: of a read and a write of one byte through a pipe and through a
 * pair of sockets, of getppid (another system call), and of a request of an HTTP server and its
 * client over loopback, in one process, with connections kept open.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char request[] =
	"GET /health HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
			     "Content-Length: 15\r\n\r\n{\"ok\": \"fine!\"}";

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *serve(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		if (write(fd, answer, sizeof(answer) - 1) < 0)
			die("write");
	close(fd);
	return NULL;
}

/* CPU of both ends, by request. */
static double http(long requests)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t server;
	char buf[4096];
	double cpu;

	if (bind(listener, (void *)&a, sizeof(a)) || listen(listener, 1) ||
	    getsockname(listener, (void *)&a, &len) ||
	    pthread_create(&server, NULL, serve, &listener) || connect(fd, (void *)&a, sizeof(a)))
		die("socket");
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < requests; i++)
		if (write(fd, request, sizeof(request) - 1) < 0 || read(fd, buf, sizeof(buf)) <= 0)
			die("request");
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	close(fd);
	pthread_join(server, NULL);
	close(listener);
	return cpu / (double)requests;
}

static void byte_through(const int fd[2], long n)
{
	char byte = 'x';

	for (long i = 0; i < n; i++)
		if (write(fd[1], &byte, 1) != 1 || read(fd[0], &byte, 1) != 1)
			die("byte");
}

static void other(const int fd[2], long n)
{
	(void)fd;
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
}

#define ROUNDS 20

/* The best of some rounds: what else the machine does then shows least. */
static double best(void (*work)(const int fd[2], long n), const int fd[2], long n)
{
	double least = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double cpu = now(CLOCK_PROCESS_CPUTIME_ID);

		work(fd, n / ROUNDS);
		cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		if (!i || cpu < least)
			least = cpu;
	}
	return least / (double)(n / ROUNDS);
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[1]) : 0, requests = argc > 2 ? atol(argv[2]) : 0;
	int p[2], s[2];

	if (n < ROUNDS || requests < 1) {
		fprintf(stderr, "usage: bystander SYSCALLS REQUESTS\n");
		return 2;
	}
	if (pipe(p) || socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		die("pipe");
	printf("{\"pipe\": %.1f, \"socket\": %.1f, \"other\": %.1f, \"http\": %.1f}\n",
	       best(byte_through, p, n) / 2, best(byte_through, s, n) / 2, best(other, p, n),
	       http(requests));
	return 0;
}
