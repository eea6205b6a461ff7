// SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only)
/*
 * aead - seal and open of aws-lc (also under s2n) and of ring. A sealed record is taken at the
 * entry, while the plaintext is still there; an opened one when it is known to be good.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "aead.h"
#include "aead_bind.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Arguments in registers, and where the others lie at the entry. */
#if defined(__TARGET_ARCH_x86)
#define ARG_REGS    6
#define ARG_SP	    8
#define ARG6	    (ctx->r9)
#define ARG7(t)	    ((t)->stack[0])
#define ARG8(t)	    ((t)->stack[1])
#define ARG_N(t, n) ((t)->stack[(n)-7])
#else
#define ARG_REGS    8
#define ARG_SP	    0
#define ARG6	    (((struct user_pt_regs *)ctx)->regs[5])
#define ARG7(t)	    (((struct user_pt_regs *)ctx)->regs[6])
#define ARG8(t)	    (((struct user_pt_regs *)ctx)->regs[7])
#define ARG_N(t, n) ((t)->stack[(n)-9])
#endif

/*
 * The gate, and the arguments on the stack: args is how many the function has. NULL: not
 * watched, or not readable.
 */
static __always_inline struct aead_thread *enter(struct pt_regs *ctx, __u32 args)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct proc_val *proc = gate(id);
	struct aead_thread *t;

	if (!proc)
		return 0;
	t = aead_thread_get(id);
	if (!t) {
		stat_add(ES_K_THREADS_FULL, 0);
		return 0;
	}
	t->seal.proc_start = t->open.proc_start = proc->start;
	t->seal.flags = t->open.flags = (proc->flags & PROC_LATE) ? ES_F_LATE : 0;
	if (args > ARG_REGS && bpf_probe_read_user(t->stack, (args - ARG_REGS) * 8,
						   (void *)(PT_REGS_SP(ctx) + ARG_SP))) {
		stat_add(ES_K_READ_FAULT, 0);
		return 0;
	}
	return t;
}

/* False: the lengths alone say that it is no TLS record. */
static __always_inline bool set_lengths(struct aead_call *c, __u64 nonce_len, __u64 len,
					__u64 ad_len)
{
	c->sp = 0;
	if (nonce_len != AEAD_NONCE || len > ES_AEAD_MAX ||
	    (ad_len != AEAD_AD_13 && ad_len != AEAD_AD_12)) {
		stat_add(ES_K_AEAD_NOT_TLS, 0);
		return false;
	}
	c->len = len;
	c->ad_len = ad_len;
	return true;
}

/* A record was sealed into out. */
static __always_inline void aead_bind_sealed(struct aead_thread *t, __u64 out)
{
	if (aead_bound(t->seal.key, ES_DIR_WRITE))
		return;
	aead_activate();
	t->last.at = out - AEAD_HEAD;
	t->last.before = t->seal.ad_len == AEAD_AD_12 ? t->last.at - AEAD_EXPLICIT : 0;
	t->last.key = t->seal.key;
	t->last.dir = ES_DIR_WRITE;
	t->last.proc_start = t->seal.proc_start;
	if (!t->first.at)
		t->first = t->last;
}

/* A record that ends before end is about to be opened: which read brought it? */
static __noinline int aead_bind_opening(struct aead_thread *t, __u64 end)
{
	if (!t || aead_bound(t->open.key, ES_DIR_READ))
		return 0;
	aead_activate();
#pragma unroll
	for (int i = 1; i <= AEAD_READS; i++) { /* the newest first */
		struct aead_read *r = &t->reads[(t->read_next - i) & (AEAD_READS - 1)];

		if (r->base < end && end - r->base <= r->len) {
			r->to.key = t->open.key;
			r->to.dir = ES_DIR_READ;
			r->to.proc_start = t->open.proc_start;
			return aead_emit_peer(&r->to);
		}
	}
	return 0;
}

static __always_inline int sealed(struct pt_regs *ctx, struct aead_thread *t, __u64 in, __u64 out)
{
	t->seal.buf = in;
	t->seal.dir = ES_DIR_WRITE;
	t->seal.library = (__u32)es_cookie(ctx);
	aead_emit(&t->seal);
	aead_bind_sealed(t, out);
	return 0;
}

static __always_inline int opening(struct pt_regs *ctx, struct aead_thread *t, __u64 out, __u64 in,
				   bool status)
{
	t->open.sp = PT_REGS_SP(ctx);
	t->open.buf = out;
	t->open.dir = ES_DIR_READ;
	t->open.library = (__u32)es_cookie(ctx);
	t->open.status = status;
	aead_bind_opening(t, in + t->open.len + AEAD_TAG);
	return 0;
}

/* ---- aws-lc: include/openssl/aead.h ---- */

/* (ctx, out, out_len, max_out_len, nonce, nonce_len, in, in_len, ad, ad_len) */
SEC("uprobe")
int es_aead_seal(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 10);

	if (!t || !set_lengths(&t->seal, ARG6, ARG8(t), ARG_N(t, 10)))
		return 0;
	if (!aead_take(&t->seal, PT_REGS_PARM1(ctx), PT_REGS_PARM5(ctx), ARG_N(t, 9), 0))
		return 0;
	return sealed(ctx, t, ARG7(t), PT_REGS_PARM2(ctx));
}

/*
 * (ctx, out, out_tag, out_tag_len, max_out_tag_len, nonce, nonce_len, in, in_len, extra_in,
 *  extra_in_len, ad, ad_len). The content type may come as extra_in.
 */
SEC("uprobe")
int es_aead_seal_scatter(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 13);
	__u64 extra;

	if (!t || !set_lengths(&t->seal, ARG7(t), ARG_N(t, 9), ARG_N(t, 13)))
		return 0;
	extra = ARG_N(t, 11);
	if (extra > 1) {
		stat_add(ES_K_AEAD_NOT_TLS, 0);
		return 0;
	}
	if (!aead_take(&t->seal, PT_REGS_PARM1(ctx), ARG6, ARG_N(t, 12), extra))
		return 0;
	if (extra && bpf_probe_read_user(&t->seal.type, 1, (void *)ARG_N(t, 10)))
		stat_add(ES_K_READ_FAULT, 0);
	return sealed(ctx, t, ARG8(t), PT_REGS_PARM2(ctx));
}

/* (ctx, out, out_len, max_out_len, nonce, nonce_len, in, in_len, ad, ad_len) */
SEC("uprobe")
int es_aead_open(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 10);

	/* A length below the tag's wraps around and is refused. */
	if (!t || !set_lengths(&t->open, ARG6, ARG8(t) - AEAD_TAG, ARG_N(t, 10)))
		return 0;
	if (!aead_take(&t->open, PT_REGS_PARM1(ctx), PT_REGS_PARM5(ctx), ARG_N(t, 9), 0))
		return 0;
	return opening(ctx, t, PT_REGS_PARM2(ctx), ARG7(t), true);
}

/* (ctx, out, nonce, nonce_len, in, in_len, in_tag, in_tag_len, ad, ad_len) */
SEC("uprobe")
int es_aead_open_gather(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 10);

	if (!t || !set_lengths(&t->open, PT_REGS_PARM4(ctx), ARG6, ARG_N(t, 10)))
		return 0;
	if (!aead_take(&t->open, PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx), ARG_N(t, 9), 0))
		return 0;
	return opening(ctx, t, PT_REGS_PARM2(ctx), PT_REGS_PARM5(ctx), true);
}

/* ---- ring: the functions of its aead::Algorithm, by rustc's own calling convention ---- */

/* The first five arguments of all: (result, key, nonce, aad, aad_len). */
static __always_inline bool ring_args(struct pt_regs *ctx, struct aead_thread *t,
				      struct aead_call *c, __u64 len)
{
	if (!set_lengths(c, AEAD_NONCE, len, PT_REGS_PARM5(ctx)))
		return false;
	return aead_take(c, PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx), 0);
}

/* (..., in_out, len) */
SEC("uprobe")
int es_ring_seal(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 7);

	if (!t || !ring_args(ctx, t, &t->seal, ARG7(t)))
		return 0;
	return sealed(ctx, t, ARG6, ARG6);
}

/* 0.16: (..., prefix_len, in_out, len) */
SEC("uprobe")
int es_ring_open_16(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 8);

	if (!t || !ring_args(ctx, t, &t->open, ARG8(t) - ARG6))
		return 0;
	return opening(ctx, t, ARG7(t), ARG7(t) + ARG6, false);
}

/* 0.17: (..., in_out, len, prefix_len) */
SEC("uprobe")
int es_ring_open_17(struct pt_regs *ctx)
{
	struct aead_thread *t = enter(ctx, 8);

	if (!t || !ring_args(ctx, t, &t->open, ARG7(t) - ARG8(t)))
		return 0;
	return opening(ctx, t, ARG6, ARG6 + ARG8(t), false);
}

/* ---- what was opened ---- */

static __always_inline struct aead_thread *in_flight(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct aead_thread *t = bpf_map_lookup_elem(&es_aead_threads, &id);

	/* The gate again: only threads that came through it at an entry are listed. */
	return t && t->open.sp ? t : 0;
}

/* How far below its entry's stack pointer a function of the crypto library can be. */
#define AEAD_FRAME_MAX 1024

#if defined(__TARGET_ARCH_x86)
#define FLAG_ZERO (1u << 6)
/*
 * On the conditional jump behind the method's call inside open or open_gather: its result was
 * just tested. A jump is cheap to probe, a return instruction is not.
 */
SEC("uprobe")
int es_aead_opened(struct pt_regs *ctx)
{
	struct aead_thread *t = in_flight();
	__u64 sp = PT_REGS_SP(ctx);

	if (!t || sp >= t->open.sp || t->open.sp - sp > AEAD_FRAME_MAX)
		return 0;
	t->open.sp = 0;
	if (!(ctx->flags & FLAG_ZERO))
		aead_emit(&t->open);
	return 0;
}
#else
SEC("uprobe")
int es_aead_opened(struct pt_regs *ctx)
{
	return 0;
}
#endif

/*
 * At the return, where there is no such jump. ring gives back the tag it computed and leaves
 * it to its caller to compare: that the record is a good one stands only in what it holds.
 */
SEC("uprobe")
int es_aead_done(struct pt_regs *ctx)
{
	struct aead_thread *t = in_flight();

	if (!t || PT_REGS_SP(ctx) - es_return_sp != t->open.sp)
		return 0;
	t->open.sp = 0;
	if (!t->open.status || (int)PT_REGS_RC(ctx) == 1)
		aead_emit(&t->open);
	return 0;
}
