// SPDX-License-Identifier: Apache-2.0
/* Any answer of a receiver: read or refused, in the memory it was given. */
#include "otlp/otlp.h"

#include "../cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv body = { (const char *)data, size };
	struct otlp_result r = { .rejected = 77 };
	struct arena a;

	for (int format = OTLP_PROTOBUF; format <= OTLP_JSON; format++) {
		arena_init(&a, 1 << 20);
		if (otlp_read_response(&r, body, (enum otlp_format)format, &a) == 0) {
			CHECK(r.message.len <= size * 3);
			CHECK(!r.message.len || r.message.p);
		}
		CHECK(a.used <= a.limit);
		arena_done(&a);
	}
	return 0;
}
