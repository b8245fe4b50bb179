#!/bin/sh
# Prints which program to use for a part of the build; nothing if there is none.
#
#   compiler.sh cc                        the C compiler
#   compiler.sh ld|nm|objcopy COMPILER    what belongs to that compiler
#   compiler.sh known FILE COMPILER FLAG...
#                                         which of these flags it knows; FILE keeps the answer
#   compiler.sh gdb                       a GDB that knows the i386
#   compiler.sh grub-mkrescue             GRUB's ISO maker
#   compiler.sh grub-files                folder of GRUB's modules for the PC

set -u
toolchain=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tarn/toolchain/bin

# The first of the arguments that is a program.
first() {
	for program in "$@"; do
		if command -v "$program" >/dev/null 2>&1; then
			echo "$program"
			return
		fi
	done
}

# True if `gcc -m32` makes ELF files for the i386 (gcc may be clang, or be for another CPU).
gcc_m32() {
	macros=$(gcc -m32 -dM -E -x c /dev/null 2>/dev/null) || return 1
	case $macros in *__i386__*) ;; *) return 1 ;; esac
	case $macros in *__ELF__*) ;; *) return 1 ;; esac
}

cc() {
	cross=$(first "$toolchain/i686-elf-gcc" i686-elf-gcc i686-linux-gnu-gcc)
	if [ -n "$cross" ]; then
		echo "$cross"
	elif gcc_m32; then
		echo gcc
	else
		first clang
	fi
}

ld() {
	case $1 in
	*clang*) linker=$(first "ld.lld${1##*clang}" ld.lld i686-elf-ld i686-linux-gnu-ld ld) ;;
	*i?86-*-gcc*) linker=$(first "${1%gcc*}ld") ;;
	*) linker=$(first ld ld.lld) ;;
	esac
	echo "${linker:-ld} -m elf_i386"
}

# nm and objcopy: any that knows ELF will do.
binutil() {
	case $2 in
	*i?86-*-gcc*) first "${2%gcc*}$1" "$1" ;;
	*) first "llvm-$1" "$1" "i686-elf-$1" "i686-linux-gnu-$1" ;;
	esac
}

compiles() { "$@" -Werror -x c -c /dev/null -o /dev/null 2>/dev/null; }

# All at once, since most compilers know them all; else one by one.
try_flags() { # try_flags COMPILER FLAG...
	compiler=$1
	shift
	# shellcheck disable=SC2086 # the compiler may come with flags
	if compiles $compiler "$@"; then
		echo "$*"
		return
	fi
	flags=''
	for flag in "$@"; do
		# shellcheck disable=SC2086
		if compiles $compiler "$flag"; then flags="$flags $flag"; fi
	done
	echo "${flags# }"
}

# FILE's first line says what was asked, of which program; its second is the answer.
known() {
	file=$1
	shift
	asked="$* $(ls -lL "$(command -v "${1%% *}")" 2>/dev/null)"
	if [ ! -f "$file" ] || [ "$(head -n 1 "$file")" != "$asked" ]; then
		mkdir -p "$(dirname "$file")"
		{ echo "$asked" && try_flags "$@"; } >"$file.$$" && mv "$file.$$" "$file"
	fi
	sed -n 2p "$file"
}

# On other machines the plain one may know those alone.
any_gdb() {
	for program in $(first gdb) $(first gdb-multiarch) $(first i686-elf-gdb); do
		if "$program" -nx -batch -ex 'set architecture i386' 2>/dev/null | grep -q i386; then
			echo "$program"
			return
		fi
	done
}

grub_files() {
	for folder in /usr/lib/grub/i386-pc /usr/share/grub/i386-pc \
		"${HOMEBREW_PREFIX:-/opt/homebrew}/opt/i686-elf-grub/lib/i686-elf/grub/i386-pc" \
		"${HOMEBREW_PREFIX:-/opt/homebrew}/lib/grub/i386-pc" /usr/local/lib/grub/i386-pc; do
		if [ -f "$folder/multiboot.mod" ]; then
			echo "$folder"
			return
		fi
	done
}

case $1 in
cc) cc ;;
ld) ld "$2" ;;
nm | objcopy) binutil "$1" "$2" ;;
known)
	shift
	known "$@"
	;;
gdb) any_gdb ;;
grub-mkrescue) first grub-mkrescue grub2-mkrescue i686-elf-grub-mkrescue ;;
grub-files) grub_files ;;
esac
