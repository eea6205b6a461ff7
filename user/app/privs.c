// SPDX-License-Identifier: Apache-2.0
#include "app/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool number(const char *text, unsigned int *ret)
{
	char *end;
	unsigned long n;

	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || n >= 0xffffffffu)
		return false;
	*ret = (unsigned int)n;
	return true;
}

int privs_find(struct privs *p, bool as_root, char *error)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
	struct passwd *pw;
	unsigned int uid, gid;

	memset(p, 0, sizeof(*p));
	if (geteuid() != 0 || !uid_text || as_root)
		return 0;
	if (!number(uid_text, &uid) || !number(gid_text, &gid)) {
		snprintf(error, PRIVS_ERROR_MAX,
			 "SUDO_UID and SUDO_GID are not numbers: use sudo, or --as-root");
		return -EINVAL;
	}
	p->change = true;
	p->uid = uid;
	p->gid = gid;
	p->group_count = PRIVS_GROUPS_MAX;
	pw = getpwuid(uid);
	if (!pw) {
		p->groups[0] = gid;
		p->group_count = 1;
		return 0;
	}
	snprintf(p->home, sizeof(p->home), "%s", pw->pw_dir);
	snprintf(p->name, sizeof(p->name), "%s", pw->pw_name);
	if (getgrouplist(pw->pw_name, gid, p->groups, &p->group_count) < 0)
		p->group_count = PRIVS_GROUPS_MAX;
	return 0;
}

int privs_drop(const struct privs *p)
{
	if (!p->change)
		return 0;
	if (setgroups((size_t)p->group_count, p->groups) || setresgid(p->gid, p->gid, p->gid) ||
	    setresuid(p->uid, p->uid, p->uid))
		return -errno;
	/* Proof that the way back is shut. */
	if (p->uid != 0 && setuid(0) == 0)
		return -EPERM;
	if (p->home[0] && setenv("HOME", p->home, 1))
		return -errno;
	if (p->name[0] && (setenv("USER", p->name, 1) || setenv("LOGNAME", p->name, 1)))
		return -errno;
	return 0;
}
