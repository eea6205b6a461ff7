# SPDX-License-Identifier: Apache-2.0
# Kernel side: objects, linked into one, and its skeleton.
BPF_SRCS := $(wildcard bpf/*.bpf.c)
BPF_OBJS := $(patsubst bpf/%.bpf.c,$O/bpf/%.bpf.o,$(BPF_SRCS))
# -mcpu=v2 keeps to the instructions of the oldest kernel served (no fetching atomics).
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v2 -std=gnu11 -D__TARGET_ARCH_$(ARCH) -Iinclude -Ibpf \
              -Wall -Wextra -Werror -Wno-unused-parameter -Wno-compare-distinct-pointer-types \
              -Wno-missing-declarations -Wno-unknown-attributes -Wno-sign-compare

$O/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h include/earshot/*.h)
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) $(BPF_CFLAGS) -c $< -o $@
$O/bpf/earshot.o: $(BPF_OBJS)
	$(call say,BPFLINK,$@)$(BPFTOOL) gen object $@ $^
$O/earshot.skel.h: $O/bpf/earshot.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name earshot_bpf > $@
