// SPDX-License-Identifier: Apache-2.0
/* Any bytes as an ELF file: a verdict or an error, and no point outside of the file's code. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "resolve/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls_verdict v;
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	for (int side = 0; side < 2; side++) {
		if (resolve_file(fd, (enum return_side)side, &v) || !v.stack || v.error)
			continue;
		if (!v.reads || !v.writes)
			abort();
		for (size_t i = 0; i < v.point_count; i++)
			if (v.points[i].offset >= size)
				abort();
	}
	close(fd);
	return 0;
}
