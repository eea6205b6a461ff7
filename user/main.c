// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "app/commands.h"

static const struct {
	enum command command;
	int (*run)(const struct options *o);
} commands[] = {
	{ CMD_RUN, command_run },	  { CMD_WATCH, command_watch },
	{ CMD_EXPLAIN, command_explain }, { CMD_REPLAY, command_replay },
	{ CMD_DOCTOR, command_doctor },
};

static int dispatch(const struct options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].command == o->command)
			return commands[i].run(o);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	char error[OPTIONS_ERROR_MAX] = "";
	struct options o;
	int status;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("earshot %s\n", EARSHOT_VERSION);
		return EXIT_OK;
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(0);
		return EXIT_OK;
	}
	if (options_parse(&o, argc, argv, error)) {
		fprintf(stderr, "earshot: %s\n", error);
		options_done(&o);
		return EXIT_USAGE;
	}
	if (o.help) {
		usage(o.command);
		options_done(&o);
		return EXIT_OK;
	}
	status = dispatch(&o);
	options_done(&o);
	return status;
}
