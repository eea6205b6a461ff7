// SPDX-License-Identifier: Apache-2.0
/*
 * resolve - what it takes to find the TLS functions in a file: the first time, and from the
 * folder of kept verdicts; and what was found. One line of JSON.
 * usage: resolve FOLDER FILE [ROUNDS]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "resolve/cache.h"
#include "resolve/tlslib.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A line of /proc/self/status, KiB. */
static long status(const char *what)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtol(line + strlen(what), NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

static double once(struct cache *c, int fd, struct tls_verdict *v, bool *hit)
{
	double start = now_ms();

	if (cache_resolve(c, fd, RETURN_URETPROBE, v, hit))
		exit(1);
	return now_ms() - start;
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[2], O_RDONLY) : -1, rounds = argc > 3 ? atoi(argv[3]) : 5;
	double first = 1e9, kept = 1e9, ms;
	static struct tls_verdict v;
	struct cache *c = NULL;
	long base, peak;
	bool hit = false;

	if (fd < 0)
		return 2;
	base = status("VmHWM:");
	for (int i = 0; i < rounds; i++) {
		ms = once(NULL, fd, &v, NULL);
		first = ms < first ? ms : first;
	}
	/* Nothing is mapped from the file: what came on top is anonymous. */
	peak = status("VmHWM:") - base;
	if (cache_open(&c, argv[1]))
		return 1;
	once(c, fd, &v, &hit);
	for (int i = 0; i < rounds; i++) {
		ms = once(c, fd, &v, &hit);
		kept = ms < kept ? ms : kept;
	}
	printf("{\"first_ms\": %.1f, \"kept_ms\": %.2f, \"hit\": %s, \"anon_kib\": %ld, "
	       "\"stacks\": \"",
	       first, kept, hit ? "true" : "false", peak);
	for (size_t i = 0; i < v.count; i++)
		printf("%s%s%s", i ? ", " : "", v.stacks[i].name,
		       v.stacks[i].error ? " (refused)" : "");
	printf("\", \"points\": [");
	for (size_t i = 0; i < v.count; i++)
		for (size_t k = 0; k < v.stacks[i].point_count; k++)
			printf("%s[\"%s\", \"%s\", \"%s\", %llu]", i + k ? ", " : "",
			       v.stacks[i].name, tls_found_name(v.stacks[i].found),
			       tls_prog_name(v.stacks[i].points[k].prog),
			       (unsigned long long)v.stacks[i].points[k].addr);
	printf("]}\n");
	cache_close(c);
	return 0;
}
