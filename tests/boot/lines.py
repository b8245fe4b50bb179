"""What the kernel prints, as patterns: the only place in the boot tests that knows its wording."""

import re

# Boot steps: "[7] cpus: 4 of 4 online (ACPI MADT)"
STEP = re.compile(r"^\[(\d)\] ", re.M)
CPUS = re.compile(r"^\[7\].*?(\d+) of (\d+) online \(([^)]*)\)", re.M)
MEMORY = re.compile(r"^\[1\].*?RAM (\d+) MiB \((\d+) bytes\) in (\d+) ranges?", re.M)
UNREACHABLE = re.compile(r"^memory: (\d+) MiB of RAM stay unused: (\d+) MiB beyond", re.M)

# TAP, version 13
TAP_VERSION = re.compile(r"^TAP version 13$", re.M)
TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.M)
TAP_RESULT = re.compile(r"^(not ok|ok) (\d+)\b(?: -)? ?(.*)$", re.M)
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed\b.*$", re.M)

# What the debug build says at the end
LOCK_ORDER = re.compile(r"^# lock order: (.+?) > (.+?), in (\S+)$", re.M)
INTERRUPTS_OFF = re.compile(r"^# longest section with interrupts off: (\d+) ticks, from (.+?) to (.+?) on CPU (\d+)$", re.M)
DEEPEST_STACK = re.compile(r"^# deepest kernel stack: (\d+) of (\d+) bytes, thread \S+$", re.M)

# The end of a boot that does not pass
PANIC = re.compile(r"^.*panic.*$", re.M | re.I)

# Bad input: each must be named
NO_MEMORY = re.compile(r"^.*too little memory.*$", re.M | re.I)
OLD_CPU = re.compile(r"needs a Pentium or later")
NO_PAE = re.compile(r"this CPU has no PAE")
NOT_MULTIBOOT = re.compile(r"^.*multiboot.*$", re.M | re.I)
NO_MEMORY_MAP = re.compile(r"^.*memory map.*$", re.M | re.I)
COMMAND_LINE_CUT = re.compile(r"^.*command line.*(?:cut|long|left out|truncated).*$", re.M | re.I)


def ignored(option):
    """The line that names an option of the command line, or an option with its value, and says that it is ignored."""
    return re.compile(r"^command line: (?:\w+ )*'?" + re.escape(option) + r"'?(?: [^\n]*)?\bignored\b", re.M)


def damaged(table, what):
    """The line that names a table of the firmware and says what is wrong with it."""
    return re.compile(rf"^ACPI: {table}\b.*{what}.*\bignored$", re.M)


def module(number):
    """The line of a boot module: its size, the sum of its bytes, and where it lies."""
    return re.compile(rf"^\[6\] module {number}: .*, (\d+) bytes, byte sum (\d+), in (low|high) memory$", re.M)


# Memory maps, modules, command lines
LOW_AND_HIGH = re.compile(r"^\[2\].*low memory (\d+) MiB, high (\d+) MiB$", re.M)
RANGES_LEFT_OUT = re.compile(r"^memory map: too many ranges: the smallest (\d+), together (\d+) KiB, are left out$", re.M)
KERNEL_NOT_LISTED = re.compile(r"^memory map: \d+ KiB between .* not listed as RAM, but the kernel runs there", re.M)
NOT_BELIEVED = re.compile(r"^memory map: \d+ KiB between (0x[0-9a-f]+) and (0x[0-9a-f]+) .*: not believed$", re.M)
NO_TRAMPOLINE = re.compile(r"^topology: the page at 0x8000.* is not RAM: one CPU of \d+$", re.M)
MEM_MAP_CUT = re.compile(r"^memory: mem_map takes one run .*; boot modules hold (\d+) KiB$", re.M)
MODULES_LEFT_OUT = re.compile(r"^(\d+) boot modules, of which only (\d+) are looked at: (\d+) with (\d+) KiB are left out$", re.M)
COMMAND_LINE_LOST = re.compile(r"^command line: too long, its last (\d+) characters are left out$", re.M)
NO_RSDP = re.compile(r"^ACPI: no RSDP in the EBDA or the BIOS area\b", re.M)
IMPOSSIBLE_ADDRESS = re.compile(r"^(?:I/O APIC \d+|topology: local APIC) at (0x[0-9a-f]+): impossible address \((.*)\), ignored$", re.M)
NOT_ONLINE = re.compile(r"^cpus: not online: APIC id((?: \d+)+)$", re.M)
MEM_MAP = re.compile(r"^\[6\].*; mem_map (\d+) KiB$", re.M)
