# SPDX-License-Identifier: Apache-2.0
# tests/unit/<folder>/test_*.c -> one cmocka program each, sanitized.
# tests/fuzz/<folder>/fuzz_*.c -> one libFuzzer program each (clang only).
UNIT_SRCS := $(wildcard tests/unit/*/test_*.c)
UNIT_BINS := $(patsubst tests/unit/%.c,$O/unit/%,$(UNIT_SRCS))
FUZZ_SRCS := $(wildcard tests/fuzz/*/fuzz_*.c)
FUZZ_BINS := $(patsubst tests/fuzz/%.c,$O/fuzzers/%,$(FUZZ_SRCS))

folder_of = $(firstword $(subst /, ,$(patsubst tests/unit/%,%,$(patsubst tests/fuzz/%,%,$(1)))))
archives = $(foreach f,$(DEPS_$(call folder_of,$(1))),$O/$(2)/lib$(f).a)

define unit_rule
$(patsubst tests/unit/%.c,$O/unit/%,$(1)): $(1) $(call archives,$(1),san) $(wildcard tests/unit/*.h tests/unit/*/*.h)
	@mkdir -p $$(@D)
	$$(call say,UNIT,$$@)$$(CC) $$(CPPFLAGS) -Itests/unit $$(CFLAGS) -Wno-missing-prototypes $$(SAN) -pie -o $$@ $(1) -Wl,--start-group $(call archives,$(1),san) -Wl,--end-group -lcmocka $$(LIBS)
endef
$(foreach s,$(UNIT_SRCS),$(eval $(call unit_rule,$(s))))

define fuzz_rule
$(patsubst tests/fuzz/%.c,$O/fuzzers/%,$(1)): $(1) $(call archives,$(1),fuzz)
	@mkdir -p $$(@D)
	$$(call say,FUZZ,$$@)$$(CC) $$(CPPFLAGS) $$(CFLAGS) -Wno-missing-prototypes -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -pie -o $$@ $(1) -Wl,--start-group $(call archives,$(1),fuzz) -Wl,--end-group $$(LIBS)
endef
ifneq ($(findstring clang,$(CC)),)
$(foreach s,$(FUZZ_SRCS),$(eval $(call fuzz_rule,$(s))))
endif
fuzzers: $(FUZZ_BINS)
test-unit: $(UNIT_BINS)
	$(Q)$(PYTHON) tests/run.py unit $(UNIT_BINS)

# Bodies in the providers' formats, with the calls that must be read from them.
$O/wire/cases: $(wildcard tests/wire/*.py)
	@mkdir -p $(@D)
	$(call say,WIRE,$@)PYTHONPATH=tests $(PYTHON) -m wire $@ >/dev/null
$O/unit/dialect/test_wire $O/unit/app/test_wire_spans: $O/wire/cases

# tests/bpf/test_*.c: the BPF side, as host code, as an object, and in this kernel (as root).
BPF_TEST_SRCS := $(wildcard tests/bpf/test_*.c)
BPF_TEST_BINS := $(patsubst tests/bpf/%.c,$O/bpftest/%,$(BPF_TEST_SRCS))
$O/bpftest/%: tests/bpf/%.c $(foreach f,$(DEPS_probe),$O/san/lib$(f).a) $O/bpf/earshot.o $(wildcard bpf/*.h)
	@mkdir -p $(@D)
	$(call say,BPFTEST,$@)$(CC) $(CPPFLAGS) -Ibpf $(CFLAGS) -Wno-missing-prototypes $(SAN) -pie -o $@ $< -Wl,--start-group $(foreach f,$(DEPS_probe),$O/san/lib$(f).a) -Wl,--end-group -lcmocka $(LIBS)
$O/bpftest/layout.bpf.o: tests/bpf/layout.bpf.c $(wildcard bpf/*.h include/earshot/*.h)
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) $(BPF_CFLAGS) -c $< -o $@
test-bpf: $(BPF_TEST_BINS) $O/bpftest/layout.bpf.o
	$(Q)$(PYTHON) tests/run.py unit $(BPF_TEST_BINS)

# The other architecture compiles, kernel side and user side; it is not run.
ARM64_CC ?= aarch64-linux-gnu-gcc
ARM64_SRCS := $(wildcard user/*/*.c) user/main.c
.PHONY: test-arm64
test-arm64: $O/earshot.skel.h $(GEN_H)
	$(Q)n=0; bad=0; \
	if ! command -v $(ARM64_CC) >/dev/null; then \
		echo "skipped: no $(ARM64_CC)"; echo "0 passed, 0 failed, 1 skipped"; exit 0; fi; \
	for f in $(BPF_SRCS); do \
		if $(CLANG) $(subst TARGET_ARCH_$(ARCH),TARGET_ARCH_arm64,$(BPF_CFLAGS)) -c $$f -o /dev/null; \
		then n=$$((n+1)); else bad=$$((bad+1)); fi; done; \
	for f in $(ARM64_SRCS); do \
		if $(ARM64_CC) $(CPPFLAGS) -idirafter /usr/include -idirafter /usr/include/$$($(CC) -print-multiarch) \
			$(CFLAGS) -c $$f -o /dev/null; \
		then n=$$((n+1)); else bad=$$((bad+1)); echo "FAILED  arm64: $$f"; fi; done; \
	echo "$$n passed, $$bad failed"; [ $$bad = 0 ]

# How long finding the functions takes; `make bench` runs it with the others.
$O/bench/resolve: tests/bench/resolve.c $(foreach f,$(DEPS_resolve),$O/obj/lib$(f).a)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
bench: $O/bench/resolve $O/bench/decoders
# What coded bodies in flight cost.
$O/bench/decoders: tests/bench/decoders.c $O/obj/libbase.a
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $O/obj/libbase.a $(LIBS) -lbrotlienc

# Search against names, on libraries of Debian and PyPI that have them.
.PHONY: held
held: $O/bench/resolve
	$(Q)$(PYTHON) tests/held.py
