#!/bin/sh
# run.sh BUILD SUFFIX OBJCOPY: boots Tarn in QEMU, as PAE, SMP, MEM, CPU, MACHINE, APPEND and GUI in
# the environment say.
#
# The serial console is this terminal.  The ISO's menu starts its first entry by itself; what
# differs from that gets an ISO of its own.  Where there is no GRUB for the PC, QEMU loads the
# kernel itself.

set -u
build=$1 suffix=$2 objcopy=$3
here=$(dirname "$0")
kernel=$build/tarn${PAE:+-pae}$suffix.elf
iso=$build/tarn$suffix.iso

set --
[ -z "${CPU:-}" ] || set -- "$@" -cpu "$CPU"
[ -z "${MACHINE:-}" ] || set -- "$@" -machine "$MACHINE"

# A CPU that announces no local APIC has one in QEMU all the same when there are several, and then
# the firmware does not let the timer's interrupts through it: GRUB's countdown stands still.
lacks_apic() {
	printf 'info lapic\nquit\n' |
		qemu-system-i386 "$@" -smp 1 -S -nodefaults -display none -monitor stdio 2>/dev/null |
		grep -q 'local apic state not available'
}
if [ -n "${CPU:-}" ] && [ "$SMP" != 1 ] && lacks_apic "$@"; then
	echo "CPU=$CPU has no local APIC, which several CPUs need: SMP=1 instead of $SMP."
	SMP=1
fi

set -- -smp "$SMP" -m "$MEM" "$@" -nic none -no-reboot -serial mon:stdio \
	-device isa-debug-exit,iobase=0xf4,iosize=4
[ -n "${GUI:-}" ] || set -- "$@" -display none

# In a folder of its own: two runs at once must not share it.
own_iso() {
	own=$(mktemp -d "$build/run.XXXXXX") || return 1
	trap 'rm -rf "$own"' EXIT
	trap 'exit 130' INT TERM HUP
	iso=$own/tarn.iso
	# In the menu's file a title stands between quotes.
	title="Tarn${PAE:+ PAE}: $(printf %s "${APPEND:-self-test, then idle}" | tr -d '"')"
	cat >"$own/grub.cfg" <<-MENU
		serial --unit=0 --speed=115200
		terminal_input console serial
		terminal_output console serial
		set timeout=1
		menuentry "$title" {
			multiboot /boot/$(basename "$kernel") ${APPEND:-}
			module /boot/user.tar user.tar
		}
	MENU
	sh "$here/mkiso.sh" "$objcopy" "$iso" "$own/grub.cfg" "$build/user.tar" "$kernel"
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
	# A comma would begin the next module, a blank the module's command line (QEMU manual,
	# "-initrd"): two commas stand for one.
	module="$(printf %s "$build/user.tar" | sed 's/,/,,/g') user.tar"
	echo "qemu-system-i386 -kernel $kernel -initrd '$module' -append '${APPEND:-}' $*"
	qemu-system-i386 -kernel "$kernel" -initrd "$module" -append "${APPEND:-}" "$@"
fi
status=$?

# What the kernel wrote to isa-debug-exit, twice and plus one.  0 is no word of the kernel's.
case $status in
33) exit 0 ;;
35) echo "Tarn ended with a failure." >&2 ;;
255) echo "The program of run= ended with a status above 62, or could not be started: root's line says which." >&2 ;;
129 | 1[3-9]? | 2??)
	echo "The program of run= ended with status $(((status - 129) / 2))." >&2
	exit $(((status - 129) / 2))
	;;
0)
	case " ${APPEND:-} " in *' exit '*)
		echo "No verdict: QEMU was quit, or the machine was reset." >&2
		exit 1
		;;
	esac
	;;
esac
exit $status
