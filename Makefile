# Tarn: one source, two kernels (2-level paging and PAE) and one ISO with both.
#
#   make               build/tarn.elf, build/tarn-pae.elf, build/tarn.iso
#   make run           boots the ISO in QEMU, serial console in this terminal
#   make check         host tests and boot tests
#   make gdb           boots in QEMU under GDB (docs/gdb.md); make tour: guided tours
#   make help          the rest, and the variables
#
# What is missing on this machine is installed first, and said (tools/deps.sh).

# From the command line or the environment; an empty value is none.
override BUILD := $(or $(BUILD),build)
Q = $(if $(V),,@)
SAY := $(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo)
PYTHON := $(or $(wildcard /usr/bin/python3),python3)

# make itself reads such lines; shells do not.
ifneq ($(shell grep -l "$$(printf '\r')" tools/deps.sh),)
$(error Lines end in CRLF in this checkout, which shells do not read: clone anew (.gitattributes asks for LF), or convert the files)
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all kernels iso run check check-more check-hosts check-host coverage coverage-boot interleave interleave-faults \
	check-full check-bochs lint mutants bench bench-diff bench-linux book toolchain loc deps clean help FORCE \
	gdb gdb-server gdb-client dump tour

all: kernels iso

# ---- Tools ---------------------------------------------------------------------------------------

# make tour NAME: the name is no goal of its own.
TOUR := $(or $(t),$(if $(filter tour,$(firstword $(MAKECMDGOALS))),$(word 2,$(MAKECMDGOALS))))
GOALS := $(filter-out toolchain loc clean help $(TOUR),$(or $(MAKECMDGOALS),all))
DRY_RUN := $(findstring n,$(firstword -$(MAKEFLAGS)))
GIVEN_CC := $(if $(filter default undefined,$(origin CC)),,$(CC))

# Which variables there are, and what they take, stands in one table.  One that is switched off
# (PAE=0) is as one not given.
VARIABLES := $(shell awk -v what=names -f tools/variables.awk tools/variables.txt)
SWITCHES := $(shell awk -v what=switches -f tools/variables.awk tools/variables.txt)
# GNU make before 4.4 gives the command line's variables to recipes, but not to $(shell).
quoted = '$(subst ','\'',$1)'
SETTINGS = $(foreach name,$(filter-out CC CURDIR,$(VARIABLES)),$(name)=$(call quoted,$($(name))))
$(foreach name,$(SWITCHES),$(if $(filter 0,$($(name))),$(eval override $(name) :=)))

ifneq ($(GOALS),)
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
UNKNOWN := $(filter-out $(VARIABLES),$(GIVEN))
$(if $(UNKNOWN),$(error There is no variable $(UNKNOWN) here: `make help` names them))
REFUSED := $(shell $(SETTINGS) awk -v what=refuse -f tools/variables.awk tools/variables.txt)
$(if $(REFUSED),$(error $(REFUSED)))

ifeq ($(DRY_RUN),)
ifneq ($(shell $(SETTINGS) sh tools/deps.sh $(call quoted,$(GIVEN_CC)) $(GOALS) >&2 && echo ok),ok)
$(error Something that '$(GOALS)' needs is missing, see above)
endif
endif

# i686-elf-gcc, else i686-linux-gnu-gcc, else gcc -m32, else clang; CC= on the command line wins.
CC := $(or $(GIVEN_CC),$(shell sh tools/compiler.sh cc))
LD := $(shell sh tools/compiler.sh ld '$(CC)')
NM := $(shell sh tools/compiler.sh nm '$(CC)')
OBJCOPY := $(shell sh tools/compiler.sh objcopy '$(CC)')
CLANG := $(findstring clang,$(CC))
TARGET := $(if $(CLANG),--target=i686-elf,$(if $(filter i%,$(shell $(CC) -dumpmachine)),,-m32))
endif

# ---- Flags ---------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra $(if $(WERROR),-Werror) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wundef -Wvla -Wwrite-strings
# GCC for i686-elf takes long where all others take int; printf's formats tell the two apart.
redefine = -U__$1__ "-D__$1__=$2"
INT_TYPES := $(if $(filter %-elf-gcc,$(CC)),$(call redefine,INT32_TYPE,int) $(call redefine,UINT32_TYPE,unsigned int) \
	$(call redefine,INT32_MAX,0x7fffffff) $(call redefine,UINT32_MAX,0xffffffffU) \
	$(call redefine,INTPTR_TYPE,int) $(call redefine,UINTPTR_TYPE,unsigned int))
# No FPU or SSE register is touched: the kernel does not save them.  Frame pointers carry the back
# trace.  GCC's shorter ways (docs/bench.md): arguments in registers, the stack aligned to words, no
# no-ops to align jumps.  Clang calls its own run-time functions (kernel/debug/ubsan.c) with
# arguments on the stack, whatever -mregparm says.
SHORT_CFLAGS := $(if $(CLANG),,-mregparm=3 -mpreferred-stack-boundary=2 -fno-align-jumps -fno-align-loops)
# What distributions switch on by default in their compilers, and a kernel cannot have: off, where
# the compiler knows of it.
NO_DEFAULTS := -U_FORTIFY_SOURCE -fcf-protection=none -fno-stack-clash-protection -mtls-dialect=gnu \
	-ftrivial-auto-var-init=uninitialized -fzero-call-used-regs=skip
NEUTRAL := $(if $(GOALS),$(shell sh tools/compiler.sh known $(BUILD)/flags-known '$(CC) $(TARGET)' $(NO_DEFAULTS)))
# The shell puts in the folder's name, whatever signs it has; the dollars are for make, twice.
CFLAGS := $(TARGET) $(NEUTRAL) -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-strict-aliasing \
	-fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-asynchronous-unwind-tables -mno-sse -mno-mmx -mno-80387 -O2 -g \
	$(SHORT_CFLAGS) "-ffile-prefix-map=$$$$PWD=." $(INT_TYPES) $(WARNINGS) -I. -Ikernel
# COVERAGE=1, in a BUILD folder of its own: each basic block says that it has run (tests/coverage),
# and assembly has line numbers.  Blocks that do the same are not made one, or it would say that
# others have run.
ifneq ($(COVERAGE),)
CFLAGS += -fsanitize-coverage=trace-pc $(if $(CLANG),,-fno-crossjumping -fno-tree-tail-merge)
NASMFLAGS := -g -F dwarf
endif
# The loops in memcpy and memset must not be turned into calls of memcpy and memset.
STRING_CFLAGS := -fno-builtin $(if $(CLANG),,-fno-tree-loop-distribute-patterns)
# The start-up part holds code, data and tables in one segment; newer linkers warn of that.
LDFLAGS := -nostdlib -static -z noexecstack --build-id=none -T linker.ld \
	$(if $(LD),$(firstword $(shell $(LD) --help | grep -o -e --no-warn-rwx-segments)))

DEFINES_2level :=
DEFINES_pae := -DCONFIG_PAE
DEFINES_2level-poison := -DCONFIG_POISON
DEFINES_pae-poison := -DCONFIG_PAE -DCONFIG_POISON
DEFINES_2level-debug := -DCONFIG_DEBUG -DCONFIG_POISON
DEFINES_pae-debug := -DCONFIG_PAE -DCONFIG_DEBUG -DCONFIG_POISON

# Debug kernels: what C leaves undefined is a panic (kernel/debug/ubsan.c).  Of clang's bounds
# checks one half knows no handler.  Functions that do not say `inline` stay functions, so that
# messages and back traces name who did it.  Of wrong subscripts the sanitizer tells; GCC's own
# warning follows paths that sanitizers add (GCC manual, Instrumentation Options, on false
# warnings). -Og: GDB finds lines and local variables where the source has them.
DEBUG_CFLAGS := -Wno-array-bounds \
	-fsanitize=shift,integer-divide-by-zero,unreachable,vla-bound,null,alignment,object-size,bool,enum \
	-fsanitize=signed-integer-overflow,pointer-overflow,nonnull-attribute,returns-nonnull-attribute,builtin \
	-fno-optimize-sibling-calls $(if $(CLANG),-fsanitize=array-bounds -finline-hint-functions,-Og -fsanitize=bounds \
	-fno-inline-functions -fno-inline-functions-called-once -fno-inline-small-functions -fno-partial-inlining -fno-ipa-icf)

# ---- Sources -------------------------------------------------------------------------------------

SOURCES := boot/start.asm boot/early_ram.asm boot/trampoline.asm \
	$(sort $(shell find kernel lib tests/checkers tests/kernel tests/bench/*.c -name '*.c' -o -name '*.asm')) \
	$(if $(COVERAGE),tests/coverage/hook.asm)

# $(call objects,variant)
objects = $(patsubst %,$(BUILD)/$1/%.o,$(SOURCES) boot/early_$(firstword $(subst -, ,$1)).asm)

# ---- Kernels -------------------------------------------------------------------------------------

# $(call kernel,variant,ELF file,-march=): all rules of one kernel.  It is linked twice: from the
# names of the first link comes the symbol table of the second (for back traces), and no function
# may have moved between the two.
define kernel
$(BUILD)/$1/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$(CC) $(CFLAGS) $3 $(DEFINES_$1)' | cmp -s - $$@ || echo '$(CC) $(CFLAGS) $3 $(DEFINES_$1)' >$$@

$(BUILD)/$1/%.c.o: %.c $(BUILD)/$1/flags
	@mkdir -p $$(@D)
	@$(SAY) '$(notdir $(CC)) $$<'
	$(Q)$(CC) $(CFLAGS) $3 $(DEFINES_$1) $$(if $$(filter lib/string,$$*),$(STRING_CFLAGS)) -MMD -MP -c $$< -o $$@

$(BUILD)/$1/%.asm.o: %.asm $(BUILD)/$1/flags
	@mkdir -p $$(@D)
	@$(SAY) 'nasm $$<'
	$(Q)nasm -felf32 $(NASMFLAGS) $(DEFINES_$1) -MD $$(@:.o=.d) -MP $$< -o $$@

$(BUILD)/$1/symbols_none.asm: tools/ksyms.awk $(BUILD)/$1/flags
	@awk -f $$< /dev/null >$$@

$(BUILD)/$1/symbols_all.asm: $(BUILD)/$1/first.elf tools/ksyms.awk
	@$(NM) -n $$< | awk -f tools/ksyms.awk >$$@

$(BUILD)/$1/symbols_%.o: $(BUILD)/$1/symbols_%.asm
	@nasm -felf32 $$< -o $$@

$(BUILD)/$1/first.elf: $(call objects,$1) $(BUILD)/$1/symbols_none.o linker.ld
	@$(SAY) '$(notdir $(LD)) -o $$@'
	$(Q)$(LD) $(LDFLAGS) $$(filter %.o,$$^) -o $$@

$(BUILD)/$2: $(call objects,$1) $(BUILD)/$1/symbols_all.o linker.ld
	@$(SAY) '$(notdir $(LD)) -o $$@'
	$(Q)$(LD) $(LDFLAGS) $$(filter %.o,$$^) -o $$@
	@$(NM) -n $$@ | awk -f tools/ksyms.awk | cmp - $(BUILD)/$1/symbols_all.asm

-include $(patsubst %.o,%.d,$(call objects,$1))
endef

ifneq ($(GOALS),)
$(eval $(call kernel,2level,tarn.elf,-march=pentium -mtune=generic))
$(eval $(call kernel,pae,tarn-pae.elf,-march=pentiumpro -mtune=generic))
$(eval $(call kernel,2level-poison,tarn-poison.elf,-march=pentium -mtune=generic))
$(eval $(call kernel,pae-poison,tarn-pae-poison.elf,-march=pentiumpro -mtune=generic))
$(eval $(call kernel,2level-debug,tarn-debug.elf,-march=pentium -mtune=generic $(DEBUG_CFLAGS)))
$(eval $(call kernel,pae-debug,tarn-pae-debug.elf,-march=pentiumpro -mtune=generic $(DEBUG_CFLAGS)))
endif

# POISON=1: freed pages are filled and checked (docs/testing.md); DEBUG=1: that, and all that
# docs/debug.md names Under GDB the debug build, unless one of the two says otherwise.
ifneq ($(filter gdb gdb-server gdb-client dump,$(GOALS)),)
DEBUG ?= $(if $(filter-out 0,$(POISON)),,1)
endif
KIND := $(if $(filter-out 0,$(DEBUG)),-debug,$(if $(filter-out 0,$(POISON)),-poison))
KERNELS := $(BUILD)/tarn$(KIND).elf $(BUILD)/tarn-pae$(KIND).elf
kernels: $(KERNELS)

# ---- ISO -----------------------------------------------------------------------------------------

ISO := $(BUILD)/tarn$(KIND).iso
iso: $(ISO)

# Without GRUB's files for the PC (hosts that are no PC) there is no ISO, and tools/mkiso.sh says
# so.
$(ISO): $(KERNELS) grub.cfg tools/mkiso.sh
	sh tools/mkiso.sh '$(OBJCOPY)' $@ grub.cfg $(KERNELS)

# ---- Run, check ----------------------------------------------------------------------------------

# What `make run` gives to QEMU and to the kernel (tools/variables.txt)
SMP_GIVEN := $(if $(SMP),yes)
override SMP := $(or $(SMP),4)
override MEM := $(or $(MEM),3G)
export PAE SMP MEM CPU MACHINE APPEND GUI

run: kernels iso
	@sh tools/run.sh $(BUILD) '$(KIND)' '$(OBJCOPY)'

# ---- GDB (tools/gdb, docs/gdb.md) ----------------------------------------------------------------

# What `make run` takes, but the debug build (DEBUG=0: the plain one); REVERSE=1: recorded first,
# then run forwards and backwards; PORT=1234; CORE=dump for gdb and dump
export BUILD KIND REVERSE PORT CORE SMP_GIVEN TOUR_AUTO

gdb gdb-server gdb-client dump: kernels
	@$(PYTHON) tools/gdb/session.py $(patsubst gdb-%,%,$@)

# The tours stop in functions that only the debug build leaves alone.
tour:
	@$(MAKE) --no-print-directory -s DEBUG=1 kernels
	@$(PYTHON) tools/gdb/session.py tour $(TOUR)

ifneq ($(filter tour,$(firstword $(MAKECMDGOALS))),)
$(wordlist 2,9,$(MAKECMDGOALS)): ; @:
.PHONY: $(wordlist 2,9,$(MAKECMDGOALS))
endif

# How each file is compiled, for clangd: what make itself would do, with clang's names for what GCC
# alone knows.
compile_commands.json: FORCE
	@$(MAKE) --no-print-directory -nB V=1 kernels | $(PYTHON) tools/compile_commands.py >$@
	@echo '$@: for clangd'

# --------------------------------------------------------------------------------------------------

override JOBS := $(or $(JOBS),2)
# What was skipped is said, and which tests took longest.
PYTEST = $(PYTHON) -m pytest -q -n $(JOBS) -rs --durations=10
# Unless make was told how many jobs there may be.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
check:
	@$(MAKE) --no-print-directory $(PARALLEL) kernels iso
	@$(MAKE) --no-print-directory $(PARALLEL) POISON=1 kernels
	@$(MAKE) --no-print-directory $(PARALLEL) DEBUG=1 kernels
	$(PYTEST) --build=$(BUILD) $(PYTEST_ARGS) --ignore=tests/bochs tests

# What CI runs besides: some of the boots with clang's kernels.
MORE := $(BUILD)-clang
check-more:
	@$(MAKE) --no-print-directory $(PARALLEL) CC=clang BUILD=$(MORE) kernels iso
	@$(MAKE) --no-print-directory $(PARALLEL) CC=clang BUILD=$(MORE) POISON=1 kernels
	@$(MAKE) --no-print-directory $(PARALLEL) CC=clang BUILD=$(MORE) DEBUG=1 kernels
	$(PYTEST) --build=$(MORE) $(PYTEST_ARGS) -k 'iso or poison' tests/boot

# kernel/mm and lib on the host, under sanitizers; and how much of kernel/mm those tests reach.
check-host coverage:
	@$(MAKE) --no-print-directory -f tests/host/Makefile BUILD=$(BUILD) $@

# Lines of kernel/arch/x86, kernel and boot that no boot reaches (tests/coverage): those of `make
# check`, and with FULL=1 also of check-full and check-bochs.  Kernels that report themselves are
# slower; tests that count their instructions are left out.
RECORDED := $(BUILD)/coverage
RECORD_TESTS := $(PYTHON) -m pytest -q -n $(JOBS) --build=$(RECORDED) -k 'not interrupts_are_not_off and not quick_set_is_quick'
coverage-boot:
	@for kind in '' POISON=1 DEBUG=1; do $(MAKE) --no-print-directory BUILD=$(RECORDED) COVERAGE=1 $$kind kernels iso || exit; done
	@rm -rf $(RECORDED)/records
	@mkdir -p $(RECORDED)/records
	TARN_COVERAGE=$(abspath $(RECORDED)/records) TARN_HOST_LIMIT=600 $(RECORD_TESTS) $(if $(FULL),--full) tests/boot \
		$(if $(FULL),tests/bochs) || echo 'What a failed test has run counts all the same.'
	$(PYTHON) tests/coverage/report.py $(RECORDED) $(RECORDED)/records

# Every pair of machine properties: about 120 boots.
check-full: kernels iso
	$(PYTHON) -m pytest -q -n $(JOBS) --build=$(BUILD) $(PYTEST_ARGS) --full tests/boot/test_matrix.py tests/boot/test_full.py

# Every interleaving of the pool, the page-table caches and the TLB flushes (TIME= seconds); and
# mistakes planted there.
interleave interleave-faults:
	@$(MAKE) --no-print-directory -f tests/interleave/Makefile BUILD=$(BUILD) $(if $(TIME),TIME=$(TIME)) $@

# Other distributions and compilers, each in a folder (as root): HOSTS= chooses, such as "trixie
# gcc-14".
check-hosts:
	$(PYTHON) -B tests/build/hosts.py $(BUILD)/hosts $(HOSTS) --jobs $(JOBS)

# Layers, clang-tidy, cppcheck.
lint:
	@sh tools/lint.sh

# Planted mistakes, and who catches each: those of tests/mutants/mutants.toml, all of them; then
# COUNT made by rule, 95 % of them.
override COUNT := $(or $(COUNT),200)
mutants:
	$(PYTHON) tests/mutants/run.py --jobs $(JOBS)
	$(PYTHON) tests/mutants/generate.py --count $(COUNT) >$(BUILD)/generated.toml
	$(PYTHON) tests/mutants/run.py --jobs $(JOBS) --list $(BUILD)/generated.toml --at-least 95

# The quick self-test in Bochs, which models what QEMU hides.
check-bochs: kernels
	@$(MAKE) --no-print-directory DEBUG=1 kernels
	$(PYTHON) -m pytest -q -n $(JOBS) --build=$(BUILD) $(PYTEST_ARGS) tests/bochs

# What an operation costs (docs/bench.md): BENCH= chooses keys; beside an earlier run, OLD=its
# bench.json; beside Debian's Linux.
RUN_BENCH := $(PYTHON) -B tests/bench/bench.py --build $(BUILD) --jobs $(JOBS)
bench: kernels
	$(Q)$(RUN_BENCH) run $(BENCH)

bench-diff: kernels
	$(Q)$(RUN_BENCH) diff '$(OLD)'

bench-linux: kernels
	$(Q)$(RUN_BENCH) linux

# The book, as HTML, with the source that it quotes (docs/book/build.py).
book:
	$(Q)$(PYTHON) -B docs/book/build.py $(BUILD)/book

# ---- The rest ------------------------------------------------------------------------------------

deps: # installed by now: see GOALS

toolchain:
	sh tools/toolchain.sh

loc:
	@$(PYTHON) tools/loc.py

clean:
	rm -rf $(BUILD)

help:
	@echo 'make            both kernels and the ISO, in $(BUILD)/'
	@echo 'make run        boots the ISO in QEMU, serial console in the terminal'
	@echo 'make gdb        boots under GDB, halted, with commands that know the kernel (help tarn); CORE=file looks at a dump'
	@echo 'make gdb-server, gdb-client   the same in two terminals'
	@echo 'make dump       a memory dump, build/tarn.core, of what gdb-server runs, else of a boot of its own'
	@echo 'make tour       lists guided tours; make tour NAME starts one'
	@echo 'make compile_commands.json   for clangd'
	@echo 'make check      host tests and boot tests'
	@echo 'make check-more what CI runs besides: clang'"'"'s build, and some of the tests with it'
	@echo 'make check-hosts   other distributions and compilers, each in a folder: needs root, debootstrap, hours (docs/testing.md)'
	@echo 'make check-host, coverage   the host tests alone; what of kernel/mm they reach'
	@echo 'make coverage-boot   what of kernel/arch/x86, kernel and boot the boots reach (FULL=1: all of check-full and check-bochs)'
	@echo 'make interleave, interleave-faults   every schedule of small scenarios; faults planted there'
	@echo 'make check-full, check-bochs, mutants, lint   longer: machines by pairs, Bochs, planted mistakes, static checks'
	@echo 'make bench      what each operation costs, in guest instructions (docs/bench.md)'
	@echo 'make bench-diff OLD=file, bench-linux   beside an earlier bench.json; beside the Linux of Debian'
	@echo 'make book       the book about all this, as HTML, in $(BUILD)/book/'
	@echo 'make toolchain  builds i686-elf binutils and GCC into the cache folder'
	@echo 'make deps       installs what all of these need'
	@echo 'make loc        lines of code by folder'
	@echo
	@echo 'Variables, on the command line or in the environment: name, what it takes, default, what for.'
	@awk -v what=help -f tools/variables.awk tools/variables.txt
