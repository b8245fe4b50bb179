# Tarn: one source, two kernels (2-level paging and PAE), each with and without tests, and one ISO.
#
#   make               the kernels and build/tarn.iso
#   make run           boots the ISO in QEMU, serial console in this terminal
#   make check         host tests and boot tests
#   make gdb           boots in QEMU under GDB (docs/gdb.md); make tour: guided tours
#   make help          the rest (tools/goals.txt), and the variables (tools/variables.txt)
#
# How to read it: tools/variables.mk looks at the variables and installs what is missing;
# tools/compiler.mk chooses the compiler and its flags; this file says of which sources a kernel is
# made and what each goal does; tools/kernel.mk and tools/user.mk compile and link.  Tests,
# benchmarks, GDB, book and labs have makefiles of their own, which the goals at the end and in
# tools/goals.mk call.

# From the command line or the environment; an empty value is none.
override BUILD := $(or $(BUILD),build)
override JOBS := $(or $(JOBS),2)
override COUNT := $(or $(COUNT),200)
SMP_GIVEN := $(if $(SMP),yes)
override SMP := $(or $(SMP),4)
override MEM := $(or $(MEM),3G)
override TESTS := $(or $(TESTS),1)
Q = $(if $(V),,@)
SAY := $(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo)
PYTHON := $(or $(wildcard /usr/bin/python3),python3)

# make itself reads such lines; shells do not.
ifneq ($(shell grep -l "$$(printf '\r')" tools/deps.sh),)
$(error Lines end in CRLF in this checkout, which shells do not read: clone anew \
(.gitattributes asks for LF), or convert the files)
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: FORCE all kernels plain user iso run size loc deps toolchain clean help gdb gdb-server \
	gdb-client dump tour

all: kernels plain user iso

include tools/variables.mk
include tools/compiler.mk

# ---- Sources -------------------------------------------------------------------------------------

# $(call sources_in,FOLDER OR FILE...)
sources_in = $(sort $(shell find $(wildcard $1) -name '*.c' -o -name '*.asm'))
NO_TESTS := kernel/no_tests.c
KERNEL := boot/start.asm boot/early_die.asm boot/early_ram.asm boot/trampoline.asm \
	$(filter-out kernel/debug/% $(NO_TESTS),$(call sources_in,kernel lib)) \
	$(if $(COVERAGE),tests/coverage/hook.asm)
# What stands above the kernel; with TESTS=0 there is NO_TESTS instead (kernel/testing.h).
ABOVE := $(call sources_in,tests/checkers tests/kernel tests/bench/*.c)

# Only the builds that need them have files of kernel/debug: they are whole files of CONFIG_DEBUG,
# poison.c and freed_block.c of CONFIG_POISON.
DEBUG_poison := kernel/debug/poison.c kernel/debug/freed_block.c
DEBUG_debug := $(sort $(wildcard kernel/debug/*.c))

# Cold files: what runs at boot, in a panic, or once in a while.  They are compiled for size, with
# COLD_CFLAGS.  All others are hot: `make bench` measures what they do.
COLD := $(wildcard kernel/*.c kernel/mm/boot/*.c kernel/mm/pages/zone*.c \
	$(addprefix lib/,format.c parse.c words.c) \
	$(addprefix kernel/arch/x86/,console/*.c firmware/*.c irq/*.c) \
	$(addprefix lib/,tar.c elf.c) \
	$(addprefix kernel/mm/user/user_,adopt.c look.c revoke.c rights.c send.c) \
	$(addprefix kernel/ipc/,endpoint.c ipc.c reply.c transfer.c) \
	$(addprefix kernel/objects/,irq.c object.c system.c task.c timeout.c user_thread.c) \
	$(filter-out %/call_fast.c %/call_ipc.c %/call_memory.c %/user_entry.c, \
	$(wildcard kernel/calls/*.c)) \
	$(addprefix kernel/arch/x86/,cpu/cpu.c cpu/percpu.c cpu/segment.c \
	paging/fixmap.c paging/vital.c smp/smp_start.c))

# ---- Kernels -------------------------------------------------------------------------------------

# A build compiles the sources with its own flags, in a folder of its own: format, then kind.
# POISON=1: freed pages are filled and checked (docs/testing.md).  DEBUG=1: that, and all that
# docs/debug.md names.
BUILDS := 2level pae 2level-poison pae-poison 2level-debug pae-debug
CFLAGS_2level := -march=pentium -mtune=generic
CFLAGS_pae := -march=pentiumpro -mtune=generic
DEFINES_2level :=
DEFINES_pae := -DCONFIG_PAE
DEFINES_poison := -DCONFIG_POISON
DEFINES_debug := -DCONFIG_DEBUG -DCONFIG_POISON

# Under GDB the debug build, unless one of the two says otherwise.
ifneq ($(filter gdb gdb-server gdb-client dump,$(GOALS)),)
DEBUG ?= $(if $(filter-out 0,$(POISON)),,1)
endif
KIND := $(if $(filter-out 0,$(DEBUG)),-debug,$(if $(filter-out 0,$(POISON)),-poison))
# A kernel without tests is linked from the same objects.
ENDING := $(if $(filter 0,$(TESTS)),-plain)
NAME := $(KIND)$(ENDING)
KERNELS := $(BUILD)/tarn$(NAME).elf $(BUILD)/tarn-pae$(NAME).elf
PLAIN := $(BUILD)/tarn$(KIND)-plain.elf $(BUILD)/tarn-pae$(KIND)-plain.elf
# The programs of user/, packed: the module of every boot entry.
USER_TAR := $(BUILD)/user.tar

ifneq ($(GOALS),)
include tools/kernel.mk
include tools/user.mk
endif

kernels: $(KERNELS)
user: $(USER_TAR)
plain: $(PLAIN)

# The code that a kernel without tests has, and the most that it may have.
size: plain
	@$(PYTHON) tools/size.py $(if $(CLANG)$(KIND)$(COVERAGE),--no-limit) $(PLAIN)

# ---- ISO, run ------------------------------------------------------------------------------------

ISO := $(BUILD)/tarn$(NAME).iso
iso: $(ISO) $(USER_TAR)

# Without GRUB's files for the PC (hosts that are no PC) there is no ISO; tools/mkiso.sh says so.
$(ISO): $(KERNELS) $(USER_TAR) grub.cfg tools/mkiso.sh
	sh tools/mkiso.sh '$(OBJCOPY)' $@ grub.cfg $(USER_TAR) $(KERNELS)

# What `make run` and GDB give to QEMU and to the kernel.
export PAE SMP MEM CPU MACHINE APPEND GUI BUILD KIND ENDING REVERSE PORT CORE SMP_GIVEN TOUR_AUTO

run: kernels iso
	@sh tools/run.sh $(BUILD) '$(NAME)' '$(OBJCOPY)'

# ---- Goals with makefiles of their own -----------------------------------------------------------

# What they are told beside the variables that make hands down itself.
TOLD = BUILD='$(BUILD)' JOBS='$(JOBS)'
export PYTHON Q

gdb gdb-server gdb-client dump: kernels user
	@$(MAKE) --no-print-directory -f tools/gdb/Makefile $(TOLD) $@

# The tours stop in functions that only the debug build leaves alone.
tour:
	@$(MAKE) --no-print-directory -s DEBUG=1 kernels user
	@$(MAKE) --no-print-directory -f tools/gdb/Makefile $(TOLD) TOUR='$(TOUR)' $@

# Tests, benchmarks, book, labs.
include tools/goals.mk

# ---- The rest ------------------------------------------------------------------------------------

# How each file is compiled, for clangd: what make itself would do, with clang's names for what GCC
# alone knows.  The debug build has the files of kernel/debug.
compile_commands.json: FORCE
	@{ $(MAKE) --no-print-directory -nB V=1 kernels plain user && \
		$(MAKE) --no-print-directory -nB V=1 DEBUG=1 kernels; } | \
		$(PYTHON) tools/compile_commands.py >$@
	@echo '$@: for clangd'

deps: # installed by now: tools/variables.mk

toolchain:
	sh tools/toolchain.sh

loc:
	@$(PYTHON) tools/loc.py

clean:
	rm -rf $(BUILD)

help:
	@sed 's,@BUILD@,$(BUILD),' tools/goals.txt
	@echo
	@echo 'Variables, on the command line or in the environment: name, what it takes, default, what for.'
	@awk -v what=help -f tools/variables.awk tools/variables.txt
