/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EARSHOT_PROBE_SELFTEST_H
#define EARSHOT_PROBE_SELFTEST_H

/*
 * selftest - does a return probe kill a seccomp-filtered process on this kernel? x86 kernels
 * from 6.11 return from it through a system call of its own; a filter that does not list the
 * call ends the process, unless the kernel lets it pass. Tried on a child of ours that
 * filters itself and runs a probed function.
 */
#include "base/sv.h"

/*
 * Returns 0 when the child lived and both probes fired, -EFAULT when it died, -ENODATA when
 * nothing fired, or a negative errno when the test could not be made. Descriptors whose close
 * is slow are added to kept. detail: what happened, for people.
 */
int selftest_return_probe(int *kept, size_t cap, size_t *kept_count, char *detail,
			  size_t detail_len);

#endif /* EARSHOT_PROBE_SELFTEST_H */
