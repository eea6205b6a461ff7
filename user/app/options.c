// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/config.h"
#include "export/export.h"

static const struct option_info table[OPTION_COUNT] = {
#define X(name, kind, commands, def, arg, text) { #name, kind, commands, def, arg, text },
	OPTIONS(X)
#undef X
};

const struct option_info *option_info(enum option_id id)
{
	return &table[id];
}

/* Names are written with '-' outside, and the file may use either. */
static bool same_name(const char *name, struct sv word)
{
	if (strlen(name) != word.len)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (name[i] != (word.p[i] == '-' ? '_' : word.p[i]))
			return false;
	return true;
}

static int find_option(struct sv word)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if (same_name(table[i].name, word))
			return i;
	return -1;
}

/* All of text, in digits; *end behind them. */
static int parse_digits(const char *text, uint64_t *ret, char **end)
{
	/* strtoull() would take blanks and signs, and "-1" for a large number. */
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, end, 10);
	return errno ? -EINVAL : 0;
}

static int parse_count(const char *text, uint64_t *ret)
{
	uint64_t n;
	char *end;

	if (parse_digits(text, &n, &end) || *end || n > OPTION_COUNT_MAX)
		return -EINVAL;
	*ret = n;
	return 0;
}

static int parse_size(const char *text, uint64_t *ret)
{
	int shift = 0;
	uint64_t n;
	char *end;

	if (parse_digits(text, &n, &end))
		return -EINVAL;
	if (*end == 'K' || *end == 'k')
		shift = 10;
	else if (*end == 'M' || *end == 'm')
		shift = 20;
	else if (*end == 'G' || *end == 'g')
		shift = 30;
	if ((shift && end[1]) || (!shift && *end) || !n || n > (uint64_t)INT64_MAX >> shift)
		return -EINVAL;
	*ret = n << shift;
	return 0;
}

static bool is_choice(const char *words, const char *value)
{
	size_t len = strlen(value);

	for (const char *w = words; *w;) {
		size_t n = strcspn(w, "|");

		if (n == len && strncmp(w, value, n) == 0)
			return true;
		w += n + (w[n] == '|');
	}
	return false;
}

static void written(const char *name, char *to, size_t len)
{
	snprintf(to, len, "--%s", name);
	for (char *p = to; *p; p++)
		if (*p == '_')
			*p = '-';
}

/* Which option is wrong, and why. */
static void complain(const struct options *o, int id, const char *why, char *error)
{
	const char *path = o->from_file[id] ? o->value[OPT_config] : NULL;
	char name[64];

	written(table[id].name, name, sizeof(name));
	snprintf(error, OPTIONS_ERROR_MAX, "%s%.80s%s%s: %s", path ? "--config " : "",
		 path ? path : "", path ? ": " : "", name, why);
}

/* What a value of that kind is, for an error. */
static const char *wanted(const struct option_info *info)
{
	static const char *const texts[] = {
		[OPTION_TEXT] = "",
		[OPTION_PATH] = "a file: standard output is the command's, or the summary's",
		[OPTION_FLAG] = "true or false",
		[OPTION_CHOICE] = "one of ",
		[OPTION_SIZE] = "a number above 0 like 65536, 64K or 16M",
		[OPTION_COUNT_] = "a whole number from 0 to " OPTION_COUNT_TEXT,
	};

	return texts[info->kind];
}

static int parse_value(struct options *o, int id)
{
	const struct option_info *info = &table[id];
	const char *value = o->value[id];

	switch (info->kind) {
	case OPTION_FLAG:
		o->number[id] = strcmp(value, "true") == 0;
		return o->number[id] || strcmp(value, "false") == 0 ? 0 : -EINVAL;
	case OPTION_CHOICE:
		return is_choice(info->arg, value) ? 0 : -EINVAL;
	case OPTION_SIZE:
		return parse_size(value, &o->number[id]);
	case OPTION_COUNT_:
		return parse_count(value, &o->number[id]);
	case OPTION_PATH:
		return strcmp(value, "-") ? 0 : -EINVAL;
	case OPTION_TEXT:
		break;
	}
	return 0;
}

/*
 * NULL, or what is wrong with a value that no kind tells. An address is not shown, for it may
 * hold a password.
 */
static const char *why_not(const struct options *o, int id, char *why, size_t len)
{
	const struct option_info *info = &table[id];
	bool text = info->kind == OPTION_TEXT || info->kind == OPTION_PATH;

	if (!o->given[id] && !o->from_file[id])
		return NULL;
	if (text && !o->value[id][0]) {
		snprintf(why, len, "the value is empty: it needs %s", info->arg);
		return why;
	}
	/* It is tried at the first span only: what can never work is told at once. */
	if (id == OPT_otlp_endpoint && !export_url_valid(o->value[id]))
		return "that is no address: " EXPORT_URL_WANTED;
	return NULL;
}

static int check_value(struct options *o, int id, char *error)
{
	const struct option_info *info = &table[id];
	char why[OPTIONS_ERROR_MAX];
	const char *wrong = why_not(o, id, why, sizeof(why));

	if (!wrong && parse_value(o, id)) {
		snprintf(why, sizeof(why), "'%.80s' is not %s%s", o->value[id], wanted(info),
			 info->kind == OPTION_CHOICE ? info->arg : "");
		wrong = why;
	}
	if (wrong)
		complain(o, id, wrong, error);
	return wrong ? -EINVAL : 0;
}

/* Options that hold a list. */
static int read_rules(struct options *o, char *error)
{
	char why[RULES_ERROR_MAX];
	int id = OPT_http, err = rules_http(&o->rules, sv_of(o->value[id]), why);

	if (!err) {
		id = OPT_providers;
		err = rules_hosts(&o->rules, sv_of(o->value[id]), why);
	}
	if (err)
		complain(o, id, why, error);
	return err;
}

static int set_value(struct options *o, int id, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(o->value[id]);
	o->value[id] = copy;
	return 0;
}

/* "--name", "--name=value" or "--name value". Returns how many words were taken, or an error. */
static int take_option(struct options *o, char **argv, int left, char *error)
{
	struct sv word = sv_of(argv[0] + 2);
	size_t eq = sv_find(word, '=');
	const char *value = eq < word.len ? argv[0] + 2 + eq + 1 : NULL;
	int id = find_option(sv_cut(word, eq)), used = 1, err;

	if (id < 0 || !(table[id].commands & o->command)) {
		snprintf(error, OPTIONS_ERROR_MAX, "%.*s: no such option here; see --help",
			 (int)eq + 2, argv[0]);
		return -EINVAL;
	}
	if (!value && table[id].kind == OPTION_FLAG)
		value = "true";
	if (!value) {
		/* A forgotten value must not take the next option, or the end of them, for one. */
		if (left < 2 || strncmp(argv[1], "--", 2) == 0) {
			snprintf(error, OPTIONS_ERROR_MAX, "%s: needs %s", argv[0], table[id].arg);
			return -EINVAL;
		}
		value = argv[1];
		used = 2;
	}
	err = set_value(o, id, value);
	o->given[id] = true;
	return err ? err : used;
}

static int take_words(struct options *o, int argc, char **argv, char *error)
{
	int i = 0, kept = 0;

	while (i < argc) {
		int used;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			o->help = true;
			return 0;
		}
		if (strncmp(argv[i], "--", 2)) {
			if (argv[i][0] == '-' && argv[i][1]) {
				snprintf(error, OPTIONS_ERROR_MAX, "%s: no such option; see --help",
					 argv[i]);
				return -EINVAL;
			}
			/* What follows a command to run is its own; a file may stand anywhere. */
			if (o->command == CMD_RUN)
				break;
			argv[kept++] = argv[i++];
			continue;
		}
		used = take_option(o, argv + i, argc - i, error);
		if (used < 0)
			return used;
		i += used;
	}
	while (i < argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	o->rest = argv;
	o->rest_count = kept;
	return 0;
}

static int take_config(struct options *o, char *error)
{
	char *values[OPTION_COUNT] = { NULL };
	const char *path = option_text(o, OPT_config), *names[OPTION_COUNT];
	char text[OPTION_COUNT][48];
	int err = 0;

	/* In the file they are written as on the command line. */
	for (int i = 0; i < OPTION_COUNT; i++) {
		written(table[i].name, text[i], sizeof(text[i]));
		names[i] = text[i] + 2;
	}
	if (path)
		err = config_read(path, names, OPTION_COUNT, values, error);

	if (!err && values[OPT_config]) {
		snprintf(error, OPTIONS_ERROR_MAX, "--config %.80s: config: a file names no other",
			 path);
		err = -EINVAL;
	}
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (!err && values[i] && !o->given[i]) {
			err = set_value(o, i, values[i]);
			o->from_file[i] = true;
		}
		free(values[i]);
	}
	return err;
}

int options_parse(struct options *o, int argc, char **argv, char *error)
{
	static const struct {
		const char *word;
		enum command command;
	} commands[] = { { "run", CMD_RUN },
			 { "watch", CMD_WATCH },
			 { "explain", CMD_EXPLAIN },
			 { "replay", CMD_REPLAY },
			 { "doctor", CMD_DOCTOR } };
	int err;

	*o = (struct options){ 0 };
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].word) == 0)
			o->command = commands[i].command;
	if (!o->command) {
		snprintf(error, OPTIONS_ERROR_MAX,
			 argc > 1 ? "%s: no such command; try 'earshot --help'"
				  : "no command; try 'earshot --help'%s",
			 argc > 1 ? argv[1] : "");
		return -EINVAL;
	}
	for (int i = 0; i < OPTION_COUNT; i++) {
		err = set_value(o, i, table[i].def);
		if (err)
			return err;
	}
	err = take_words(o, argc - 2, argv + 2, error);
	if (!err)
		err = take_config(o, error);
	for (int i = 0; i < OPTION_COUNT && !err; i++)
		err = check_value(o, i, error);
	return err ? err : read_rules(o, error);
}

void options_done(struct options *o)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		free(o->value[i]);
}

bool option_is(const struct options *o, enum option_id id, const char *word)
{
	return strcmp(o->value[id], word) == 0;
}

const char *option_text(const struct options *o, enum option_id id)
{
	return o->value[id] && o->value[id][0] ? o->value[id] : NULL;
}
