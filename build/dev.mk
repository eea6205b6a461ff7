# SPDX-License-Identifier: Apache-2.0
# What developers and CI run. Every `make test-*` ends with a line 'N passed, N failed'.
.PHONY: test-lint test-fuzz test-golden test-drops coverage vm

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
$O/bench/bystander: tests/bench/bystander.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -o $@ $< -lpthread
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

# A client on each library, and two linked in statically.
TLS_CLIENTS := $(addprefix $O/clients/tls-,gnutls nss wolfssl mbedtls wolfssl-static mbedtls-static)
TLS_gnutls         := -lgnutls
TLS_nss            := -I/usr/include/nss -I/usr/include/nspr -lssl3 -lnss3 -lnspr4
TLS_wolfssl        := -lwolfssl
TLS_mbedtls        := -lmbedtls -lmbedx509 -lmbedcrypto
TLS_wolfssl-static := -l:libwolfssl.a -lm
TLS_mbedtls-static := -l:libmbedtls.a -l:libmbedx509.a -l:libmbedcrypto.a
$(TLS_CLIENTS): $O/clients/tls-%: $(wildcard tests/e2e/clients/tls/*)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -D_GNU_SOURCE $(TEST_WARN) -o $@ tests/e2e/clients/tls/main.c \
		tests/e2e/clients/tls/$(patsubst %-static,%,$*).c $(TLS_$*)
# Where a compiler is missing, its clients are too, and their tests are skipped.
$O/clients/go.stamp: $(wildcard tests/e2e/clients/go/* tests/e2e/clients/go/*/*)
	@mkdir -p $(@D)
	$(call say,GO,$O/clients)if [ -e .cache/go ]; then \
		GO=$$(readlink .cache/go) tests/e2e/clients/go/build $O/clients || \
		echo "the Go clients were not built: their tests are skipped"; fi
	@touch $@
$O/clients/rust.stamp: $(wildcard tests/e2e/clients/rust/* tests/e2e/clients/rust/src/*)
	@mkdir -p $(@D)
	$(call say,CARGO,$O/clients)if [ -e .cache/rust ] && command -v cargo >/dev/null; then \
		tests/e2e/clients/rust/build $O/clients .cache/rust || \
		echo "the Rust clients were not built: their tests are skipped"; fi
	@touch $@
$O/clients/java.stamp: $(wildcard tests/e2e/clients/java/*.java)
	@mkdir -p $O/clients/java
	$(call say,JAVAC,$O/clients)if [ -e .cache/java ] && command -v javac >/dev/null; then \
		javac -cp '.cache/java/*' -d $O/clients/java $^ || \
		echo "the Java clients were not built: their tests are skipped"; fi
	@touch $@
CLIENT_BINS := $(CHAT_BINS) $(TLS_CLIENTS) $O/clients/go.stamp $O/clients/rust.stamp $O/clients/java.stamp

demo: $O/earshot
	$(Q)demo/run $O/earshot

TEST_PARTS := test-lint test-unit test-bpf test-arm64 test-golden test-drops test-e2e test-fuzz
test:
	$(Q)$(MAKE) -j$(JOBS) all
	$(Q)$(PYTHON) tests/run.py all $(foreach p,$(TEST_PARTS),-- $(MAKE) -s -j$(JOBS) $(p))

test-e2e: $O/earshot $(TLSPAIR) $(CLIENT_BINS)
	$(Q)$(PYTHON) tests/run.py e2e $(E2E_ARGS)

# Every client there is, the large ones too; makes docs/COVERAGE.md.
coverage:
	$(Q)tools/deps coverage
	$(Q)$(MAKE) -j$(JOBS) $O/earshot $(CLIENT_BINS)
	$(Q)$(PYTHON) tests/run.py coverage

# The fuzzers are clang's; their objects lie beside gcc's.
test-fuzz:
	$(Q)$(MAKE) -s -j$(JOBS) CC=clang fuzzers
	$(Q)$(PYTHON) tests/run.py fuzz --seconds $(FUZZ_SECONDS)
fuzz: test-fuzz

# A Debian 6.1 kernel under qemu's software emulation, with these files inside.
vm: $O/earshot $(CLIENT_BINS)
	$(Q)tools/deps vm
	$(Q)$(PYTHON) tests/vm/boot.py

# Recordings of real clients, replayed: each must give the spans that lie beside it.
test-golden: $O/earshot
	$(Q)$(PYTHON) tests/run.py golden

# ... and what they give with any one record missing.
test-drops: $O/earshot
	$(Q)$(PYTHON) tests/run.py drops

bench: $O/earshot $(TLSPAIR) $O/bench/tlsmem $O/bench/bystander
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
