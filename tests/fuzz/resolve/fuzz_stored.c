// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a kept verdict on some file: refused, or within the file. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <fcntl.h>

#include "resolve/stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls_verdict v;
	static struct elf *self;
	static int fd = -1;

	if (fd < 0) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		if (fd < 0 || elf_open(&self, fd))
			abort();
	}
	if (stored_read(self, data, size, &v))
		return 0;
	for (size_t i = 0; i < v.count; i++) {
		const struct tls_stack *s = &v.stacks[i];
		uint64_t offset;

		if (!s->name || s->point_count > TLS_POINTS_MAX ||
		    s->return_count > TLS_RETURNS_MAX)
			abort();
		for (size_t k = 0; k < s->point_count; k++)
			if (elf_offset(self, s->points[k].addr, &offset))
				abort();
	}
	return 0;
}
