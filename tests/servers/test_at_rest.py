"""What a machine costs that waits at the prompt: instructions for each idle second of the guest."""

import re

from gdb import symbol
from shell import BOTH, Shell

# With -singlestep a block is one instruction, and `log exec` has a line for each that runs.
LOGGED = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
LOGGED += ["-singlestep", "-D", "{folder}/log"]
EXECUTED = re.compile(rb"^Trace (\d+): \S+ \[\w+/(\w+)/", re.M)
KERNEL = 0xC0000000  # programs lie below
TICKS = 100  # of a CPU in a second
SECONDS = 3

# At most so many a second.  98,800 were measured, nearly all of 400 ticks, and 1,800 of them in
# programs: root pings six servers, each by a notification there and one back.
INSTRUCTIONS = 110_000
IN_PROGRAMS = 2_500


@BOTH
def test_idle_second(kernel, build):
    """No server does more than to answer root once a second."""
    with Shell(build, kernel, smp="4", extra=LOGGED) as shell:
        shell.run("true")
        ran, per_second = seconds_logged(shell.boot)
    of_programs = sum(address < KERNEL for _, address in ran) / per_second
    everything = len(ran) / per_second
    assert everything <= INSTRUCTIONS, f"{everything:.0f} instructions in an idle second"
    assert of_programs <= IN_PROGRAMS, f"{of_programs:.0f} of them in programs"
    assert of_programs > 0, "root pings nobody"


def seconds_logged(boot):
    """What was executed, pairs of CPU and address, and in how many seconds of the guest."""
    tick, text = symbol(boot.elf, "timer_tick"), bytearray()
    boot.hmp("log exec,nochain")
    with open(boot.folder / "log", "rb") as log:
        while text.count(b"/%08x/" % tick) < boot.machine.cpus * SECONDS * TICKS:
            boot.check_limit("no ticks are logged")
            text += log.read()
    boot.hmp("log none")
    ran = [(int(cpu), int(address, 16)) for cpu, address in EXECUTED.findall(text)]
    return ran, ran.count((0, tick)) / TICKS
