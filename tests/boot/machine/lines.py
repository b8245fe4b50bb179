"""What the kernel prints, as patterns: the only place in the boot tests that knows its wording."""

import re

# Boot steps: "[7] cpus: 4 of 4 online (ACPI MADT)"
STEP = re.compile(r"^\[(\d)\] ", re.M)
CPUS = re.compile(r"^\[7\].*?(\d+) of (\d+) online \(([^)]*)\)", re.M)
MEMORY = re.compile(r"^\[1\].*?RAM (\d+) MiB \((\d+) bytes\) in (\d+) ranges?", re.M)
UNREACHABLE = re.compile(r"^memory: (\d+) MiB of RAM stay unused: (\d+) MiB beyond", re.M)

# Clocks
TSC = re.compile(r"^TSC: (\d+\.\d+) MHz by (.+)$", re.M)
CLOCKS_DISAGREE = re.compile(
    r"^TSC: (\d+) kHz by (.+), but (\d+) kHz by (.+): the first is used$", re.M
)
NO_TICK = re.compile(r"^panic: no interrupt of the timer", re.M)
NO_CLOCK = re.compile(r"^panic: no clock: ", re.M)

# TAP, version 13
TAP_VERSION = re.compile(r"^TAP version 13$", re.M)
TAP_PLAN = re.compile(r"^1\.\.(\d+)\n", re.M)  # the whole line: a part of it may be there first
TAP_RESULT = re.compile(r"^(not ok|ok) (\d+)\b(?: -)? ?(.*)$", re.M)
TAP_SKIPPED = re.compile(r"^ok \d+ - (\S+) # SKIP .+$", re.M)
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
NO_SELF_TESTS = re.compile(r"^this kernel has no self-tests$", re.M)
NO_SUCH_TEST = re.compile(r"^self-test: no test is named (\S+)$", re.M)
NO_TEST_PICKED = re.compile(r"^self-test: selftest=(\S+) picks no test up to step (\d+)$", re.M)
PROGRESS = re.compile(r"^# (\S+): running for (\d+) s$", re.M)
# What a person reads at the end, without `exit`
HOW_TO_LEAVE = re.compile(
    r"^(?:stopped after step \d+|\d+ CPUs idle from here on|the machine is stopped); no key is read\..*Ctrl-A, then X",
    re.M,
)

# What the debug build says at the end
LOCK_ORDER = re.compile(r"^# lock order: (.+?) > (.+?), in (\S+)$", re.M)
INTERRUPTS_OFF = re.compile(
    r"^# longest section with interrupts off: (\d+) ticks, from (.+?) to (.+?) on CPU (\d+)$", re.M
)
DEEPEST_STACK = re.compile(r"^# deepest kernel stack: (\d+) of (\d+) bytes, thread \S+$", re.M)

EARLY_NMIS = re.compile(r"^\d+ NMIs came before interrupt sources were masked, ignored$", re.M)
NO_APIC = re.compile(r"^APIC: no usable local APIC \((.+)\): one CPU, timer by the 8254$", re.M)

# Threads that wait for one another
STALL = re.compile(
    r"^kmap: for \d+ s nobody who waits has got slots; (\d+) of (\d+) slots are in use$", re.M
)
STALL_WAITS = re.compile(r"^kmap: thread (\S+) waits for (\d+)$", re.M)
STALL_HOLDS = re.compile(r"^kmap: thread (\S+) holds (\d+)$", re.M)

# The end of a boot that does not pass
PANIC = re.compile(r"^.*panic.*$", re.M | re.I)

PANIC_EFLAGS = re.compile(r"^  esp .* eflags ([0-9a-f]{8})$", re.M)

# Bad input: each must be named
NO_MEMORY = re.compile(r"^.*too little memory.*$", re.M | re.I)
OLD_CPU = re.compile(r"needs a Pentium or later")
NO_PAE = re.compile(r"this CPU has no PAE")
NOT_MULTIBOOT = re.compile(r"^.*multiboot.*$", re.M | re.I)
NO_MEMORY_MAP = re.compile(r"^.*memory map.*$", re.M | re.I)
COMMAND_LINE_CUT = re.compile(r"^.*command line.*(?:cut|long|left out|truncated).*$", re.M | re.I)


def ignored(option):
    """The line that names an option of the command line, or an option with its value, and says that
    it is ignored.
    """
    return re.compile(
        r"^command line: (?:\w+ )*'?" + re.escape(option) + r"'?(?: [^\n]*)?\bignored\b", re.M
    )


def damaged(table, what):
    """The line that names a table of the firmware and says what is wrong with it."""
    return re.compile(rf"^ACPI: {table}\b.*{what}.*\bignored$", re.M)


def module(number):
    """The line of a boot module: its size, the sum of its bytes, and where it lies."""
    return re.compile(
        rf"^\[6\] module {number}: .*, (\d+) bytes, byte sum (\d+), in (low|high) memory$", re.M
    )


# Memory maps, modules, command lines
LOW_AND_HIGH = re.compile(r"^\[2\].*low memory (\d+) MiB, high (\d+) MiB$", re.M)
RANGES_LEFT_OUT = re.compile(
    r"^memory map: too many ranges: the smallest (\d+), together (\d+) KiB, are left out$", re.M
)
KERNEL_NOT_LISTED = re.compile(
    r"^memory map: \d+ KiB between .* not listed as RAM, but the kernel runs there", re.M
)
NOT_BELIEVED = re.compile(
    r"^memory map: \d+ KiB between (0x[0-9a-f]+) and (0x[0-9a-f]+) .*: not believed$", re.M
)
NO_TRAMPOLINE = re.compile(r"^topology: the page at 0x8000.* is not RAM: one CPU of \d+$", re.M)
MEM_MAP_CUT = re.compile(r"^memory: mem_map takes one run .*; boot modules hold (\d+) KiB$", re.M)
MODULES_LEFT_OUT = re.compile(
    r"^(\d+) boot modules, of which only (\d+) are looked at: (\d+) with (\d+) KiB are left out$",
    re.M,
)
COMMAND_LINE_LOST = re.compile(
    r"^command line: too long, its last (\d+) characters are left out$", re.M
)
NO_RSDP = re.compile(r"^ACPI: no RSDP in the EBDA or the BIOS area\b", re.M)
IMPOSSIBLE_ADDRESS = re.compile(
    r"^(?:I/O APIC \d+|topology: local APIC) at (0x[0-9a-f]+): impossible address \((.*)\), ignored$",
    re.M,
)
NOT_ONLINE = re.compile(r"^cpus: not online: APIC id((?: \d+)+)$", re.M)
MEM_MAP = re.compile(r"^\[6\].*; mem_map (\d+) KiB$", re.M)


def no_clock(name):
    """The line that says that a clock is not there."""
    return re.compile(rf"^{re.escape(name)}: not there, or does not count$", re.M)


def unexpected(vector):
    """The line of the first interrupt that nobody asked for."""
    return re.compile(rf"^CPU \d+: unexpected interrupt, vector 0x{vector:02x};", re.M)
