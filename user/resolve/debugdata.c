// SPDX-License-Identifier: Apache-2.0
#include "resolve/debugdata.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lzma.h>

#define XZ_MEMORY (32u << 20) /* what its decoder may take */
#define OUT	  (64u << 10)

static int write_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n <= 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int run(lzma_stream *z, int fd)
{
	uint8_t out[OUT];
	lzma_ret r = LZMA_OK;
	int err = 0;

	while (!err && r == LZMA_OK) {
		z->next_out = out;
		z->avail_out = sizeof(out);
		r = lzma_code(z, LZMA_FINISH);
		err = write_all(fd, out, sizeof(out) - z->avail_out);
		if (!err && z->total_out > DEBUGDATA_MAX)
			err = -E2BIG;
	}
	return err ? err : r == LZMA_STREAM_END ? 0 : -EBADMSG;
}

int debugdata_unpack(struct sv packed)
{
	lzma_stream z = LZMA_STREAM_INIT;
	int fd, err;

	if (lzma_stream_decoder(&z, XZ_MEMORY, 0) != LZMA_OK)
		return -ENOMEM;
	fd = memfd_create("debugdata", MFD_CLOEXEC);
	if (fd < 0) {
		lzma_end(&z);
		return -ENOMEM;
	}
	z.next_in = (const uint8_t *)packed.p;
	z.avail_in = packed.len;
	err = run(&z, fd);
	lzma_end(&z);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
