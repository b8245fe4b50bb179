#!/bin/sh
# lint.sh OBJECTS...: the rules of the house (tools/lint/), format, clang-tidy and cppcheck.  Each
# OBJECTS is a folder with the objects of one build.  Exit status 1 if any has something to report.
set -u
cd "$(dirname "$0")/.." || exit 1
status=0
files=$(find kernel lib user tests/checkers tests/kernel tests/bench/*.c -name '*.c' | sort)
# All that a build can contain, in one pass.
defines='-DCONFIG_PAE -DCONFIG_DEBUG -DCONFIG_POISON'

echo 'lint: layers'
python3 tools/lint/layers.py || status=1
python3 tools/lint/symbols.py "$@" || status=1

echo 'lint: format'
python3 tools/lint/columns.py || status=1
# Other versions of clang-format lay some lines out in another way.
format=$(command -v clang-format-14 || command -v clang-format)
case $("$format" --version 2>/dev/null) in
*' version 14.'*)
	find kernel lib user labs tests -name '*.[ch]' -exec "$format" --dry-run -Werror {} + || status=1
	;;
*) echo 'lint: no clang-format of version 14 here, so the format of C is not checked' ;;
esac
black --check --quiet . || {
	echo 'lint: black would change Python files (black --check . names them)'
	status=1
}

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
# fills in, a divide error on purpose, a shift by at most 31 that it cannot bound.
# shellcheck disable=SC2086 # lists are split on purpose
cppcheck --quiet --std=c11 --platform=unix32 --enable=warning,portability,performance \
	--inline-suppr --suppress=comparePointers --suppress='uninitvar:kernel/arch/x86/*' \
	--suppress='uninitvar:kernel/debug/*' --suppress=zerodivcond:lib/div64.c \
	--suppress=shiftTooManyBits:kernel/mm/objects/objcache.c \
	--error-exitcode=1 -I. -Ikernel $defines kernel lib user || status=1

[ $status -eq 0 ] && echo 'lint: nothing to report'
exit $status
