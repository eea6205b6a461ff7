# SPDX-License-Identifier: Apache-2.0
# What the build and the tests stand on. tools/deps knows the names; each list is installed only
# where something of it is missing, so that these targets need no network on a ready machine.
.PHONY: deps-build deps-test

deps: deps-build deps-test
deps-build:
	$(Q)tools/deps build
deps-test:
	$(Q)tools/deps test
