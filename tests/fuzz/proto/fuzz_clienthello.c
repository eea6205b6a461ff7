// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a ClientHello: an answer whose name lies in the bytes, or an error. */
#include "proto/clienthello.h"

#include "../cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv in = { (const char *)data, size };
	struct clienthello h;

	if (clienthello_parse(in, &h))
		return 0;
	CHECK(h.host.len < 256);
	if (h.host.len)
		CHECK(h.host.p >= in.p && h.host.p + h.host.len <= in.p + in.len);
	return 0;
}
