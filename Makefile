# SPDX-License-Identifier: GPL-2.0
# `make help` lists the targets. Kernel modules are built by Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=

all: modules user

## For a machine with an 82599
modules:		## kernel modules for the running kernel (or KDIR=...)
	@test -d "$(KDIR)" || { echo "ERROR: no kernel headers at $(KDIR);" \
		"install linux-headers-$$(uname -r) or set KDIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
user:			## library and programs
	$(MAKE) -C userspace
install: modules_install user_install	## both, as root
modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
user_install: user
	$(MAKE) -C userspace install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

## In the lab: needs root, but neither an 82599 nor KVM
demo:			## UDP echo on an emulated 82599 against Linux's ixgbe
	@lab/demo.sh
test:			## everything; ends with 'N passed, N failed'
	@lab/test.sh
kunit:			## unit tests in a kernel with KUnit on; prints KTAP
	@lab/kunit.sh
bench:			## beside DPDK, AF_XDP, Linux sockets, memcached: docs/benchmarks.md (QUICK=1)
	@lab/bench.sh
bench-kv:		## what a request costs the key-value store, by size of the table
	@lab/bench-kv.sh
bench-l2fwd:		## forwarding by frame size: l2fwd, and Linux's bridge to compare
	@lab/bench-l2fwd.sh
check:			## static checks: W=1, sparse, checkpatch, coccicheck, clang
	@lab/test.sh static

clean:
	-@test ! -d "$(KDIR)" || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	-@$(MAKE) -C userspace clean
	rm -rf build
help:
	@sed -n -e 's/^## /\n/p' \
		-e 's/^\([a-z0-9_-]*\):[^#]*## */  make \1\t/p' Makefile | expand -t 24

.PHONY: all modules user install modules_install user_install demo test kunit bench \
	bench-kv bench-l2fwd check clean help
