// SPDX-License-Identifier: Apache-2.0
#include "resolve/stored.h"

#include <errno.h>

#define PROOF 16 /* bytes compared at a point */

struct stored_stack {
	char name[16], how[512];
	int32_t error;
	uint32_t points, returns;
	uint8_t found, slow, reads, writes, frees, pad[3];
};

struct stored_point {
	uint64_t addr, offset;
	uint32_t prog, arg;
	uint8_t returns, pad[7], proof[PROOF];
};

struct stored_return {
	uint64_t offset;
	uint8_t proof[8];
};

static const char *const names[] = { "openssl", "boringssl", "gnutls", "nss",  "wolfssl", "mbedtls",
				     "s2n",	"go",	     "aws-lc", "ring", TLS_HELPER };

static const char *known_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return names[i];
	return NULL;
}

/* What the file has at an address; zeroes behind the end of its segment. */
static int proof_at(struct elf *e, uint64_t addr, uint8_t proof[PROOF])
{
	memset(proof, 0, PROOF);
	return elf_read(e, addr, proof, PROOF) > 0 ? 0 : -EIO;
}

/* The same by file offset, for returns. */
static int proof_of_return(struct elf *e, uint64_t offset, struct stored_return *ret)
{
	const struct elf_load *loads;
	size_t n = elf_loads(e, &loads);

	*ret = (struct stored_return){ .offset = offset };
	for (size_t i = 0; i < n; i++)
		if (loads[i].code && offset >= loads[i].offset &&
		    offset - loads[i].offset < loads[i].size)
			return elf_read(e, offset - loads[i].offset + loads[i].addr, ret->proof,
					sizeof(ret->proof)) > 0
				       ? 0
				       : -EIO;
	return -EIO;
}

/* ---- writing ---- */

struct out {
	uint8_t *p;
	size_t left;
};

static bool put(struct out *o, const void *p, size_t len)
{
	if (len > o->left)
		return false;
	memcpy(o->p, p, len);
	o->p += len;
	o->left -= len;
	return true;
}

static int put_stack(struct elf *e, struct out *o, const struct tls_stack *s)
{
	struct stored_stack h = { .error = s->error,
				  .points = (uint32_t)s->point_count,
				  .returns = (uint32_t)s->return_count,
				  .found = (uint8_t)s->found,
				  .slow = s->slow,
				  .reads = s->reads,
				  .writes = s->writes,
				  .frees = s->frees };

	if (!known_name(s->name))
		return -EINVAL;
	memcpy(h.name, s->name, strlen(s->name));
	memcpy(h.how, s->how, sizeof(h.how));
	if (!put(o, &h, sizeof(h)))
		return -E2BIG;
	for (size_t i = 0; i < s->point_count; i++) {
		const struct tls_point *p = &s->points[i];
		struct stored_point sp = { .addr = p->addr,
					   .offset = p->offset,
					   .prog = (uint32_t)p->prog,
					   .arg = p->arg,
					   .returns = p->returns };

		if (proof_at(e, p->addr, sp.proof))
			return -EIO;
		if (!put(o, &sp, sizeof(sp)))
			return -E2BIG;
	}
	for (size_t i = 0; i < s->return_count; i++) {
		struct stored_return r;

		if (proof_of_return(e, s->returns[i], &r))
			return -EIO;
		if (!put(o, &r, sizeof(r)))
			return -E2BIG;
	}
	return 0;
}

ssize_t stored_write(struct elf *e, const struct tls_verdict *v, uint8_t *buf, size_t room)
{
	struct out o = { buf, room };
	uint32_t count = (uint32_t)v->count;
	int err = put(&o, &count, sizeof(count)) ? 0 : -E2BIG;

	for (size_t i = 0; i < v->count && !err; i++)
		err = put_stack(e, &o, &v->stacks[i]);
	return err ? err : (ssize_t)(room - o.left);
}

/* ---- reading ---- */

static bool get(struct sv *in, void *p, size_t len)
{
	if (in->len < len)
		return false;
	memcpy(p, in->p, len);
	*in = sv_skip(*in, len);
	return true;
}

static int get_point(struct elf *e, struct sv *in, struct tls_point *ret)
{
	struct stored_point p;
	uint8_t proof[PROOF];
	uint64_t offset;

	if (!get(in, &p, sizeof(p)) || p.prog >= TLS_PROG_COUNT || p.returns > 1)
		return -EBADMSG;
	if (elf_offset(e, p.addr, &offset) || offset != p.offset || proof_at(e, p.addr, proof) ||
	    memcmp(proof, p.proof, PROOF) != 0)
		return -ESTALE;
	*ret = (struct tls_point){ (enum tls_prog)p.prog, p.addr, p.offset, p.arg, p.returns };
	return 0;
}

static int get_return(struct elf *e, struct sv *in, uint64_t *ret)
{
	struct stored_return r, now;

	if (!get(in, &r, sizeof(r)))
		return -EBADMSG;
	if (proof_of_return(e, r.offset, &now) || memcmp(r.proof, now.proof, sizeof(r.proof)) != 0)
		return -ESTALE;
	*ret = r.offset;
	return 0;
}

static int get_stack(struct elf *e, struct sv *in, struct tls_stack *ret)
{
	struct stored_stack h;
	int err = 0;

	if (!get(in, &h, sizeof(h)) || h.points > TLS_POINTS_MAX || h.returns > TLS_RETURNS_MAX ||
	    h.found > FOUND_SEARCH || h.error > 0 || (h.error && (h.points || h.returns)))
		return -EBADMSG;
	h.name[sizeof(h.name) - 1] = h.how[sizeof(h.how) - 1] = '\0';
	*ret = (struct tls_stack){ .name = known_name(h.name),
				   .found = (enum tls_found)h.found,
				   .error = h.error,
				   .slow = h.slow,
				   .reads = h.reads,
				   .writes = h.writes,
				   .frees = h.frees,
				   .point_count = h.points,
				   .return_count = h.returns };
	if (!ret->name)
		return -EBADMSG;
	memcpy(ret->how, h.how, sizeof(h.how));
	for (size_t i = 0; i < h.points && !err; i++)
		err = get_point(e, in, &ret->points[i]);
	for (size_t i = 0; i < h.returns && !err; i++)
		err = get_return(e, in, &ret->returns[i]);
	return err;
}

int stored_read(struct elf *e, const uint8_t *bytes, size_t len, struct tls_verdict *ret)
{
	struct sv in = { (const char *)bytes, len };
	uint32_t count;
	int err = 0;

	if (!get(&in, &count, sizeof(count)) || count > TLS_STACKS_MAX)
		return -EBADMSG;
	for (uint32_t i = 0; i < count && !err; i++)
		err = get_stack(e, &in, &ret->stacks[i]);
	if (err || in.len)
		return err ? err : -EBADMSG;
	ret->count = count;
	return 0;
}
