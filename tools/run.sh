#!/bin/sh
# run.sh BUILD SUFFIX OBJCOPY: boots Tarn in QEMU, as PAE, SMP, MEM, CPU, MACHINE, APPEND and GUI in the environment say.
#
# The serial console is this terminal.  The ISO's menu starts its first entry by itself; what differs from that gets
# an ISO of its own.  Where there is no GRUB for the PC, QEMU loads the kernel itself.

set -u
build=$1 suffix=$2 objcopy=$3
here=$(dirname "$0")
kernel=$build/tarn${PAE:+-pae}$suffix.elf
iso=$build/tarn$suffix.iso

set -- -smp "$SMP" -m "$MEM" -nic none -no-reboot -serial mon:stdio -device isa-debug-exit,iobase=0xf4,iosize=4
[ -z "${CPU:-}" ] || set -- "$@" -cpu "$CPU"
[ -z "${MACHINE:-}" ] || set -- "$@" -machine "$MACHINE"
[ -n "${GUI:-}" ] || set -- "$@" -display none

own_iso() {
	mkdir -p "$build/run"
	iso=$build/run/tarn.iso
	cat >"$build/run/grub.cfg" <<-MENU
		serial --unit=0 --speed=115200
		terminal_input console serial
		terminal_output console serial
		set timeout=1
		menuentry "Tarn${PAE:+ PAE}: ${APPEND:-self-test, then idle}" {
			multiboot /boot/$(basename "$kernel") ${APPEND:-}
		}
	MENU
	"$here/mkiso.sh" "$objcopy" "$iso" "$build/run/grub.cfg" "$kernel"
}

if [ -n "${PAE:-}${APPEND:-}" ]; then
	own_iso || exit 1
fi
echo "To quit: Ctrl-A, then X. (Ctrl-A, then C: QEMU's monitor and back.)"
if [ -f "$iso" ]; then
	echo "qemu-system-i386 -cdrom $iso $*"
	qemu-system-i386 -cdrom "$iso" "$@"
else
	echo "No GRUB for the PC on this machine: QEMU loads the kernel itself."
	echo "qemu-system-i386 -kernel $kernel -append '${APPEND:-}' $*"
	qemu-system-i386 -kernel "$kernel" -append "${APPEND:-}" "$@"
fi
status=$?

# What the kernel wrote to isa-debug-exit, twice and plus one.
case $status in
33) exit 0 ;;
35) echo "Tarn ended with a failure." >&2 ;;
esac
exit $status
