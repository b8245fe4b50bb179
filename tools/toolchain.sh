#!/bin/sh
# toolchain.sh: builds the classic cross tools, i686-elf binutils and GCC (C only), from the source
# packages of Debian into the user's cache folder, where the Makefile finds them.  Nobody needs
# them: any compiler for the i386 will do.  Takes a quarter of an hour on two cores and 2 GB of the
# disk while it builds; what stays is about 70 MB.

set -eu
target=i686-elf
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tarn
prefix=$cache/toolchain
work=$cache/toolchain-build
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}

if [ -x "$prefix/bin/$target-gcc" ]; then
	echo "$prefix/bin/$target-gcc is there already; to build it anew remove $prefix."
	exit 0
fi

# ---- Debian's packages ----

# shellcheck source=tools/apt.sh
. "$(dirname "$0")/apt.sh"
if ! apt_usable; then
	echo "This builds from Debian's source packages and needs apt-get, and root or sudo." >&2
	echo "Elsewhere: Fedora's gcc does as it is; with Homebrew: brew install i686-elf-gcc" >&2
	exit 1
fi

missing=''
for package in binutils-source gcc-12-source g++ make bison flex xz-utils libgmp-dev libmpfr-dev \
	libmpc-dev; do
	dpkg-query -W -f '${Status}' $package 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
	if [ -n "${NO_INSTALL:-}" ]; then
		echo "NO_INSTALL=1, and this is missing:$missing" >&2
		exit 1
	fi
	# shellcheck disable=SC2086 # one word for each package
	apt_install $missing
fi

# ---- Build ----

log=$work/log
rm -rf "$work"
mkdir -p "$work"

# quietly NAME COMMAND...: the command's output goes to the log, which is shown if it fails.
quietly() {
	echo "$1 ..."
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 40 "$log"
		echo "Failed: $*; all of it is in $log" >&2
		exit 1
	}
}

# build NAME FOLDER GOALS... -- OPTIONS...: unpack, configure, make and install outside the source.
build() {
	name=$1 folder=$2 goals='' installs=''
	shift 2
	while [ "$1" != -- ]; do
		goals="$goals all$1" installs="$installs install-strip$1"
		shift
	done
	shift
	mkdir "$work/$name" "$work/$name-build"
	quietly "$name: unpacking" tar -xf "$(echo "$folder/$name"-[0-9]*.tar.*)" -C "$work/$name" --strip-components=1
	cd "$work/$name-build"
	quietly "$name: configuring" "../$name/configure" --target=$target --prefix="$prefix" --disable-nls \
		--disable-lto --disable-werror MAKEINFO=true CFLAGS=-O2 CXXFLAGS=-O2 "$@"
	# shellcheck disable=SC2086
	quietly "$name: building, $jobs jobs" make -j"$jobs" MAKEINFO=true $goals
	# Debian's GCC comes without the manual, whose check against the source would stop the
	# installation.
	[ ! -d gcc ] || touch gcc/s-tm-texi
	# shellcheck disable=SC2086
	quietly "$name: installing" make MAKEINFO=true $installs
	cd /
	rm -rf "${work:?}/$name" "${work:?}/$name-build"
}

build binutils /usr/src/binutils '' -- --disable-gdb --disable-gprofng --disable-sim --with-sysroot
PATH=$prefix/bin:$PATH
build gcc /usr/src/gcc-12 -gcc -target-libgcc -- --enable-languages=c --without-headers \
	--disable-multilib \
	--disable-bootstrap --disable-shared --disable-threads --disable-libssp
rm -rf "$work"
"$prefix/bin/$target-gcc" --version | head -n 1
echo "In $prefix/bin, from where the Makefile takes it."
