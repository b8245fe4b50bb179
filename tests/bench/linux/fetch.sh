#!/bin/sh
# fetch.sh FOLDER: Debian's 32-bit kernels of release 12 (686 and 686-pae) with what a module needs
# to be built for them, unpacked below FOLDER/root; the release of the kernel goes to
# FOLDER/release.
#
# apt-get works in folders of its own (FOLDER/apt): nothing is installed, and neither the host's
# list of packages nor its architectures change.
set -eu
. "$(dirname "$0")/../../../tools/apt.sh"
mkdir -p "$1"
folder=$(cd "$1" && pwd)
[ ! -e "$folder/release" ] || exit 0
keys=/usr/share/keyrings/debian-archive-keyring.gpg
for tool in apt-get apt-cache dpkg-deb; do
	command -v $tool >/dev/null || {
		echo "fetch.sh: there is no $tool here: make bench-linux needs Debian or one of its kin." >&2
		exit 1
	}
done
# Where this host has its own packages of that release from.
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' \
	'Component: main' 'Label: Debian' | head -n 1)}
[ -n "$mirror" ] || {
	echo "fetch.sh: apt here knows no mirror of Debian 12: DEBIAN_MIRROR=address names one (or run apt-get update first)." >&2
	exit 1
}
[ -e $keys ] || {
	echo "fetch.sh: $keys is not there: install debian-archive-keyring." >&2
	exit 1
}

apt=$folder/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs" "$folder/root"
: >"$apt/status"
echo "deb [arch=amd64,i386 signed-by=$keys] $mirror bookworm main" >"$apt/sources.list"
cat >"$apt/apt.conf" <<CONF
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; "i386"; };
APT::Sandbox::User "";
CONF
export APT_CONFIG="$apt/apt.conf"

apt_again apt-get -qq -o APT::Update::Error-Mode=any update
# The package without a version depends on the current one.
release=$(apt-cache depends linux-image-686:i386 | sed -n 's/.*Depends: linux-image-\(.*\)-686:i386/\1/p')
[ -n "$release" ] || {
	echo "fetch.sh: $mirror names no current linux-image-686." >&2
	exit 1
}
cd "$apt/debs"
apt_again apt-get -qq download "linux-image-$release-686:i386" "linux-image-$release-686-pae:i386" \
	"linux-headers-$release-686:i386" "linux-headers-$release-686-pae:i386" \
	"linux-headers-$release-common:all" "linux-kbuild-$(echo "$release" | cut -d. -f1,2):amd64"
for package in *.deb; do
	dpkg-deb -x "$package" "$folder/root"
done
# The headers' makefiles name each other where they would be installed.
for flavour in 686 686-pae; do
	headers=$folder/root/usr/src/linux-headers-$release
	sed -i "s#^include .*-common/#include $headers-common/#" "$headers-$flavour/Makefile"
done
echo "$release" >"$folder/release"
