// SPDX-License-Identifier: Apache-2.0
/* Any bytes as an ELF file: a verdict or an error, and no point outside of the file's code. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "resolve/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct tls_stack *s, size_t size)
{
	if (s->error) {
		if (s->point_count || s->return_count)
			abort();
		return;
	}
	if (!s->reads && !s->writes)
		abort();
	for (size_t i = 0; i < s->point_count; i++)
		if (s->points[i].offset >= size)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls_verdict v;
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	for (int side = 0; side < 2; side++)
		if (resolve_file(fd, (enum return_side)side, &v) == 0)
			for (size_t i = 0; i < v.count; i++)
				check(&v.stacks[i], size);
	close(fd);
	return 0;
}
