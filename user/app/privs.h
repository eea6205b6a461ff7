/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_APP_PRIVS_H
#define EARSHOT_APP_PRIVS_H

/* privs - who the watched command runs as. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PRIVS_GROUPS_MAX 256
#define PRIVS_ERROR_MAX	 160

struct privs {
	bool change; /* false: stay who we are */
	uid_t uid;
	gid_t gid;
	gid_t groups[PRIVS_GROUPS_MAX];
	int group_count;
	char home[256], name[64];
};

/*
 * Under sudo (SUDO_UID is set and we are root) the command runs as the caller, unless
 * as_root. Looked up before fork: the child may only make system calls. Returns 0, or
 * -EINVAL with error when the variables make no sense.
 */
int privs_find(struct privs *p, bool as_root, char *error);

/* In the child: becomes that user for good. Returns 0 or a negative errno. */
int privs_drop(const struct privs *p);

#endif /* EARSHOT_APP_PRIVS_H */
