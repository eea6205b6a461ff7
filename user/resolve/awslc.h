/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_RESOLVE_AWSLC_H
#define EARSHOT_RESOLVE_AWSLC_H

/*
 * awslc - the four functions of aws-lc that every TLS record of rustls and s2n goes through.
 * Their error sites name them: each reports its own set of reasons under the name of the
 * source file, in all releases and builds.
 */
#include "resolve/finder.h"

finder_fn find_awslc;

/*
 * The conditional jump that tests what the method at this place of the method table gave back;
 * false when there is none, or more than one.
 */
bool awslc_method_jump(const struct place_code *code, uint32_t slot, struct place_point *ret);

#endif /* EARSHOT_RESOLVE_AWSLC_H */
