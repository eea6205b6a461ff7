// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a function's code: what is read off it, on both machines, ends and is in range. */
#include <stdint.h>
#include <stdlib.h>

#include "resolve/flow.h"
#include "resolve/goplace.h"
#include "resolve/uses.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const struct flow_call *call)
{
	const struct place_code *parts = ctx;
	bool inside = false;

	for (int i = 0; i < 2; i++)
		inside |= call->addr >= parts[i].addr && call->addr < parts[i].addr + parts[i].len;
	if (!inside || call->known >= PLACE_ARG(FLOW_ARGS))
		abort();
	return 0;
}

static void check(const struct place_point *p, const struct place_code *code)
{
	if (p->addr < code->addr || p->addr >= code->addr + code->len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct place_code parts[2];
	struct place_point at;
	struct goplace entry;
	struct uses uses;
	uint32_t slot;
	size_t half;

	if (size < 4 || size > 4096)
		return 0;
	half = 2 + (size - 2) * data[1] / 256;
	half += -half & 3; /* arm64 parts lie on words */
	if (half > size)
		half = size;
	parts[0] = (struct place_code){ data + 2, half - 2, 0x10000, data[0] & 1 };
	parts[1] = (struct place_code){ data + half, size - half, 0x20000, data[0] & 1 };
	flow_calls(parts, 2, take, parts);
	flow_calls_before(parts, 2, 0x20000);
	if (uses_args(&parts[0], &uses) == 0 && (uses.read | uses.passed) >= PLACE_ARG(FLOW_ARGS))
		abort();
	if (goplace_entry(&parts[0], &entry) == 0)
		check(&entry.at, &parts[0]);
	if (goplace_call(&parts[0], 0x10000, &at, &slot) == 0)
		check(&at, &parts[0]);
	return 0;
}
