/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_MODEL_OPT_H
#define EARSHOT_MODEL_OPT_H

/* opt - values that the wire may leave out. Absent is not zero, so presence stands beside. */
#include <stdbool.h>
#include <stdint.h>

struct opt_int {
	int64_t v;
	bool set;
};

struct opt_num {
	double v;
	bool set;
};

struct opt_bool {
	bool v;
	bool set;
};

#endif /* EARSHOT_MODEL_OPT_H */
