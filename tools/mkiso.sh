#!/bin/sh
# mkiso.sh OBJCOPY OUT.iso GRUB.cfg FILE...: a bootable ISO with these files in /boot: kernels, and
# archives (.tar) that the menu loads as modules.  GRUB would load the debug information of kernels
# into memory too, so the ISO gets them without.

set -eu
objcopy=$1 iso=$2 menu=$3
shift 3
here=$(dirname "$0")

if [ -z "$(sh "$here/compiler.sh" grub-files)" ]; then
	echo "No GRUB for the PC on this machine: no ISO. The kernels start with QEMU's -kernel."
	rm -f "$iso"
	exit 0
fi
tree=$iso.tree
rm -rf "$tree"
mkdir -p "$tree/boot/grub"
cp "$menu" "$tree/boot/grub/grub.cfg"
for kernel in "$@"; do
	name=$(basename "$kernel")
	case $name in *.tar)
		cp "$kernel" "$tree/boot/$name"
		continue
		;;
	esac
	"$objcopy" --strip-debug "$kernel" "$tree/boot/$name"
	# The menu names the ordinary kernels; these may be of another build (tarn-pae-debug.elf).
	case $name in tarn-pae*) of=tarn-pae ;; *) of=tarn ;; esac
	sed "s,/boot/$of\\.elf,/boot/$name," "$tree/boot/grub/grub.cfg" >"$tree/menu"
	mv "$tree/menu" "$tree/boot/grub/grub.cfg"
done
if ! "$(sh "$here/compiler.sh" grub-mkrescue)" -d "$(sh "$here/compiler.sh" grub-files)" -o "$iso" "$tree" >"$iso.log" 2>&1; then
	cat "$iso.log" >&2
	rm -f "$iso"
	exit 1
fi
rm -rf "$tree" "$iso.log"
