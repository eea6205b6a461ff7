// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a recording: records that are whole, then an end or an error with a reason. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/recfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_record(void *ctx, const struct es_head *rec)
{
	uint64_t *sum = ctx;
	const uint8_t *p = (const void *)rec;

	for (uint32_t i = 0; i < rec->size; i++)
		*sum += p[i];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[RECFILE_ERROR_MAX] = "", path[32];
	int fd = memfd_create("fuzz", 0), err;
	struct rec_reader *r;
	uint64_t sum = 0;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = rec_open(&r, path, error);
	if (!err) {
		do {
			err = rec_next(r, on_record, &sum, error);
		} while (err > 0);
		rec_reader_free(r);
	}
	if (err && !error[0])
		abort();
	close(fd);
	return 0;
}
