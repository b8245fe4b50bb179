"""Random calls, in step with the model, racing, and racing in an order that the model follows.

What the runs cover is compared with the thresholds in covered.py.
"""

import itertools
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import planted
import order
from covered import MILLION, errors_seen, lacking, lacking_pairs
from instep import PASS, boot, elf_name, explain, figures, make_steps, script_bytes
from qemu import Machine
from qemu import run as run_machine
from replay import Different, around, replay

CALLS_IN_CHECK = 100_000
RACING_IN_CHECK = 500_000  # in each format
ORDERED_IN_CHECK = 20_000

BOTH = pytest.mark.parametrize("pae", [False, True], ids=["2level", "pae"])


class Covered:
    """What runs in step have covered together."""

    def __init__(self):
        self.count = self.succeeded = self.blocked = 0
        self.calls, self.seen = Counter(), Counter()

    def add(self, count, caller, text):
        print("\n".join(figures(caller, count)))
        print("\n".join(re.findall(r"^model: errors of .*", text, re.M)))
        self.count += count
        self.succeeded += caller.succeeded
        self.blocked += caller.blocked
        self.calls.update(caller.calls)
        self.seen.update(errors_seen(text))

    def check(self):
        wrong = [*lacking(self.count, self.succeeded, self.blocked, self.calls)]
        wrong += lacking_pairs(self.count, self.seen)
        assert not wrong, "\n".join(wrong)


def in_step(build, pae, seed, count, covered, debug=False):
    kernel = elf_name(pae, debug)
    caller, steps = make_steps(build, kernel, seed, count)
    status, text = boot(build, kernel, script_bytes(steps, caller.limits))
    found = re.search(r"^model: step (\d+)", text, re.M)
    if found:
        explain(steps, int(found[1]))
    assert status == PASS, text[text.find("[9]") :]
    assert f"model: {count} steps, no difference" in text
    covered.add(count, caller, text)


@BOTH
def test_in_step(pae, build):
    covered = Covered()
    in_step(build, pae, 1, CALLS_IN_CHECK, covered)
    covered.check()


@pytest.mark.full
@BOTH
@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
def test_a_million_in_step(pae, debug, build):
    """In ten boots, of which each begins anew: the script of one would fill the machine."""
    covered = Covered()
    for seed in range(1, 1 + MILLION // CALLS_IN_CHECK):
        in_step(build, pae, seed, CALLS_IN_CHECK, covered, debug)
    covered.check()


def test_more_would_be_said():
    """A run that covers nothing lacks everything."""
    covered = Covered()
    covered.count = MILLION
    with pytest.raises(AssertionError) as said:
        covered.check()
    for words in ("% succeed", "% wait", "notify EPERM occurs 0 times"):
        assert words in str(said.value)


@pytest.mark.parametrize("fault", planted.faults(), ids=lambda fault: fault["name"])
def test_a_planted_fault_fits(fault):
    """make check-user plants them; their texts must stand where they are to be replaced."""
    assert planted.with_fault(fault, planted.ROOT) != (planted.ROOT / fault["file"]).read_text()


REFUSED = re.compile(r"^# (\S+): (\d+) runs, (\d+) with effect$", re.M)


def refuse_charges(build, kernel, which, **machine):
    """Each in-system test with its charges refused, or its allocations failing, one by one: an
    error, and nothing is left.
    """
    append = f'selftest=none run="test {which}"'
    machine = {"smp": "2", "memory": "256M"} | machine
    machine = Machine(kernel, append=append, programs=True, debug=True, **machine)
    boot = run_machine(machine, build)
    planned = int(re.findall(r"^1\.\.(\d+)$", boot.text, re.M)[-1])
    tests = REFUSED.findall(boot.text)
    assert len(tests) == planned > 20, boot.final_report
    assert not re.findall(r"^not ok .*", boot.text, re.M), boot.final_report
    without = [name for name, _, effects in tests if not int(effects)]
    assert not without, without
    assert boot.status == PASS, boot.final_report


@pytest.mark.parametrize("which", ["-refuse10", "-fail10"])
def test_every_tenth_refused(which, build):
    """Of the tests that allocate most, one by one; the others in make check-user."""
    refuse_charges(build, "2level", f"{which} handle memory item")


@pytest.mark.full
@pytest.mark.parametrize("which", ["-refuse10", "-refuse", "-fail10", "-fail"])
@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_every_one_refused(kernel, which, build):
    refuse_charges(build, kernel, which, smp="4")


def race(build, seed, count, option="", **machine):
    append = f'selftest=none run="random {seed} {count}" {option}'.strip()
    machine = {"smp": "4", "memory": "1200M"} | machine
    boot = run_machine(Machine(append=append, programs=True, **machine), build)
    said = re.search(r"^race: (\d+) calls in (\d+) rounds on 4 CPUs, (\d+) succ", boot.text, re.M)
    assert said and int(said[1]) >= count, boot.final_report
    assert boot.status == PASS, boot.final_report


@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_race(kernel, build):
    race(build, 1, RACING_IN_CHECK, kernel=kernel)


# Each of the 16 boots has a seed of its own.
LONG_RACES = itertools.product(["2level", "pae"], ["plain", "debug"], ["book", "lazy"], range(2))


@pytest.mark.full
@pytest.mark.parametrize(
    "seed, kernel, kind, flush", [(2 + at, *race[:3]) for at, race in enumerate(LONG_RACES)]
)
def test_long_race(seed, kernel, kind, flush, build):
    cpu, option = {"book": ("", ""), "lazy": ("max", "kmap_flush=lazy")}[flush]
    race(build, seed, MILLION, kernel=kernel, debug=kind == "debug", cpu=cpu, option=option)


# ---- The order of a race (kernel/hooks/order_log.h) ----


def follow(build, pae, seed, count):
    """A race in the debug build, whose log the model follows; what it has covered."""
    status, text, log, whole = order.race(build, elf_name(pae, True), seed, count)
    assert status == PASS, text[text.find("[9]") :]
    assert whole, "the log was full"
    try:
        counts = replay(log, pae)
    except Different as different:
        print("\n".join(around(log, different.number)))
        raise
    print("\n".join(counts.report()))
    assert counts.total() >= count
    return counts


def check_followed(counts):
    calls = {name: counts.calls[name] for name in ORDERED}
    wrong = [*lacking(counts.total(), counts.succeeded, counts.blocked, calls)]
    assert not wrong, "\n".join(wrong)


# The calls of user/random/ordered.c.  Of these mem_* and io_grant are made in places that no other
# thread uses; thread_create and irq_ctl change nothing that another call of the race sees.
ORDERED = (
    "ipc_call ipc_reply_recv ipc_send ipc_recv notify notify_wait obj_create handle_copy handle_drop "
    "thread_ctl mem_alloc mem_map mem_unmap io_grant timer_set sys_info sys_ctl"
).split()


@BOTH
def test_order_of_a_race(pae, build):
    check_followed(follow(build, pae, 1, ORDERED_IN_CHECK))


@pytest.mark.full
@BOTH
@pytest.mark.parametrize("seed", range(2, 10))
def test_order_of_long_races(pae, seed, build):
    check_followed(follow(build, pae, seed, CALLS_IN_CHECK))


def test_kernel_and_programs_watch_the_same_tasks():
    """The limit by which the kernel knows them stands on both sides."""
    limits = [
        re.search(r"^#define ORDER_LIMIT (\w+)", (order.ROOT / path).read_text(), re.M)[1]
        for path in ("kernel/hooks/order_log.h", "user/random/ordered.h")
    ]
    assert limits[0] == limits[1]
