// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "app/pipeline.h"
#include "base/buf.h"
#include "probe/recfile.h"

#define FLUSH_MS 30000

static int on_record(void *ctx, const struct es_head *rec)
{
	pipeline_record(ctx, rec);
	return 0;
}

static int feed(struct pipeline *p, struct rec_reader *r, const char *path)
{
	char error[RECFILE_ERROR_MAX] = "";
	int more;

	do {
		more = rec_next(r, on_record, p, error);
	} while (more > 0);
	if (more < 0)
		fprintf(stderr, "earshot: %s: %s\n", path, error);
	return more;
}

/* A recording that was damaged without losing its records' borders. */
static int check_damage(const struct pipeline *p, const char *path)
{
	unsigned long long n = pipeline_bad_records(p);

	if (!n)
		return 0;
	fprintf(stderr, "earshot: %s: incomplete: damaged: %llu record%s of a wrong size or type\n",
		path, n, n == 1 ? "" : "s");
	return -EBADMSG;
}

int command_replay(const struct options *o)
{
	struct pipeline_options opt = { .options = o, .replay = true };
	char error[PIPELINE_ERROR_MAX] = "";
	struct rec_reader *r;
	struct pipeline *p;
	struct buf out;
	int err, end;

	if (o->rest_count != 1) {
		fprintf(stderr,
			"earshot: replay needs one recording: earshot replay [options] FILE\n");
		return EXIT_USAGE;
	}
	err = rec_open(&r, o->rest[0], error);
	if (err) {
		fprintf(stderr, "earshot: %s: %s\n", o->rest[0], error);
		return EXIT_FAIL;
	}
	err = pipeline_new(&p, &opt, error);
	if (err) {
		fprintf(stderr, "earshot: %s\n", error);
		rec_reader_free(r);
		return EXIT_FAIL;
	}
	err = feed(p, r, o->rest[0]);
	buf_init(&out, 0);
	end = pipeline_finish(p, FLUSH_MS, &out);
	if (!err)
		err = check_damage(p, o->rest[0]);
	if (out.len && write(STDOUT_FILENO, out.p, out.len) < 0)
		end = -errno;
	buf_done(&out);
	pipeline_free(p);
	rec_reader_free(r);
	return err || end ? EXIT_FAIL : EXIT_OK;
}
