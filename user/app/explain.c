// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/heard.h"
#include "app/running.h"
#include "app/servers.h"
#include "audit/blind.h"
#include "base/clock.h"
#include "facts/facts.h"

#define LOOK_NS (NS_PER_SEC / 2) /* for the attacher to look at all mappings */

static const char *state_name(uint32_t state)
{
	static const char *const names[] = { [ES_LIB_READ] = "read",
					     [ES_LIB_REFUSED] = "refused",
					     [ES_LIB_FAILED] = "attach failed",
					     [ES_LIB_NO_FILE] = "code not mapped from a file",
					     [ES_LIB_DETACHED] = "detached" };

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

static void print_lib(const struct lib_fact *lib)
{
	printf("\n%.*s: %s\n", SV_ARG(lib->stack), state_name(lib->state));
	printf("  file      %.*s\n", SV_ARG(lib->path));
	printf("  build-id  ");
	for (size_t i = 0; i < lib->build_id.len; i++)
		printf("%02x", (unsigned char)lib->build_id.p[i]);
	printf("%s\n  found by  %.*s\n", lib->build_id.len ? "" : "none", SV_ARG(lib->found));
	if (lib->how.len)
		printf("  points    %.*s\n", SV_ARG(lib->how));
	if (lib->error.len)
		printf("  error     %.*s\n", SV_ARG(lib->error));
	if (lib->state != ES_LIB_READ)
		return;
	printf("  cost      %s\n", lib_is_slow(lib)
					   ? "slow: some point is single-stepped"
					   : "fast: every point is emulated by the kernel");
	printf("  seen      %llu records, %llu bytes sent, %llu received%s\n",
	       (unsigned long long)lib->records, (unsigned long long)lib->bytes[0],
	       (unsigned long long)lib->bytes[1], lib->records ? "" : " (attached, silent)");
}

static void print_libs(const struct facts *f, int pid)
{
	const struct lib_fact *lib;
	size_t count = 0;

	for (size_t i = 0; (lib = facts_lib(f, i)); i++) {
		if (lib->ns_tgid != (uint32_t)pid || !lib->path.len)
			continue;
		print_lib(lib);
		count++;
	}
	if (!count)
		printf("\nno TLS implementation was found in what it maps\n");
}

static void print_plain(const struct heard_sum *sum)
{
	if (!sum->connections) {
		printf("\nplain HTTP: none seen\n");
		return;
	}
	printf("\nplain HTTP: read\n");
	printf("  seen      %llu connection%s, %llu bytes sent, %llu received\n",
	       (unsigned long long)sum->connections, sum->connections == 1 ? "" : "s",
	       (unsigned long long)sum->bytes[0], (unsigned long long)sum->bytes[1]);
}

static uint64_t messages(const struct server *s, enum conn_dir dir)
{
	uint64_t n = 0;

	for (int k = 0; k < RPC_KIND_COUNT; k++)
		n += s->messages[dir][k];
	return n;
}

/* The process asks its children, or answers the one that started it. */
static void print_pipes(const struct facts *f, const struct servers *all, uint32_t tgid)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct server *s = &all->v[i];
		bool client = s->client_tgid == tgid;
		uint32_t other = client ? s->tgid : s->client_tgid;
		const struct process *p = facts_newest(f, other);

		if (!client && s->tgid != tgid)
			continue;
		printf("%s", n++ ? "" : "\nJSON-RPC on standard input and output: read\n");
		printf("  %s    %.*s[%u]: %llu messages to it, %llu from it\n",
		       client ? "server" : "client",
		       SV_ARG(p ? sv_behind_last(p->exe, '/') : SV_NONE), process_pid(p, other),
		       (unsigned long long)messages(s, client ? CONN_READ : CONN_WRITE),
		       (unsigned long long)messages(s, client ? CONN_WRITE : CONN_READ));
	}
	if (!n)
		printf("JSON-RPC on standard input and output: none seen\n");
}

static void print_calls(const struct heard_sum *sum)
{
	printf("\ncalls: %llu of models, %llu of MCP, %llu other HTTP requests\n",
	       (unsigned long long)sum->models, (unsigned long long)sum->mcp,
	       (unsigned long long)sum->http);
}

static void print_blinds(const struct blinds *all, uint32_t tgid)
{
	const struct blind *b;
	size_t n = 0;

	for (size_t i = 0; (b = blinds_at(all, i)); i++) {
		char peer[80];

		if (b->conn.tgid != tgid)
			continue;
		blind_peer(b, peer, sizeof(peer));
		n++;
		printf("blind spot  %s %s: %s%s%s\n", b->host, peer, blind_why_name(b->why),
		       b->detail[0] ? ": " : "", b->detail);
	}
	if (!n)
		printf("blind spots: none seen\n");
}

static void print_losses(struct session *s)
{
	static const char *const texts[] = {
#define X(name, text) text,
		ES_STATS(X)
#undef X
	};
	const struct stat_pair *kernel = facts_loss(pipeline_facts(s->pipeline));
	const struct stat_pair *own = pipeline_stats(s->pipeline);
	bool any = false;

	for (int i = 0; i < ES_STAT_COUNT; i++) {
		unsigned long long events = kernel[i].events + own[i].events;
		unsigned long long bytes = kernel[i].bytes + own[i].bytes;

		/* What passed before explain came is not lost. */
		if ((!events && !bytes) || i == ES_U_JOINED)
			continue;
		printf("lost        %s: %llu times, %llu bytes\n", texts[i], events, bytes);
		any = true;
	}
	if (!any)
		printf("losses: none\n");
}

static void print_all(struct session *s, int pid)
{
	const struct facts *f = pipeline_facts(s->pipeline);
	char path[64], exe[4096];
	const struct process *p = facts_newest_pid(f, (uint32_t)pid);
	uint32_t tgid = p ? p->tgid : 0;
	struct heard_sum sum = heard_of(pipeline_heard(s->pipeline), tgid);
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	printf("process %d: %s\n", pid, n > 0 ? exe : "gone, or a kernel thread");
	print_libs(f, pid);
	if (s->load.plain) {
		print_plain(&sum);
		print_pipes(f, pipeline_servers(s->pipeline), tgid);
	} else {
		printf("\nplain HTTP, standard input and output, blind spots: not looked at\n");
	}
	print_calls(&sum);
	if (s->load.plain)
		print_blinds(pipeline_blinds(s->pipeline), tgid);
	print_losses(s);
}

int command_explain(const struct options *o)
{
	struct session s;
	struct buf out;
	char *end = NULL;
	long pid = o->rest_count == 1 ? strtol(o->rest[0], &end, 10) : 0;
	int status, signals;

	if (pid < 1 || pid > 0x7fffffff || *end) {
		fprintf(stderr, "earshot: explain needs one process id: earshot explain PID\n");
		return EXIT_USAGE;
	}
	signals = running_signals();
	status = session_load(&s, o);
	if (status)
		return status;
	status = running_watch(&s, (int)pid);
	if (status)
		session_leave(status);
	running_wait(&s, signals, clock_mono() + LOOK_NS + o->number[OPT_seconds] * NS_PER_SEC);
	buf_init(&out, 0);
	session_finish(&s, &out);
	buf_done(&out);
	print_all(&s, (int)pid);
	session_leave(EXIT_OK);
}
