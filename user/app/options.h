/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_OPTIONS_H
#define EARSHOT_APP_OPTIONS_H

/*
 * options - one table for everything that can be set: command line, configuration file,
 * --help and the man page's check all come from it. A row is
 * (name, kind, commands, default, argument, text). "_" in a name is "-" outside.
 */
#include "app/rules.h"
#include "base/sv.h"
#include "policy/policy.h"

enum command {
	CMD_RUN = 1 << 0,
	CMD_REPLAY = 1 << 1,
	CMD_DOCTOR = 1 << 2,
	CMD_WATCH = 1 << 3,
	CMD_EXPLAIN = 1 << 4,
};

#define CMD_LIVE (CMD_RUN | CMD_WATCH) /* what sends spans of live processes */
#define CMD_SEES (CMD_LIVE | CMD_EXPLAIN)

enum option_kind {
	OPTION_TEXT,
	OPTION_PATH, /* a file; there is no "-" */
	OPTION_FLAG,
	OPTION_CHOICE, /* argument: the words, joined by '|' */
	OPTION_SIZE,   /* bytes, with K, M or G; above 0 */
	OPTION_COUNT_, /* a whole number to OPTION_COUNT_MAX */
};

#define OPTION_COUNT_MAX  1000000
#define OPTION_COUNT_TEXT "1000000"

#define OPTIONS(X)                                                                               \
	X(otlp_file, OPTION_PATH, CMD_LIVE | CMD_REPLAY, "", "PATH",                             \
	  "append spans as OTLP/JSON lines")                                                     \
	X(otlp_endpoint, OPTION_TEXT, CMD_LIVE | CMD_REPLAY, "", "URL",                          \
	  "send spans over OTLP/HTTP; /v1/traces is added (see also OTEL_EXPORTER_OTLP_*)")      \
	X(content, OPTION_CHOICE, CMD_LIVE | CMD_REPLAY, "off", "off|redacted|full",             \
	  "prompts, answers and tool arguments on spans")                                        \
	X(record, OPTION_PATH, CMD_LIVE, "", "FILE",                                             \
	  "keep the raw records for replay; holds plaintext, mode 0600")                         \
	X(live, OPTION_TEXT, CMD_LIVE | CMD_REPLAY, "", "FILE",                                  \
	  "show each call as it ends: a file, a fifo or another terminal")                       \
	X(quiet, OPTION_FLAG, CMD_LIVE | CMD_REPLAY, "false", "",                                \
	  "no tree and summary at the end")                                                      \
	X(color, OPTION_CHOICE, CMD_LIVE | CMD_REPLAY, "auto", "auto|always|never",              \
	  "colours in what is printed")                                                          \
	X(stats_file, OPTION_PATH, CMD_LIVE | CMD_REPLAY, "", "PATH",                            \
	  "at the end, write counters and the books of every stream as JSON")                    \
	X(plain, OPTION_CHOICE, CMD_SEES, "auto", "auto|syscalls|off",                           \
	  "plain HTTP on sockets, MCP on standard input and output, and blind spots")            \
	X(scope, OPTION_TEXT, CMD_WATCH, "", "pid:N",                                            \
	  "which processes: pid:N, that one and its descendants")                                \
	X(seconds, OPTION_COUNT_, CMD_EXPLAIN, "3", "N",                                         \
	  "watch so long, to tell what comes through; 0: only look")                             \
	X(http, OPTION_TEXT, CMD_LIVE | CMD_REPLAY, "all", "RULES",                              \
	  "HTTP that is no model call: all, off, or HOST=RATE,... (the first that fits)")        \
	X(body_window, OPTION_SIZE, CMD_LIVE | CMD_REPLAY, "8M", "SIZE",                         \
	  "largest window of a br or zstd body; one that wants more is not read")                \
	X(body_max, OPTION_SIZE, CMD_LIVE | CMD_REPLAY, "256M", "SIZE",                          \
	  "most bytes read of one body, codings removed")                                        \
	X(message_max, OPTION_SIZE, CMD_LIVE | CMD_REPLAY, "64M", "SIZE",                        \
	  "most bytes read of one event of a stream or message of a WebSocket")                  \
	X(providers, OPTION_TEXT, CMD_LIVE | CMD_REPLAY, "", "HOSTS",                            \
	  "model providers at hosts of your own: HOST/PATH=NAME,...")                            \
	X(blind_spots, OPTION_CHOICE, CMD_LIVE | CMD_REPLAY, "models", "models|all",             \
	  "encrypted connections that nobody read: to model hosts, or to any")                   \
	X(as_root, OPTION_FLAG, CMD_RUN, "false", "", "under sudo: run the command as root too") \
	X(ring_size, OPTION_SIZE, CMD_SEES, "16M", "SIZE",                                       \
	  "ring buffer between kernel and daemon; a power of two from 64K to 1G")                \
	X(return_probe, OPTION_CHOICE, CMD_SEES | CMD_DOCTOR, "auto", "auto|uretprobe|ret",      \
	  "how returns are caught: by return probe, or by a probe on each return instruction")   \
	X(attach, OPTION_CHOICE, CMD_SEES, "auto", "auto|multi|single",                          \
	  "one link for many probes, or one event for each")                                     \
	X(all_streams, OPTION_FLAG, CMD_LIVE, "false", "",                                       \
	  "keep taking streams of unknown protocol (--record implies it)")                       \
	X(config, OPTION_PATH, CMD_SEES | CMD_REPLAY | CMD_DOCTOR, "", "FILE",                   \
	  "read options from a YAML file; every option has the same name there")

enum option_id {
#define X(name, kind, commands, def, arg, text) OPT_##name,
	OPTIONS(X)
#undef X
		OPTION_COUNT
};

struct option_info {
	const char *name; /* with '-' */
	enum option_kind kind;
	unsigned int commands;
	const char *def, *arg, *text;
};

const struct option_info *option_info(enum option_id id);

#define OPTIONS_ERROR_MAX 384 /* not less than CONFIG_ERROR_MAX */

struct options {
	enum command command;
	char *value[OPTION_COUNT]; /* owned; never NULL after options_parse() */
	bool given[OPTION_COUNT];  /* on the command line */
	bool from_file[OPTION_COUNT];
	uint64_t number[OPTION_COUNT]; /* OPTION_SIZE, OPTION_COUNT_, OPTION_FLAG (0, 1) */
	struct rules rules;	       /* what http and providers say; not to be copied */
	char **rest;		       /* what follows the options: the command, the file */
	int rest_count;
	bool help, version;
};

/*
 * argv[1] is the command word. Reads --config too. Returns 0, or -EINVAL with error
 * (OPTIONS_ERROR_MAX bytes) naming the option and the remedy. rest borrows argv.
 */
int options_parse(struct options *o, int argc, char **argv, char *error);
void options_done(struct options *o);

/* True when the option has that word. */
bool option_is(const struct options *o, enum option_id id, const char *word);

/* The value, or NULL when it is empty. */
const char *option_text(const struct options *o, enum option_id id);

#endif /* EARSHOT_APP_OPTIONS_H */
