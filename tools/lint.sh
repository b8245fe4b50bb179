#!/bin/sh
# lint.sh: layers, clang-tidy and cppcheck over the kernel's C.  Exit status 1 if any has something
# to report.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0
files=$(find kernel lib tests/checkers tests/kernel tests/bench/*.c -name '*.c' | sort)
# All that a build can contain, in one pass.
defines='-DCONFIG_PAE -DCONFIG_DEBUG -DCONFIG_POISON'

echo 'lint: layers'
python3 tools/layers.py || status=1

echo 'lint: clang-tidy'
report=$(mktemp)
trap 'rm -f "$report"' EXIT
# shellcheck disable=SC2016,SC2086 # the inner shell expands "$@"; lists are split on purpose
printf '%s\n' $files | xargs -P "$(nproc 2>/dev/null || echo 2)" -n 8 sh -c \
	'clang-tidy --quiet "$@" -- -std=gnu11 -ffreestanding -I. -Ikernel --target=i686-elf '"$defines"' 2>/dev/null' lint >"$report" ||
	status=1
grep -E 'error:|warning:|note:' "$report"

echo 'lint: cppcheck'
# Suppressed is what it takes wrongly: symbols of the linker compared, values that inline assembly
# fills in, a divide error on purpose, a shift by at most 31 that it cannot bound. shellcheck
# disable=SC2086
cppcheck --quiet --std=c11 --platform=unix32 --enable=warning,portability,performance --inline-suppr \
	--suppress=comparePointers --suppress='uninitvar:kernel/arch/x86/*' --suppress=uninitvar:kernel/debug/ubsan.c \
	--suppress=zerodivcond:lib/div64.c --suppress=shiftTooManyBits:kernel/mm/objects/objcache.c \
	--error-exitcode=1 -I. -Ikernel $defines kernel lib || status=1

[ $status -eq 0 ] && echo 'lint: nothing to report'
exit $status
