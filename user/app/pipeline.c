// SPDX-License-Identifier: Apache-2.0
#include "app/pipeline.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/accounts.h"
#include "app/heard.h"
#include "app/outputs.h"
#include "app/servers.h"
#include "app/unseen.h"
#include "dialect/dialect.h"
#include "exchange/h2.h"
#include "exchange/wsock.h"
#include "facts/facts.h"
#include "policy/policy.h"
#include "probe/recfile.h"
#include "reader/readers.h"
#include "reader/rpc.h"
#include "reader/web.h"
#include "stream/aead.h"

#define REC_FLUSH_NS 1000000000ull

struct pipeline {
	struct pipeline_options opt;
	struct stat_pair stats[ES_STAT_COUNT]; /* the daemon's own, U_ rows */
	struct facts *facts;
	struct unseen *unseen;
	struct aead *aead;
	struct conns *conns;
	struct pairs *pairs;
	struct rpcs *rpcs;
	struct servers servers;
	struct dialect *dialect;
	struct rpc_reader *rpc;
	struct web *web;
	struct readers readers;
	struct outputs *outputs;
	struct accounts *accounts; /* NULL: not asked for */
	struct heard *heard;	   /* NULL: nobody asks */
	struct rec_writer *rec;	   /* NULL: not asked for */
	int rec_error;
	uint64_t now, rec_flushed;
	struct figure figures[PIPELINE_FIGURES_MAX];
	size_t figure_count;
	char notes[4][200];
	size_t note_count;
};

static void on_call(void *ctx, struct call *call)
{
	struct pipeline *p = ctx;

	if (p->heard)
		heard_call(p->heard, call);
	policy_addresses(call);
	outputs_call(p->outputs, call,
		     call->owner_tgid ? facts_newest(p->facts, call->owner_tgid)
				      : facts_process(p->facts, call->id.tgid, call->id.proc_start),
		     facts_machine(p->facts), p->now);
	call_free(call);
}

static void on_ignore(void *ctx, const struct conn *conn)
{
	struct pipeline *p = ctx;

	/* The kernel does not know streams that were made here. */
	if (p->opt.ignore && conn->source != ES_SRC_AEAD)
		p->opt.ignore(p->opt.ignore_ctx, conn->tgid, conn->object, conn->birth);
}

static void on_decided(void *ctx, const struct conn *conn)
{
	struct pipeline *p = ctx;

	unseen_decided(p->unseen, conn);
	if (p->heard)
		heard_stream(p->heard, conn);
}

static aead_out_fn on_made;

/* Who looks at exchanges: calls of models first, then JSON-RPC, then what is left. */
static int build_readers(struct pipeline *p)
{
	const struct rules *rules = &p->opt.options->rules;
	bool content = !option_is(p->opt.options, OPT_content, "off");
	const struct dialect_options d = { .want_content = content,
					   .hosts = rules->hosts,
					   .host_count = rules->host_count };
	const struct rpc_options rpc = { .want_content = content, .fn = on_call, .ctx = p };
	const struct web_options web = {
		.rules = rules->http, .rule_count = rules->http_count, .fn = on_call, .ctx = p
	};
	int err = dialect_new(&p->dialect, &d, on_call, p);

	if (!err)
		err = rpc_reader_new(&p->rpc, &rpc);
	if (!err)
		err = web_new(&p->web, &web);
	if (err)
		return err;
	p->readers.by[EX_READ_MODEL].ops = &dialect_exchange_ops;
	p->readers.by[EX_READ_MODEL].ctx = p->dialect;
	p->readers.by[EX_READ_RPC].ops = &rpc_exchange_ops;
	p->readers.by[EX_READ_RPC].ctx = p->rpc;
	p->readers.by[EX_READ_WEB].ops = &web_exchange_ops;
	p->readers.by[EX_READ_WEB].ctx = p->web;
	return 0;
}

static int build_stages(struct pipeline *p)
{
	const struct aead_opts aead = { .stats = p->stats, .out = on_made, .out_ctx = p };
	struct pairs_opts pairs = {
		.stats = p->stats,
		.ops = &readers_exchange_ops,
		.body_window = p->opt.options->number[OPT_body_window],
		.body_max = p->opt.options->number[OPT_body_max],
		.message_max = p->opt.options->number[OPT_message_max],
	};
	struct rpcs_opts rpcs = { .stats = p->stats,
				  .ops = &rpc_pipe_ops,
				  .closed = servers_closed,
				  .closed_ctx = &p->servers };
	struct conns_opts conns = { .stats = p->stats, .ignore = on_ignore, .ignore_ctx = p };
	struct unseen_opts unseen = {
		.all_hosts = option_is(p->opt.options, OPT_blind_spots, "all") ||
			     p->opt.options->command == CMD_EXPLAIN,
		.hosts = p->opt.options->rules.hosts,
		.host_count = p->opt.options->rules.host_count,
		.detach = p->opt.detach,
		.detach_ctx = p->opt.detach_ctx,
	};
	int err = facts_new(&p->facts);

	if (!err)
		err = build_readers(p);
	unseen.facts = p->facts;
	if (!err)
		err = unseen_new(&p->unseen, &unseen);
	pairs.ctx = &p->readers;
	rpcs.ctx = p->rpc;
	if (!err)
		err = pairs_new(&p->pairs, &pairs);
	if (!err)
		err = rpcs_new(&p->rpcs, &rpcs);
	conns.readers[CONN_HTTP1] = conns.readers[CONN_UNSEEN] =
		(struct conn_reader){ &pairs_sink, p->pairs };
	conns.readers[CONN_HTTP2] = (struct conn_reader){ &h2_sink, p->pairs };
	conns.readers[CONN_WEBSOCKET] = (struct conn_reader){ &wsock_sink, p->pairs };
	conns.readers[CONN_JSONRPC] = (struct conn_reader){ &rpcs_sink, p->rpcs };
	conns.decided = on_decided;
	conns.decided_ctx = p;
	if (!err)
		err = conns_new(&p->conns, &conns);
	if (!err)
		err = aead_new(&p->aead, &aead);
	if (!err && option_text(p->opt.options, OPT_stats_file))
		err = accounts_new(&p->accounts);
	if (!err && p->opt.options->command == CMD_EXPLAIN)
		err = heard_new(&p->heard);
	return err;
}

static int open_recording(struct pipeline *p, char *error)
{
	const char *path = p->opt.replay ? NULL : option_text(p->opt.options, OPT_record);
	int err = path ? rec_create(&p->rec, path) : 0;

	if (err == -EEXIST)
		snprintf(error, PIPELINE_ERROR_MAX,
			 "--record: %.160s exists: a recording is not written over", path);
	else if (err)
		snprintf(error, PIPELINE_ERROR_MAX, "--record %s: %s", path, strerror(-err));
	return err;
}

int pipeline_new(struct pipeline **ret, const struct pipeline_options *opt, char *error)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	int err;

	error[0] = '\0';
	if (!p)
		return -ENOMEM;
	p->opt = *opt;
	err = build_stages(p);
	if (!err)
		err = outputs_new(&p->outputs, opt->options, opt->replay, error);
	/* Last: it leaves a file that the next try would not write over. */
	if (!err)
		err = open_recording(p, error);
	if (err) {
		if (!error[0])
			snprintf(error, PIPELINE_ERROR_MAX, "%s", strerror(-err));
		pipeline_free(p);
		return err;
	}
	*ret = p;
	return 0;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	outputs_free(p->outputs);
	rec_close(p->rec);
	aead_free(p->aead);
	conns_free(p->conns);
	pairs_free(p->pairs);
	rpcs_free(p->rpcs);
	dialect_free(p->dialect);
	rpc_reader_free(p->rpc);
	web_free(p->web);
	unseen_free(p->unseen);
	facts_free(p->facts);
	accounts_free(p->accounts);
	heard_free(p->heard);
	free(p);
}

uint64_t pipeline_now(const struct pipeline *p)
{
	return p->now;
}

uint64_t pipeline_bad_records(const struct pipeline *p)
{
	/* Books that do not balance are counted there too, but all that came was read. */
	return p->stats[ES_U_BAD_RECORD].events - conns_totals(p->conns)->mismatched;
}

void pipeline_count(struct pipeline *p, unsigned int cause, uint64_t events, uint64_t bytes)
{
	p->stats[cause].events += events;
	p->stats[cause].bytes += bytes;
}

void pipeline_figure(struct pipeline *p, const char *name, uint64_t value)
{
	if (p->figure_count < PIPELINE_FIGURES_MAX)
		p->figures[p->figure_count++] = (struct figure){ name, value };
}

void pipeline_note(struct pipeline *p, const char *fmt, ...)
{
	va_list ap;

	if (p->note_count == ARRAY_SIZE(p->notes))
		return;
	va_start(ap, fmt);
	vsnprintf(p->notes[p->note_count++], sizeof(p->notes[0]), fmt, ap);
	va_end(ap);
}

const struct facts *pipeline_facts(const struct pipeline *p)
{
	return p->facts;
}

const struct blinds *pipeline_blinds(const struct pipeline *p)
{
	return unseen_blinds(p->unseen);
}

const struct servers *pipeline_servers(const struct pipeline *p)
{
	return &p->servers;
}

const struct heard *pipeline_heard(const struct pipeline *p)
{
	return p->heard;
}

const struct stat_pair *pipeline_stats(const struct pipeline *p)
{
	return p->stats;
}

static bool bad(struct pipeline *p)
{
	pipeline_count(p, ES_U_BAD_RECORD, 1, 0);
	return false;
}

/* A recording may come from anywhere: sizes are checked before a stage sees the record. */
static bool sized(struct pipeline *p, const struct es_head *rec, size_t least)
{
	return rec->size >= least || bad(p);
}

static void data_record(struct pipeline *p, const struct es_head *rec)
{
	const struct es_data *d = (const void *)rec;

	if (!sized(p, rec, sizeof(*d)))
		return;
	if (d->len > rec->size - sizeof(*d)) {
		bad(p);
		return;
	}
	facts_data(p->facts, d->library, d->dir, d->len);
	conns_data(p->conns, d, (struct sv){ (const char *)d + sizeof(*d), d->len });
}

/* What es_close had at first; recordings made before it grew stay readable. */
#define CLOSE_LEAST offsetof(struct es_close, socket)

static void close_record(struct pipeline *p, const struct es_head *rec)
{
	struct es_close c = { 0 };

	if (!sized(p, rec, CLOSE_LEAST))
		return;
	memcpy(&c, rec, rec->size < sizeof(c) ? rec->size : sizeof(c));
	unseen_close(p->unseen, &c);
	if (p->heard)
		heard_close(p->heard, &c);
	conns_close(p->conns, &c);
}

/* As close_record(). */
#define PEER_LEAST offsetof(struct es_peer, inode)

static void peer_record(struct pipeline *p, const struct es_head *rec)
{
	struct es_peer r = { 0 };

	if (!sized(p, rec, PEER_LEAST))
		return;
	memcpy(&r, rec, rec->size < sizeof(r) ? rec->size : sizeof(r));
	conns_peer(p->conns, &r);
}

static void wire_record(struct pipeline *p, const struct es_head *rec)
{
	const struct es_wire *w = (const void *)rec;

	if (!sized(p, rec, sizeof(*w)))
		return;
	if (w->len > rec->size - sizeof(*w)) {
		bad(p);
		return;
	}
	unseen_wire(p->unseen, w, (struct sv){ (const char *)w + sizeof(*w), w->len });
}

static void aead_record_in(struct pipeline *p, const struct es_head *rec)
{
	const struct es_aead *r = (const void *)rec;

	if (!sized(p, rec, sizeof(*r)))
		return;
	if (r->len > rec->size - sizeof(*r))
		bad(p);
	else
		aead_record(p->aead, r, (struct sv){ (const char *)r + sizeof(*r), r->len });
}

static void proc_record(struct pipeline *p, const struct es_head *rec)
{
	const struct es_proc *r = (const void *)rec;

	if (!sized(p, rec, sizeof(*r)))
		return;
	if (rec->type != ES_REC_FORK)
		aead_proc_gone(p->aead, rec->tgid, r->proc_start, rec->time);
	if (rec->type == ES_REC_EXIT)
		conns_proc_exit(p->conns, rec->tgid, r->proc_start, rec->time);
	if (rec->type == ES_REC_EXEC)
		conns_proc_exec(p->conns, rec->tgid, r->proc_start, rec->time);
	if (facts_record(p->facts, rec))
		bad(p);
}

static void dispatch(struct pipeline *p, const struct es_head *rec)
{
	switch (rec->type) {
	case ES_REC_DATA:
	case ES_REC_GAP:
		data_record(p, rec);
		break;
	case ES_REC_CLOSE:
	case ES_FACT_SETTLE:
		close_record(p, rec);
		break;
	case ES_REC_WIRE:
		wire_record(p, rec);
		break;
	case ES_REC_PEER:
		peer_record(p, rec);
		break;
	case ES_REC_AEAD:
		aead_record_in(p, rec);
		break;
	case ES_FACT_AEAD_TAIL:
		if (sized(p, rec, sizeof(struct es_close)))
			aead_tail(p->aead, (const void *)rec);
		break;
	case ES_REC_AEAD_PEER:
		if (sized(p, rec, sizeof(struct es_peer)))
			aead_peer(p->aead, (const void *)rec);
		break;
	case ES_REC_FORK:
	case ES_REC_EXEC:
	case ES_REC_EXIT:
		proc_record(p, rec);
		break;
	case ES_REC_TICK:
		break;
	default:
		/* A type this version does not know is no error: recordings may be newer. */
		if (facts_record(p->facts, rec))
			bad(p);
		break;
	}
}

/* A stage made this record of others: it goes on as if it had come from the kernel. */
static void on_made(void *ctx, const struct es_head *rec)
{
	struct pipeline *p = ctx;

	if (p->accounts)
		accounts_record(p->accounts, rec);
	dispatch(p, rec);
}

static void tap(struct pipeline *p, const struct es_head *rec)
{
	if (!p->rec || p->rec_error)
		return;
	p->rec_error = rec_write(p->rec, rec);
	if (p->now - p->rec_flushed >= REC_FLUSH_NS) {
		p->rec_flushed = p->now;
		rec_flush(p->rec);
	}
}

void pipeline_record(struct pipeline *p, const struct es_head *rec)
{
	bool tick = rec->type == ES_REC_TICK || rec->time > p->now + 100000000ull;

	if (rec->time > p->now)
		p->now = rec->time;
	tap(p, rec);
	if (p->accounts)
		accounts_record(p->accounts, rec);
	dispatch(p, rec);
	if (tick) {
		aead_tick(p->aead, p->now);
		conns_tick(p->conns, p->now);
		unseen_tick(p->unseen, p->now);
		outputs_tick(p->outputs, p->now);
	}
}

/* ---- the end ---- */

static void sum_loss(const struct pipeline *p, struct view_loss loss[ES_STAT_COUNT])
{
	const struct stat_pair *kernel = facts_loss(p->facts);

	for (int i = 0; i < ES_STAT_COUNT; i++)
		loss[i] = (struct view_loss){ p->stats[i].events + kernel[i].events,
					      p->stats[i].bytes + kernel[i].bytes };
}

/* What the dialects could not read counts like any other loss. */
static void count_dialect_loss(struct pipeline *p)
{
	const struct dialect_stats *d = dialect_stats(p->dialect);

	p->stats[ES_U_JSON_ERROR].events += d->json_errors;
	p->stats[ES_U_ARENA_FULL].events += d->arena_full;
	p->stats[ES_U_CALLS_FULL].events +=
		d->no_memory + rpc_reader_stats(p->rpc)->no_memory + web_stats(p->web)->no_memory;
}

static int close_recording(struct pipeline *p, struct outputs_end *end)
{
	const char *path = option_text(p->opt.options, OPT_record);
	int err = rec_close(p->rec);

	if (!p->rec)
		return 0;
	p->rec = NULL;
	if (!err)
		err = p->rec_error;
	if (err)
		outputs_note(end, "recording %s: %s: it is not whole", path, strerror(-err));
	else
		outputs_note(end, "recording: %s (holds plaintext)", path);
	return err;
}

int pipeline_finish(struct pipeline *p, unsigned int deadline_ms, struct buf *out)
{
	struct view_loss loss[ES_STAT_COUNT];
	struct outputs_end end = { .facts = p->facts,
				   .blinds = unseen_blinds(p->unseen),
				   .servers = &p->servers,
				   .plain_streams = unseen_plain(p->unseen),
				   .accounts = p->accounts,
				   .totals = conns_totals(p->conns),
				   .dialect = dialect_stats(p->dialect),
				   .rpc = rpc_reader_stats(p->rpc),
				   .web = web_stats(p->web),
				   .stats = p->stats,
				   .figures = p->figures,
				   .figure_count = p->figure_count,
				   .deadline_ms = deadline_ms,
				   .loss = loss };
	int err, rec_err;

	/* Also in the recording, so that a replay ends at the same time. */
	aead_stop(p->aead, p->now);
	conns_stop(p->conns, p->now);
	rpc_reader_stop(p->rpc, p->now);
	unseen_stop(p->unseen);
	p->stats[ES_U_WIRE_FULL].events += blinds_missed(unseen_blinds(p->unseen));
	count_dialect_loss(p);
	for (size_t i = 0; i < p->note_count; i++)
		outputs_note(&end, "%s", p->notes[i]);
	rec_err = close_recording(p, &end);
	outputs_flush(p->outputs, &end);
	sum_loss(p, loss);
	err = outputs_finish(p->outputs, &end, out);
	return rec_err ? rec_err : err;
}
