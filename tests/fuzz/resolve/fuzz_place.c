// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a function: what is found lies inside of it, at an instruction's start. */
#include <stdint.h>
#include <stdlib.h>

#include "resolve/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct place_code code = { data + 1, size ? size - 1 : 0, 0x1000, size && (data[0] & 1) };
	uint64_t rets[PLACE_RETS_MAX];
	struct place_callee callee;
	struct place_point p;
	int n;

	if (size < 2)
		return 0;
	if (place_entry(&code, PLACE_ARGS(3), data[0] & 2, &p) == 0 &&
	    (p.addr < code.addr || p.addr >= code.addr + code.len))
		abort();
	place_callee(&code, (enum place_lenp)(data[0] >> 2 & 3), &callee);
	n = place_returns(&code, rets);
	for (int i = 0; i < n; i++)
		if (rets[i] < code.addr || rets[i] >= code.addr + code.len)
			abort();
	return 0;
}
