#!/bin/sh
# deps.sh COMPILER GOAL...: sees to it that what the make goals need is on this machine.
#
# COMPILER is what CC= said, or empty.  When nothing is missing no package manager is called.  Else,
# on Debian and its kin, the packages are named and installed (as root, or by sudo); nothing is ever
# removed for them.  Elsewhere, and with NO_INSTALL=1, the lines to type are shown, and the exit
# status is 1.
#
# The 32-bit host tests need one library of the foreign architecture i386.  NO_I386=1 declines it;
# without it those tests are skipped.

# shellcheck disable=SC2086 # lists of packages are split into words on purpose
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=$1
shift
packages=''     # Debian's names of what is missing
foreign=''      # the same, of the architecture i386
want_compiler=''

have() { command -v "$1" >/dev/null 2>&1; }
need() { packages="$packages $*"; }

# ---- What is missing ----

is_x86_64() { [ "$(uname -sm)" = 'Linux x86_64' ]; }
x86_64_only() {
	is_x86_64 || {
		echo "make $1 needs Linux on x86-64: its simulated machine is made of that." >&2
		exit 1
	}
}
is_pc() { case $(uname -m) in i?86 | x86_64 | amd64) true ;; *) false ;; esac; }

build_needs() {
	have make || need make
	have nasm || need nasm
	case $compiler in
	'') [ -n "$(sh tools/compiler.sh cc)" ] || want_compiler=must ;;
	*clang*) clang_needs "${compiler%% *}" ;;
	*) have "${compiler%% *}" || {
		echo "CC=$compiler: there is no such program." >&2
		exit 1
	} ;;
	esac
	[ -n "$(sh tools/compiler.sh nm "${compiler:-gcc}")" ] || need binutils
}

# GRUB for the PC is not packaged for other machines: there the kernels start without it
# (tools/mkiso.sh).
iso_needs() {
	is_pc || [ -n "$(sh tools/compiler.sh grub-files)" ] || return 0
	[ -n "$(sh tools/compiler.sh grub-files)" ] || need grub-pc-bin
	[ -n "$(sh tools/compiler.sh grub-mkrescue)" ] || need grub-common
	have xorriso || need xorriso
	have mformat || need mtools
}

qemu_needs() {
	if ! have qemu-system-i386; then
		need qemu-system-x86
		[ -z "${GUI:-}" ] || need qemu-system-gui
	elif [ -n "${GUI:-}" ]; then
		qemu-system-i386 -display help | grep -q -e gtk -e sdl -e cocoa ||
			need qemu-system-gui
	fi
}

lint_needs() {
	have clang-tidy || need clang-tidy
	have clang-format || need clang-format
	have cppcheck || need cppcheck
	have black || need black
}

bochs_needs() {
	have bochs && [ -e /usr/share/bochs/VGABIOS-lgpl-latest ] || need bochs bochsbios vgabios
}

# pygments only colours; the book is built without it.
book_needs() {
	python=/usr/bin/python3
	[ -x $python ] || python=python3
	have $python || need python3
	$python -c 'import markdown' 2>/dev/null || need python3-markdown python3-pygments
}

bench_needs() {
	python=/usr/bin/python3
	[ -x $python ] || python=python3
	have $python || need python3
	$python -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('matplotlib'))" \
		2>/dev/null || need python3-matplotlib
}

# The kernels themselves are fetched by tests/bench/linux/fetch.sh, and not installed.
bench_linux_needs() {
	have gcc || need gcc
	have apt-get || echo 'make bench-linux needs apt-get, to fetch the kernels of Debian.' >&2
}

gdb_needs() {
	if is_pc; then have gdb || need gdb; else
		[ -n "$(sh tools/compiler.sh gdb)" ] || need gdb-multiarch
	fi
	python=/usr/bin/python3
	[ -x $python ] || python=python3
	have $python || need python3
	have qemu-img || [ -z "${REVERSE:-}$1" ] || need qemu-utils
}

# libclang cuts and admits what a lab owns, pyelftools reads objects; the sandbox is bubblewrap's,
# or a user's with a filter of system calls.
labs_needs() {
	python=/usr/bin/python3
	[ -x $python ] || python=python3
	have $python || need python3
	$python -c 'import clang.cindex' 2>/dev/null || need python3-clang
	$python -c 'import elftools' 2>/dev/null || need python3-pyelftools
	$python -c 'import seccomp' 2>/dev/null || need python3-seccomp
	have git || need git
	have bwrap || need bubblewrap
}

check_needs() {
	python=/usr/bin/python3
	[ -x $python ] || python=python3
	have $python || need python3
	for module in pytest xdist capstone; do
		$python -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('$module'))" 2>/dev/null ||
			case $module in
			pytest) need python3-pytest ;;
			xdist) need python3-pytest-xdist ;;
			capstone) need python3-capstone ;;
			esac
	done
	have cc || have gcc || have clang || need gcc
	if have apt-get && ! [ -e /usr/include/stdio.h ]; then need libc6-dev; fi
}

# Host tests: clang with its sanitizers (Debian has those for 32 bits in the same package) and
# cmocka, for 32 bits too.
host_needs() {
	have clang || need clang
	ls "$(clang --print-runtime-dir 2>/dev/null)"/libclang_rt.asan* >/dev/null 2>&1 || need libclang-rt-dev
	[ -e /usr/include/cmocka.h ] || need libcmocka-dev
	[ -e /usr/lib32/crt1.o ] || links -m32 || need libc6-dev-i386
	[ -e /usr/lib/i386-linux-gnu/libcmocka.so ] || links -m32 -lcmocka || want_i386
}

# links FLAG...: true if clang makes a program for this host with these flags.
links() { echo 'int main(void) { return 0; }' | clang -x c - "$@" -o /dev/null 2>/dev/null; }

want_i386() {
	if [ -n "${NO_I386:-}" ]; then
		echo 'Tarn: NO_I386=1, so the 32-bit host tests are skipped.'
	else
		foreign=libcmocka-dev:i386
	fi
}

# GCC for the host itself: clang marks one access of `c++` where there are two.
interleave_needs() {
	have gcc || need gcc
	if have apt-get && ! [ -e /usr/include/stdio.h ]; then need libc6-dev; fi
	have python3 || need python3
}

# Such as clang-17, with the linker of that number.
clang_needs() {
	number=${1##*clang}
	have "$1" || need "clang$number"
	have "ld.lld$number" || have ld.lld || need "lld$number"
}

coverage_needs() {
	have gcovr || need gcovr
	have llvm-cov || need llvm
}

[ "$*" = book ] || build_needs
for goal in "$@"; do
	case $goal in
	run) iso_needs && qemu_needs ;;
	gdb | gdb-server | gdb-client | dump) qemu_needs && gdb_needs '' ;;
	tour) iso_needs && qemu_needs && gdb_needs tour ;;
	check | deps)
		iso_needs && qemu_needs && check_needs && book_needs
		bench_needs && gdb_needs tour && labs_needs
		if is_x86_64; then host_needs && interleave_needs; fi
		;;
	check-more)
		clang_needs clang && iso_needs && qemu_needs && check_needs && labs_needs
		have parallel || need parallel # a command of docs/teaching.md is tried
		if is_x86_64; then interleave_needs; fi
		;;
	check-host) x86_64_only "$goal" && host_needs ;;
	interleave | interleave-faults) x86_64_only "$goal" && interleave_needs ;;
	coverage) x86_64_only "$goal" && host_needs && coverage_needs ;;
	book) book_needs ;;
	bench | bench-diff) qemu_needs && bench_needs ;;
	bench-linux) qemu_needs && bench_needs && bench_linux_needs ;;
	coverage-boot) iso_needs && qemu_needs && check_needs && bochs_needs ;;
	mutants)
		iso_needs && qemu_needs && check_needs
		if is_x86_64; then host_needs && interleave_needs; fi
		;;
	check-book | check-faults | check-strain | check-user) qemu_needs && check_needs ;;
	check-full) iso_needs && qemu_needs && check_needs ;;
	lint) lint_needs ;;
	lab) labs_needs ;;
	grader | gradescope | grade | check-labs | check-labs-mutants | explore)
		qemu_needs && labs_needs
		# Elsewhere labs are graded without their races.
		if is_x86_64; then interleave_needs; fi
		;;
	check-labs-class)
		qemu_needs && labs_needs && { have npm || need npm; }
		if is_x86_64; then interleave_needs; fi
		;;
	check-copied) labs_needs && { have npm || need npm; } ;;
	check-hosts) have debootstrap || need debootstrap ;;
	check-bochs) iso_needs && check_needs && bochs_needs ;;
	all | iso | *.iso) iso_needs ;;
	esac
done
packages=$(printf '%s\n' $packages | sort -u | tr '\n' ' ')
packages=${packages% }
[ -n "$packages$foreign$want_compiler" ] || exit 0

# ---- Installing it ----

lines_to_type() {
	cat <<LINES
Missing: $packages${foreign:+ $foreign}${want_compiler:+ a C compiler for the i386}
Please install it. All that Tarn may need:
  Debian, Ubuntu:
    sudo apt-get install --no-install-recommends make gcc-i686-linux-gnu nasm grub-pc-bin \\
        xorriso mtools qemu-system-x86 qemu-utils gdb gcc libc6-dev python3-pytest \\
        python3-pytest-xdist python3-capstone python3-markdown python3-pygments \\
        python3-matplotlib python3-clang python3-pyelftools python3-seccomp git \\
        bubblewrap
  Fedora:
    sudo dnf install make gcc nasm grub2-tools-extra grub2-pc-modules xorriso mtools \\
        qemu-system-x86-core qemu-img gdb python3-pytest python3-pytest-xdist \\
        python3-capstone python3-markdown python3-pygments python3-matplotlib \\
        python3-clang python3-pyelftools python3-libseccomp git bubblewrap
  Homebrew:
    brew install make i686-elf-gcc i686-elf-gdb i686-elf-grub nasm xorriso mtools qemu python3
    python3 -m pip install pytest pytest-xdist capstone markdown pygments matplotlib \\
        libclang pyelftools
LINES
}

# shellcheck source=tools/apt.sh
. tools/apt.sh

say_no_i386() { echo "Tarn: without $foreign the 32-bit host tests are skipped."; }

# A library for some of the tests is no reason to stop here.
install_foreign() {
	dpkg --print-foreign-architectures | grep -qx i386 || {
		echo "Tarn: adds the foreign architecture i386 for $foreign, which the 32-bit host tests need (NO_I386=1 declines)"
		$as_root dpkg --add-architecture i386
	}
	apt_install $foreign || say_no_i386
}

# Debian's cross compiler cannot be installed beside gcc-multilib; then gcc -m32, or clang.
install_compiler() {
	for compilers in gcc-i686-linux-gnu gcc 'clang lld'; do
		apt_install $compilers || echo "Tarn: $compilers is not to be had."
		[ -n "$(sh tools/compiler.sh cc)" ] && return
	done
	return 1
}

# Where packages are installed anyhow, the cross compiler comes too, unless there is one.
[ -z "$compiler" ] && case $(sh tools/compiler.sh cc) in
gcc | clang) want_compiler=${want_compiler:-may} ;;
esac
dpkg-query -W -f '${Status}' gcc-multilib 2>/dev/null | grep -q 'ok installed' && [ "$want_compiler" = may ] && want_compiler=''

if [ -n "${NO_INSTALL:-}" ] || ! apt_usable; then
	if [ -n "$packages" ] || [ "$want_compiler" = must ]; then
		lines_to_type
		exit 1
	fi
	[ -z "$foreign" ] || say_no_i386
	exit 0
fi
if { [ -n "$packages" ] && ! apt_install $packages; } || { [ -n "$want_compiler" ] && ! install_compiler; }; then
	lines_to_type
	exit 1
fi
[ -z "$foreign" ] || install_foreign
