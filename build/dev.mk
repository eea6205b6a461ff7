# SPDX-License-Identifier: Apache-2.0
# What developers and CI run. Every `make test-*` ends with a line 'N passed, N failed'.
.PHONY: test-lint test-fuzz test-golden

E2E_ARGS     ?=
JOBS         ?= $(shell nproc)
BENCH_ARGS   ?=
# Seconds of fresh fuzzing, shared among all targets.
FUZZ_SECONDS ?= 300

# Programs of the tests, on the system's libssl: dynamic, and static in both kinds of executable.
TLSPAIR   := $O/bench/tlspair
CHAT_BINS := $O/clients/chat $O/clients/chat-static $O/clients/chat-static-pie
TEST_WARN := $(WARN) -std=gnu11 -O2 -g

$(TLSPAIR): tests/bench/tlspair.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -o $@ $< -lssl -lcrypto -lpthread
# What reading costs, without a kernel: records to values.
$O/bench/bench_parse: tests/bench/bench_parse.c $(foreach f,$(DEPS_exchange),$O/obj/lib$(f).a)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
$O/bench/tlsmem: tests/bench/tlsmem.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -o $@ $< -lssl -lcrypto
$O/clients/chat: tests/e2e/clients/chat.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -o $@ $< -lssl -lcrypto
$O/clients/chat-static: tests/e2e/clients/chat.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -no-pie -o $@ $< -l:libssl.a -l:libcrypto.a
$O/clients/chat-static-pie: tests/e2e/clients/chat.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -fPIE -pie -o $@ $< -l:libssl.a -l:libcrypto.a

demo: $O/earshot
	$(Q)demo/run $O/earshot

TEST_PARTS := test-lint test-unit test-bpf test-arm64 test-golden test-e2e test-fuzz
test:
	$(Q)$(MAKE) -j$(JOBS) all
	$(Q)$(PYTHON) tests/run.py all $(foreach p,$(TEST_PARTS),-- $(MAKE) -s -j$(JOBS) $(p))

test-e2e: $O/earshot $(TLSPAIR) $(CHAT_BINS)
	$(Q)$(PYTHON) tests/run.py e2e $(E2E_ARGS)

# The fuzzers are clang's; their objects lie beside gcc's.
test-fuzz:
	$(Q)$(MAKE) -s -j$(JOBS) CC=clang fuzzers
	$(Q)$(PYTHON) tests/run.py fuzz --seconds $(FUZZ_SECONDS)
fuzz: test-fuzz

# Recordings of real clients, replayed: each must give the spans that lie beside it.
test-golden: $O/earshot
	$(Q)$(PYTHON) tests/run.py golden

bench: $O/earshot $(TLSPAIR) $O/bench/tlsmem
	$(Q)$(PYTHON) tests/bench/bench.py $(BENCH_ARGS)

lint: test-lint
test-lint: $(BPF_OBJS)
	$(Q)$(PYTHON) tools/lint

MAN1 := $(wildcard docs/*.1)
MAN8 := $(wildcard docs/*.8)
install: $O/earshot
	install -D -m 755 $O/earshot $(DESTDIR)$(PREFIX)/bin/earshot
	$(foreach m,$(MAN1),install -D -m 644 $(m) $(DESTDIR)$(PREFIX)/share/man/man1/$(notdir $(m)) &&) \
	$(foreach m,$(MAN8),install -D -m 644 $(m) $(DESTDIR)$(PREFIX)/share/man/man8/$(notdir $(m)) &&) :
