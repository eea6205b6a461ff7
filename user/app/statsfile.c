// SPDX-License-Identifier: Apache-2.0
#include "app/statsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const stat_names[ES_STAT_COUNT] = {
#define X(name, text) #name,
	ES_STATS(X)
#undef X
};

static void write_stats(const struct outputs_end *end, struct json_writer *w)
{
	json_write_key(w, SV("stats"));
	json_write_object(w);
	for (int i = 0; i < ES_STAT_COUNT; i++) {
		if (!end->loss[i].events && !end->loss[i].bytes)
			continue;
		json_write_key(w, sv_of(stat_names[i]));
		json_write_object(w);
		json_write_key(w, SV("events"));
		json_write_int(w, (int64_t)end->loss[i].events);
		json_write_key(w, SV("bytes"));
		json_write_int(w, (int64_t)end->loss[i].bytes);
		json_write_object_end(w);
	}
	json_write_object_end(w);
}

static void write_libs(const struct outputs_end *end, struct json_writer *w)
{
	const struct lib_fact *lib;

	json_write_key(w, SV("attach"));
	json_write_array(w);
	for (size_t i = 0; (lib = facts_lib(end->facts, i)); i++) {
		if (!lib->path.len)
			continue;
		json_write_object(w);
		json_write_key(w, SV("pid"));
		json_write_int(w, lib->ns_tgid);
		json_write_pair(w, SV("path"), lib->path);
		json_write_pair(w, SV("stack"), lib->stack);
		json_write_pair(w, SV("found"), lib->found);
		json_write_key(w, SV("library"));
		json_write_int(w, lib->id);
		json_write_pair(w, SV("how"), lib->how);
		json_write_key(w, SV("bytes"));
		json_write_array(w);
		json_write_int(w, (int64_t)lib->bytes[0]);
		json_write_int(w, (int64_t)lib->bytes[1]);
		json_write_array_end(w);
		if (lib->error.len)
			json_write_pair(w, SV("error"), lib->error);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void write_blinds(const struct outputs_end *end, struct json_writer *w)
{
	const struct blind *b;

	json_write_key(w, SV("blind_spots"));
	json_write_array(w);
	for (size_t i = 0; (b = blinds_at(end->blinds, i)); i++) {
		const struct process *p =
			facts_process(end->facts, b->conn.tgid, b->conn.proc_start);
		char peer[80];

		blind_peer(b, peer, sizeof(peer));
		json_write_object(w);
		json_write_key(w, SV("pid"));
		json_write_int(w, process_pid(p, b->conn.tgid));
		json_write_pair(w, SV("exe"), p ? p->exe : SV_NONE);
		json_write_pair(w, SV("host"), sv_of(b->host));
		json_write_pair(w, SV("peer"), sv_of(peer));
		json_write_pair(w, SV("reason"), sv_of(blind_why_name(b->why)));
		json_write_pair(w, SV("detail"), sv_of(b->detail));
		json_write_key(w, SV("io_uring"));
		json_write_bool(w, b->uring);
		json_write_key(w, SV("bytes"));
		json_write_array(w);
		json_write_int(w, (int64_t)b->bytes[0]);
		/* Not told unless the process closed the socket itself: absent is not zero. */
		if (b->bytes[1])
			json_write_int(w, (int64_t)b->bytes[1]);
		json_write_array_end(w);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void write_kinds(struct json_writer *w, struct sv key, const uint64_t v[RPC_KIND_COUNT])
{
	static const char *const names[RPC_KIND_COUNT] = { [RPC_REQUEST] = "requests",
							   [RPC_NOTIFICATION] = "notifications",
							   [RPC_RESPONSE] = "responses",
							   [RPC_ERROR] = "errors",
							   [RPC_BROKEN] = "broken" };

	json_write_key(w, key);
	json_write_object(w);
	for (int k = 0; k < RPC_KIND_COUNT; k++) {
		json_write_key(w, sv_of(names[k]));
		json_write_int(w, (int64_t)v[k]);
	}
	json_write_object_end(w);
}

/* JSON-RPC on standard input and output; pids as the kernel counts in the root namespace. */
static void write_servers(const struct outputs_end *end, struct json_writer *w)
{
	json_write_key(w, SV("stdio"));
	json_write_array(w);
	for (size_t i = 0; i < end->servers->count; i++) {
		const struct server *s = &end->servers->v[i];

		json_write_object(w);
		json_write_key(w, SV("server_tgid"));
		json_write_int(w, s->tgid);
		json_write_key(w, SV("client_tgid"));
		json_write_int(w, s->client_tgid);
		write_kinds(w, SV("to_server"), s->messages[CONN_READ]);
		write_kinds(w, SV("from_server"), s->messages[CONN_WRITE]);
		json_write_key(w, SV("answered"));
		json_write_int(w, (int64_t)s->answered);
		json_write_key(w, SV("unanswered"));
		json_write_int(w, (int64_t)s->unanswered);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void write_counts(const struct outputs_end *end, uint64_t calls, struct json_writer *w)
{
	const struct {
		struct sv name;
		uint64_t value;
	} counts[] = {
		{ SV("calls"), calls },
		{ SV("incomplete"), end->dialect->incomplete },
		{ SV("other_api"), end->dialect->other_api },
		{ SV("unread_api"), end->dialect->unread_api },
		{ SV("not_model"), end->dialect->not_model },
		{ SV("server_role"), end->dialect->server_role },
		{ SV("rpc_calls"), end->rpc->calls },
		{ SV("rpc_unmatched"), end->rpc->unmatched },
		{ SV("rpc_foreign"), end->rpc->foreign },
		{ SV("rpc_both_ends"), end->rpc->both_ends },
		{ SV("http_calls"), end->web->calls },
		{ SV("http_sampled_out"), end->web->sampled_out },
		{ SV("blind_others"), blinds_others(end->blinds) },
		{ SV("streams_opened"), end->totals->opened },
		{ SV("streams_settled"), end->totals->settled },
		{ SV("streams_mismatched"), end->totals->mismatched },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		json_write_key(w, counts[i].name);
		json_write_int(w, (int64_t)counts[i].value);
	}
	for (size_t i = 0; i < end->figure_count; i++) {
		json_write_key(w, sv_of(end->figures[i].name));
		json_write_int(w, (int64_t)end->figures[i].value);
	}
}

static int write_file(const char *path, const struct buf *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err = 0;
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < b->len && !err) {
		ssize_t n = write(fd, b->p + done, b->len - done);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int statsfile_write(const char *path, const struct outputs_end *end, uint64_t calls)
{
	struct json_writer w;
	struct buf b;
	int err;

	buf_init(&b, 0);
	w = json_writer_on(&b);
	json_write_object(&w);
	write_counts(end, calls, &w);
	if (end->accounts)
		accounts_write(end->accounts, &w);
	write_stats(end, &w);
	write_libs(end, &w);
	write_blinds(end, &w);
	write_servers(end, &w);
	json_write_object_end(&w);
	buf_addc(&b, '\n');
	err = b.failed ? -ENOMEM : write_file(path, &b);
	buf_done(&b);
	return err;
}
