# apt.sh: installs packages of Debian and its kin.  To be sourced.
#
#   apt_usable              true if there is apt-get, and root or sudo to use it
#   apt_install PACKAGE...  installs them; nothing is ever removed for them, nothing asked
#   apt_again COMMAND...    tries a command of apt again when it fails
#
# What counts is whether the packages can be had.  A list of the archive that cannot be fetched,
# because it is being renewed just then, matters only if something is missing without it; then it is
# tried again. shellcheck shell=sh

# Seconds before another try: an archive renews a list within minutes.
apt_pauses='5 20 60'

if [ "$(id -u)" = 0 ]; then
	as_root=''
else
	as_root=sudo
fi

apt_usable() {
	command -v apt-get >/dev/null 2>&1 && { [ -z "$as_root" ] || command -v sudo >/dev/null 2>&1; }
}

apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# By a rehearsal: each of them, from the architecture that it names, and all that it depends on.
apt_can() { apt-get --simulate install -y --no-remove --no-install-recommends "$@" >/dev/null 2>&1; }

# Two parts of the archive may be renewed one after the other: any list that fails counts, warnings
# too.
apt_update() { apt -o APT::Update::Error-Mode=any update; }

apt_try() { apt_can "$@" && apt install -y --no-remove --no-install-recommends "$@"; }

# First with the lists as they are; they may name files that the archive no longer has.
apt_install() {
	echo "Tarn: ${as_root:+$as_root }apt-get installs $*"
	apt_try "$@" && return
	for pause in 0 $apt_pauses; do
		apt_pause "$pause"
		apt_lists=whole
		apt_update || apt_lists=partial
		apt_try "$@" && return
		# What is not there by whole lists will not be there in a minute.
		[ $apt_lists = partial ] || apt_can "$@" || return 1
	done
	return 1
}

# apt_again COMMAND...: until it succeeds, four times at most.
apt_again() {
	for pause in 0 $apt_pauses; do
		apt_pause "$pause"
		"$@" && return
	done
	return 1
}

apt_pause() {
	[ "$1" != 0 ] || return 0
	echo "Tarn: the archive does not give it now; once more in $1 seconds"
	sleep "$1"
}
