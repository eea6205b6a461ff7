// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a sequence of records for the line's memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts *f;

	if (facts_new(&f))
		abort();
	while (size >= sizeof(struct es_head)) {
		struct es_head head;
		char *copy;

		memcpy(&head, data, sizeof(head));
		if (head.size < sizeof(head) || head.size > size)
			head.size = (uint32_t)size;
		copy = malloc(head.size);
		if (!copy)
			abort();
		memcpy(copy, data, head.size);
		memcpy(copy, &head, sizeof(head));
		facts_record(f, (const void *)copy);
		facts_process(f, head.tgid, 0);
		free(copy);
		data += head.size;
		size -= head.size;
	}
	facts_free(f);
	return 0;
}
