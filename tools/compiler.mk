# Which compiler, and its flags.  Included by the Makefile.  Sets CC, LD, NM, OBJCOPY, CLANG (empty
# for GCC), CFLAGS, DEBUG_CFLAGS, COLD_CFLAGS, STRING_CFLAGS, NASMFLAGS, LDFLAGS.

ifneq ($(GOALS),)
# i686-elf-gcc, else i686-linux-gnu-gcc, else gcc -m32, else clang; CC= on the command line wins.
override CC := $(or $(GIVEN_CC),$(shell sh tools/compiler.sh cc))
LD := $(shell sh tools/compiler.sh ld '$(CC)')
NM := $(shell sh tools/compiler.sh nm '$(CC)')
OBJCOPY := $(shell sh tools/compiler.sh objcopy '$(CC)')
CLANG := $(findstring clang,$(CC))
TARGET := $(if $(CLANG),--target=i686-elf,$(if $(filter i%,$(shell $(CC) -dumpmachine)),,-m32))
endif

WARNINGS := -Wall -Wextra $(if $(WERROR),-Werror) -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes \
	-Wpointer-arith -Wundef -Wvla -Wwrite-strings
# GCC for i686-elf takes long where all others take int; printf's formats tell the two apart.
redefine = -U__$1__ "-D__$1__=$2"
INT_TYPES := $(if $(filter %-elf-gcc,$(CC)),$(call redefine,INT32_TYPE,int) \
	$(call redefine,UINT32_TYPE,unsigned int) $(call redefine,INT32_MAX,0x7fffffff) \
	$(call redefine,UINT32_MAX,0xffffffffU) $(call redefine,INTPTR_TYPE,int) \
	$(call redefine,UINTPTR_TYPE,unsigned int))
# No FPU or SSE register is touched: the kernel does not save them.  Frame pointers carry the back
# trace.  GCC's shorter ways (docs/bench.md): arguments in registers, the stack aligned to words, no
# no-ops to align jumps and functions.  Clang calls its own run-time functions
# (kernel/debug/ubsan.c) with arguments on the stack, whatever -mregparm says.
SHORT_CFLAGS := $(if $(CLANG),,-mregparm=3 -mpreferred-stack-boundary=2 -fno-align-functions \
	-fno-align-jumps -fno-align-loops)
# What distributions switch on by default in their compilers, and a kernel cannot have: off, where
# the compiler knows of it.
NO_DEFAULTS := -U_FORTIFY_SOURCE -fcf-protection=none -fno-stack-clash-protection \
	-mtls-dialect=gnu -ftrivial-auto-var-init=uninitialized -fzero-call-used-regs=skip
ifneq ($(GOALS),)
NEUTRAL := $(shell sh tools/compiler.sh known $(BUILD)/flags-known '$(CC) $(TARGET)' $(NO_DEFAULTS))
endif
# The shell puts in the folder's name, whatever signs it has; the dollars are for make, twice.
CFLAGS := $(TARGET) $(NEUTRAL) -std=gnu11 -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
	-fno-strict-aliasing -fno-omit-frame-pointer -fno-optimize-sibling-calls \
	-fno-asynchronous-unwind-tables -mno-sse -mno-mmx -mno-80387 -O2 -g \
	$(SHORT_CFLAGS) "-ffile-prefix-map=$$$$PWD=." $(INT_TYPES) $(WARNINGS) -I. -Ikernel
# COVERAGE=1, in a BUILD folder of its own: each basic block says that it has run (tests/coverage),
# and assembly has line numbers.  Blocks that do the same are not made one, or it would say that
# others have run.
ifneq ($(COVERAGE),)
CFLAGS += -fsanitize-coverage=trace-pc $(if $(CLANG),,-fno-crossjumping -fno-tree-tail-merge)
NASMFLAGS := -g -F dwarf
endif
# Files that run at boot, in a panic or once in a while are compiled for size (COLD, in the
# Makefile).
COLD_CFLAGS := -Os
# The loops in memcpy and memset must not be turned into calls of memcpy and memset.
STRING_CFLAGS := -fno-builtin $(if $(CLANG),,-fno-tree-loop-distribute-patterns)
# The start-up part holds code, data and tables in one segment; newer linkers warn of that.
LDFLAGS := -nostdlib -static -z noexecstack --build-id=none -T linker.ld \
	$(if $(LD),$(firstword $(shell $(LD) --help | grep -o -e --no-warn-rwx-segments)))

# Debug kernels: what C leaves undefined is a panic (kernel/debug/ubsan.c).  Of clang's bounds
# checks one half knows no handler.  Functions that do not say `inline` stay functions, so that
# messages and back traces name who did it.  Of wrong subscripts the sanitizer tells; GCC's own
# warning follows paths that sanitizers add (GCC manual, Instrumentation Options, on false
# warnings). -Og: GDB finds lines and local variables where the source has them.
DEBUG_CFLAGS := -Wno-array-bounds \
	-fsanitize=shift,integer-divide-by-zero,unreachable,vla-bound,null,alignment,object-size \
	-fsanitize=bool,enum,builtin,nonnull-attribute,returns-nonnull-attribute \
	-fsanitize=signed-integer-overflow,pointer-overflow \
	-fno-optimize-sibling-calls \
	$(if $(CLANG),-fsanitize=array-bounds -finline-hint-functions,-Og -fsanitize=bounds \
	-fno-inline-functions -fno-inline-functions-called-once -fno-inline-small-functions \
	-fno-partial-inlining -fno-ipa-icf)
