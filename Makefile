# SPDX-License-Identifier: Apache-2.0
# earshot: one non-recursive Makefile. V=1 shows commands; CC=clang builds with clang.
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

O       := .output
CC      := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
ARCH    ?= $(patsubst aarch64%,arm64,$(patsubst x86_64%,x86,$(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))))
PREFIX  ?= /usr/local
PYTHON  ?= /usr/bin/python3

ifeq ($(V),1)
  Q :=
  say :=
else
  Q := @
  say = @printf '  %-8s %s\n' '$(1)' '$(2)';
endif

VERSION := $(shell cat VERSION)
PKGS := libbpf libelf capstone libcurl libprotobuf-c libxxhash zlib libbrotlidec libzstd libnghttp2 libcyaml liblzma

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wconversion -Wno-sign-conversion -Wpointer-arith -Wwrite-strings -Wundef
HARDEN := -fstack-protector-strong -fPIE
CPPFLAGS := -D_GNU_SOURCE -Iinclude -Iuser -I$O -I$O/gen -DEARSHOT_VERSION='"$(VERSION)"' $(EXTRA_CPPFLAGS)
CFLAGS := -std=gnu11 -g -O2 $(WARN) $(HARDEN) $(EXTRA_CFLAGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now $(EXTRA_LDFLAGS)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIBS := -lbpf -lelf -lcapstone -lcurl -lprotobuf-c -lxxhash -lz -lbrotlidec -lzstd -lnghttp2 -lcyaml -llzma -lm -lpthread

.PHONY: all deps demo test test-unit test-e2e test-bpf bench fuzz lint install clean check-e2e
all: $O/earshot

include build/bpf.mk
include build/user.mk
include build/tests.mk
include build/deps.mk
include build/dev.mk

clean:
	$(Q)rm -rf $O
