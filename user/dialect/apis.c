// SPDX-License-Identifier: Apache-2.0
#include "dialect/parse.h"

const struct api *const apis[API_COUNT] = {
#define X(name) &api_##name,
	APIS(X)
#undef X
};
