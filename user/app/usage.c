// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <stdio.h>

static const struct {
	enum command command;
	const char *line, *about;
} commands[] = {
	{ CMD_RUN, "earshot run [options] -- CMD...",
	  "start CMD, watch it and its descendants, end with its exit status" },
	{ CMD_WATCH, "earshot watch --scope pid:N [options]",
	  "watch a process that runs already, and its descendants" },
	{ CMD_EXPLAIN, "earshot explain [options] PID", "say how one process is read, or why not" },
	{ CMD_REPLAY, "earshot replay [options] FILE",
	  "rebuild everything from a recording, without root" },
	{ CMD_DOCTOR, "earshot doctor [options]", "say what this kernel allows" },
};

static void print_option(const struct option_info *info)
{
	char name[80];
	int n = snprintf(name, sizeof(name), "--%s%s%s", info->name, info->arg[0] ? " " : "",
			 info->arg);

	for (char *p = name; *p && *p != ' '; p++)
		if (*p == '_')
			*p = '-';
	printf("  %-38s%s%s", name, n > 37 ? "\n                                        " : "",
	       info->text);
	if (info->def[0] && info->kind != OPTION_FLAG)
		printf(" [%s]", info->def);
	printf("\n");
}

void usage(unsigned int command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!command || commands[i].command == command)
			printf("  %-36s  %s\n", commands[i].line, commands[i].about);
	if (!command) {
		printf("\n'earshot COMMAND --help' lists a command's options; --version tells "
		       "ours.\n"
		       "Example: sudo earshot run --otlp-file spans.jsonl -- python3 agent.py\n");
		return;
	}
	printf("\n");
	for (int i = 0; i < OPTION_COUNT; i++)
		if (option_info((enum option_id)i)->commands & command)
			print_option(option_info((enum option_id)i));
}
