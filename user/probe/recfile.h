/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_RECFILE_H
#define EARSHOT_PROBE_RECFILE_H

/*
 * recfile - recordings: a header, then records as they came (earshot/abi.h), each padded to
 * 8 bytes, then an end mark. A recording holds plaintext: the file is made with mode 0600.
 *
 * Header, little endian: "EARSHOT\n", u32 file version, u32 ABI version, u64 zero.
 * End mark: a record of type RECFILE_END with nothing but its head.
 */
#include "probe/source.h"

#define RECFILE_VERSION	  1
#define RECFILE_END	  0xffffu
#define RECFILE_ERROR_MAX 160

struct rec_writer;

/* Returns 0; -EEXIST: a file that holds something already is not written over; or -errno. */
int rec_create(struct rec_writer **ret, const char *path);
/* Returns 0 or a negative errno; after a failure the file is given up and stays unmarked. */
int rec_write(struct rec_writer *w, const struct es_head *head);
/* To be called now and then, so that a crash loses little. */
int rec_flush(struct rec_writer *w);
/* Writes the end mark. Returns 0 or the first error there was. Takes NULL. */
int rec_close(struct rec_writer *w);

struct rec_reader;

/*
 * Returns 0; -EINVAL (no recording), -ENOTSUP (newer version), or why the file could not be
 * opened. error: RECFILE_ERROR_MAX bytes, what is wrong, for people.
 */
int rec_open(struct rec_reader **ret, const char *path, char *error);
/*
 * Hands out the next record. Returns 1; 0 at the end mark; -ENODATA when the file ends
 * without one (cut short), -EBADMSG when it is damaged; or what fn returned to stop.
 */
int rec_next(struct rec_reader *r, record_fn *fn, void *ctx, char *error);
void rec_reader_free(struct rec_reader *r);

#endif /* EARSHOT_PROBE_RECFILE_H */
