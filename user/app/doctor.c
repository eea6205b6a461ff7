// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "probe/features.h"
#include "probe/loader.h"

static void report(struct features *fs, enum feature f)
{
	const struct feature_info *info = feature_info(f);
	const struct feature_result *r = &fs->result[f];
	bool yes = feature_has(fs, f);

	printf("%-4s %-13s %s", yes ? "ok" : info->required ? "NO" : "no", info->name, info->about);
	if (r->detail[0])
		printf("; %s", r->detail);
	if (!yes && r->error)
		printf(" [%s]", strerror(-r->error));
	printf("\n");
	if (!yes)
		printf("     %-13s %s\n", "",
		       r->error == -EPERM || r->error == -EACCES
			       ? "not permitted: run as root, or give the capabilities of the "
				 "README"
			       : info->remedy);
}

/* The proof of the pudding: all programs, through this kernel's verifier. */
static bool report_load(struct features *fs)
{
	struct loader_options opt = { .ring_size = 64u << 10,
				      .multi = feature_has(fs, FEATURE_UPROBE_MULTI),
				      .loop = feature_has(fs, FEATURE_LOOP),
				      .plain = true,
				      .points = feature_has(fs, FEATURE_SOCKETS) };
	char error[LOADER_ERROR_MAX];
	struct loader *l;
	int err = loader_new(&l, &opt, error);

	if (err) {
		printf("NO   %-13s all BPF programs load; %s [%s]\n", "programs", error,
		       strerror(-err));
		return false;
	}
	loader_free(l);
	printf("ok   %-13s all BPF programs load\n", "programs");
	return true;
}

static const char *choice(const struct options *o, struct features *fs)
{
	bool works = feature_has(fs, FEATURE_URETPROBE);

	if (option_is(o, OPT_return_probe, "ret"))
		return "a probe on each return instruction (asked for)";
	if (option_is(o, OPT_return_probe, "uretprobe"))
		return works ? "return probes (asked for)"
			     : "return probes (asked for, although the self-test failed)";
	return works ? "return probes" : "a probe on each return instruction: safe and slow";
}

int command_doctor(const struct options *o)
{
	struct features fs = { 0 };
	struct utsname un;
	bool good = true;

	if (o->rest_count) {
		fprintf(stderr, "earshot: doctor takes no words: %s\n", o->rest[0]);
		return EXIT_USAGE;
	}

	if (uname(&un) == 0)
		printf("earshot %s on Linux %s %s\n\n", EARSHOT_VERSION, un.release, un.machine);
	for (int f = 0; f < FEATURE_COUNT; f++) {
		report(&fs, (enum feature)f);
		good &= feature_has(&fs, (enum feature)f) ||
			!feature_info((enum feature)f)->required;
	}
	if (good)
		good = report_load(&fs);
	if (good)
		printf("\nreturns are caught by %s\nprobes are attached %s\n", choice(o, &fs),
		       feature_has(&fs, FEATURE_UPROBE_MULTI) ? "many in one link" : "one by one");
	else
		printf("\nearshot cannot watch here\n");
	features_done(&fs);
	return good ? EXIT_OK : EXIT_PERM;
}
