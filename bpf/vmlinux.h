/* SPDX-License-Identifier: (Apache-2.0 OR BSD-2-Clause OR GPL-2.0-only) */
#ifndef EARSHOT_BPF_VMLINUX_H
#define EARSHOT_BPF_VMLINUX_H

/* The name libbpf's headers look for to know where kernel types come from. */
#define __VMLINUX_H__

#if defined(__TARGET_ARCH_x86)
#include "vmlinux_x86.h"
#elif defined(__TARGET_ARCH_arm64)
#include "vmlinux_arm64.h"
#else
#error "no kernel types for this architecture: see tools/gen-vmlinux"
#endif

#endif /* EARSHOT_BPF_VMLINUX_H */
