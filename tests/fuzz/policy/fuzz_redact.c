// SPDX-License-Identifier: Apache-2.0
/*
 * Any text: hits lie in order inside of it, what is between them stays, what came out holds
 * each marker, and a marker is no secret.
 */
#include "policy/redact.h"

#include "../cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv text = { (const char *)data, size }, out = text, again;
	struct redact_hit h;
	size_t from = 0, kept = 0, markers = 0;
	struct arena a;
	int count = 0;

	while (redact_find(text, from, &h)) {
		CHECK(h.at >= from && h.len > 0 && h.len <= size && h.at <= size - h.len);
		CHECK(h.kind && h.kind[0]);
		kept += h.at - from;
		markers += strlen("[REDACTED:]") + strlen(h.kind);
		from = h.at + h.len;
		count++;
	}
	kept += size - from;
	arena_init(&a, 64u << 20);
	CHECK(redact_text(&out, text, &a) == count);
	CHECK(out.len == kept + markers);
	if (!count)
		CHECK(out.p == text.p);
	/* What a marker stands beside may look new, but never grows without end. */
	for (int i = 0; i < 8 && count; i++) {
		count = redact_text(&again, out, &a);
		out = again;
	}
	arena_done(&a);
	return 0;
}
