# SPDX-License-Identifier: GPL-2.0
# The workbench.  What goes into a kernel tree lies under drivers/, include/,
# Documentation/, samples/, tools/virtio/ and bases/; what builds and tests it
# under the rest of tools/.

# The Linux that it goes into: one of bases/.
export BASE := 6.12
BUILD := build$(if $(filter-out 6.12,$(BASE)),/$(BASE))
# The tree that everything is built from: KDIR, or Debian's source under build/.
LINUX := $(or $(KDIR),$(BUILD)/linux)
TOOLS := tools

.PHONY: help boot boot-shell boot-packed boot-legacy boot-process boots boots-all boots-arch boots-process boots-uml test test-all kunit check check-overlay check-new-driver check-tools check-fuzz check-idioms check-users new-driver race litmus fuzz fuzz-mutants fuzz-keep bench apply unapply patch deps source clean mutants soak symbols

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make boot              build a kernel with this core, boot it, move data through it; SCENARIO=packed: on that machine
## make boot GUEST=process   the same in a guest that is a process, under our own launcher; RING=packed
## make boot-packed, boot-legacy, boot-process   short for two of the machines, and for that guest
SCENARIO = default
RING = split
BOOT_qemu = $(TOOLS)/boot/run.py --source $(LINUX) --build $(BUILD)/boot --scenario $(SCENARIO)
PROCESS = $(TOOLS)/process/run.py --source $(LINUX) --build $(BUILD)/process
BOOT_process = $(PROCESS) --ring $(RING)
GUEST = qemu
BOOT = $(or $(BOOT_$(GUEST)),echo "GUEST=$(GUEST): expected qemu or process" >&2; exit 2;)
boot-packed boot-legacy: SCENARIO = $(@:boot-%=%)
boot-process: GUEST = process
boot boot-packed boot-legacy boot-process: source
	@$(BOOT)

## make boot-shell        the same, then a shell in the guest
boot-shell: source
	@$(BOOT) --shell

## make boots-process     a guest that is a process, with both rings; guests and launchers that come and go; BOOTS=1000 in a row
boots-process: source
	@$(PROCESS) --life --boots $(or $(BOOTS),20)

## make boots             the same on the machines of tools/boot/scenarios.py
boots: source
	@$(TOOLS)/boot/run.py --source $(LINUX) --build $(BUILD)/boot

## make boots-all         and on those of them that make test leaves out
boots-all: source
	@$(TOOLS)/boot/run.py --source $(LINUX) --build $(BUILD)/boot --all

## make boots-arch [ONLY=g]   arm64, riscv64, m68k, ppc64 and s390x, each built and booted on machines of its own.  Slow
boots-arch: source
	@$(TOOLS)/arch/run.py --source $(LINUX) --build $(BUILD) $(if $(ONLY),--only '$(ONLY)')

## make boots-uml         UML on devices that are other projects' processes: disks of qemu-storage-daemon, cards of dpdk.  Not part of make test
boots-uml: source
	@$(TOOLS)/uml/run.py --source $(LINUX) --build $(BUILD)/uml

QUICK := kunit check-overlay check-new-driver check-tools check-fuzz boots boots-process check
## make test              everything that is quick: KUnit, overlay, new-driver, the tools of the tree, fuzz, boots, a guest that is a process, check
test:
	@$(TOOLS)/test.py $(QUICK)

SLOW := kunit check-overlay check-new-driver check-tools check-idioms check-fuzz boots-all boots-process boots-uml boots-arch check check-users symbols soak
## make test-all          and what is slow: all machines, all architectures, all users of virtio, the symbols, and a soak
test-all:
	@$(TOOLS)/test.py $(SLOW) $(addprefix 7.3:,$(SLOW))

## make kunit [FILTER=g] [SMALL=1]   the KUnit suites under UML; in a kernel with little besides virtio, which can't sleep
kunit: source
	@$(TOOLS)/kunit.py $(if $(SMALL),--small) $(LINUX) $(BUILD)/kunit$(if $(SMALL),-small) $(FILTER)

## make mutants [ONLY=g]  break the core on purpose: does each test see it?  Not part of make test: 10 minutes
mutants: source
	@rm -rf $(BUILD)/mutants/linux && mkdir -p $(BUILD)/mutants && cp -al $(LINUX) $(BUILD)/mutants/linux
	@$(TOOLS)/mutate.py $(BUILD)/mutants/linux $(BUILD)/mutants/kunit $(if $(ONLY),'$(ONLY)')

## make check             sparse, W=1, checkpatch and kernel-doc over our files
check: source
	@$(TOOLS)/check.py --source $(LINUX) --build $(BUILD)/check

## make check-overlay     apply, unapply and patch, and their errors
check-overlay: source
	@$(TOOLS)/test_overlay.py $(LINUX)

## make new-driver NAME=foo ID=42   begin a driver: source, tests, Kconfig, Makefile and a line of documentation, which pass make kunit at once
new-driver: source
	@$(TOOLS)/new_driver.py --source $(LINUX) '$(NAME)' '$(ID)'

## make check-new-driver  that, and its errors, in copies of this repository
check-new-driver: source
	@$(TOOLS)/test_new_driver.py $(LINUX) $(BUILD)/kunit

## make check-tools       the tree's own ring programs (tools/virtio) on our ring, against its vringh; lsvirtio, and launch
check-tools: source
	@$(TOOLS)/check_tools.py --source $(LINUX) --build $(BUILD)/check-tools

## make check-idioms      what drivers may do by the functions of 6.12, asked of a pristine kernel and of ours under UML: equal answers
check-idioms: source
	@KDIR= $(TOOLS)/source.sh --pristine $(BASE) $(BUILD)/theirs/linux
	@$(TOOLS)/idioms/run.py --pristine $(BUILD)/theirs/linux --source $(LINUX) --build $(BUILD)

## make race TIME=s       a driver, a device and an interrupt on one queue, under ThreadSanitizer; make check-tools has a short run
race: source
	@$(TOOLS)/race/run.py --source $(LINUX) --build $(BUILD)/race --time $(or $(TIME),60)

## make litmus            agreements between two sides, judged by herd7 in the kernel's memory model; skipped without herd7
litmus: source
	@$(TOOLS)/litmus.py --source $(LINUX)

## make fuzz TIME=s [ONLY=launch]   fuzz the rings, the fields, then the launcher, in user space, TIME seconds each, and say what is covered
FUZZ = $(TOOLS)/fuzz/run.py $(1) --source $(LINUX) --build $(BUILD)/fuzz
fuzz: source
	@$(call FUZZ,fuzz) --time $(or $(TIME),60) $(if $(ONLY),--only '$(ONLY)')

## make check-fuzz        the inputs that are kept, and a short run
check-fuzz: source
	@$(call FUZZ,check) --time 20

## make fuzz-mutants [ONLY=g]   break the core and the launcher on purpose: does the fuzzer see it, within TIME?  Not part of make test: minutes
fuzz-mutants: source
	@$(call FUZZ,mutants) --time $(or $(TIME),60) $(if $(ONLY),--only '$(ONLY)')

## make fuzz-keep         keep what earlier runs found, as few inputs as cover the same
fuzz-keep: source
	@$(call FUZZ,keep)

## make soak TIME=600     verified data for so many seconds while devices come and go; PACKED=1 for packed rings, CHECKED=1 to look for drivers that misuse them, SANITIZER=kcsan for races.  Not part of make test
soak: source
	@$(TOOLS)/soak/run.py --source $(LINUX) --build $(BUILD)/soak --seconds $(or $(TIME),600) $(if $(PACKED),--packed) $(if $(CHECKED),--checked) $(if $(SANITIZER),--sanitizer $(SANITIZER))

## make symbols           build a pristine tree and ours alike: the same modules and exports?  Not part of make test: 12 minutes
symbols: source
	@KDIR= $(TOOLS)/source.sh --pristine $(BASE) $(BUILD)/theirs/linux
	@$(TOOLS)/symbols.py --pristine $(BUILD)/theirs/linux --source $(LINUX) --build $(BUILD)

## make check-users       every file of the tree that uses virtio, compiled against a pristine core and against ours.  Slow
check-users: source
	@KDIR= $(TOOLS)/source.sh --pristine $(BASE) $(BUILD)/theirs/linux
	@$(TOOLS)/users.py --pristine $(BUILD)/theirs/linux --source $(LINUX) --build $(BUILD)

## make bench             what virtio costs, a pristine tree against ours; WRITE=file keeps it, ONLY='ring native' runs these
bench: source
	@KDIR= $(TOOLS)/source.sh --pristine $(BASE) $(BUILD)/theirs/linux
	@$(TOOLS)/bench/run.py --pristine $(BUILD)/theirs/linux --source $(LINUX) --build $(BUILD) $(if $(ONLY),--only $(ONLY)) $(if $(WRITE),--write $(WRITE))

## make apply KDIR=...    put the core into a tree of a version under bases/
## make unapply KDIR=...  and take it out again
apply unapply:
	@test -n "$(KDIR)" || { echo "make $@: KDIR= missing: expected the path of a Linux tree" >&2; exit 2; }
	@$(TOOLS)/overlay.py $@ $(KDIR) $(if $(FORCE),--force)

## make patch             the core as one patch, in build/virtio-core.patch
patch: source
	@$(TOOLS)/overlay.py patch $(LINUX) $(BUILD)/virtio-core.patch

## make deps              what the workbench needs; installs it where it may
deps:
	@$(TOOLS)/deps.sh

source: deps
	@$(TOOLS)/source.sh $(BASE) $(LINUX)

## make clean             remove build/
clean:
	rm -rf build
