"""Random calls, in step with the model and racing.

What the runs cover is compared with the issue's thresholds: for 10^6 calls, each call 5,000 times and
each pair of call and error 100 times; a shorter run needs its share.
"""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from instep import PASS, boot, elf_name, explain, figures, make_steps, script_bytes
from qemu import Machine
from qemu import run as run_machine

CALLS_IN_CHECK = 100_000
MILLION = 1_000_000
LEAST_SUCCESS, LEAST_BLOCKED = 40, 15  # per cent
LEAST_OF_CALL = 5_000  # of a million

BOTH = pytest.mark.parametrize("pae", [False, True], ids=["2level", "pae"])


def check_coverage(caller, count):
    print("\n".join(figures(caller, count)))
    assert 100 * caller.succeeded >= LEAST_SUCCESS * count
    assert 100 * caller.blocked >= LEAST_BLOCKED * count
    rare = {n: k for n, k in caller.calls.items() if k * MILLION < LEAST_OF_CALL * count}
    assert not rare, rare


def in_step(build, pae, seed, count, debug=False):
    kernel = elf_name(pae, debug)
    caller, steps = make_steps(build, kernel, seed, count)
    status, text = boot(build, kernel, script_bytes(steps, caller.limits))
    found = re.search(r"^model: step (\d+)", text, re.M)
    if found:
        explain(steps, int(found[1]))
    assert status == PASS, text[text.find("[9]") :]
    assert f"model: {count} steps, no difference" in text
    check_coverage(caller, count)


@BOTH
def test_in_step(pae, build):
    in_step(build, pae, 1, CALLS_IN_CHECK)


@pytest.mark.full
@BOTH
@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_million_in_step(pae, debug, seed, build):
    in_step(build, pae, seed, CALLS_IN_CHECK, debug)


REFUSED = re.compile(r"^# (\S+): (\d+) runs, (\d+) with effect$", re.M)


def refuse_charges(build, kernel, which, **machine):
    """Each in-system test with its charges refused, one by one: an error, and nothing is left."""
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


def test_every_tenth_charge_refused(build):
    """Of the tests that allocate most, one by one; the others in make check-user."""
    refuse_charges(build, "2level", "-refuse10 handle memory item")


@pytest.mark.full
@pytest.mark.parametrize("which", ["-refuse10", "-refuse"])
@pytest.mark.parametrize("kernel", ["2level", "pae"])
def test_every_charge_refused(kernel, which, build):
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
    race(build, 1, CALLS_IN_CHECK, kernel=kernel)


@pytest.mark.full
@pytest.mark.parametrize("kernel", ["2level", "pae"])
@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("cpu, option", [("", ""), ("max", "kmap_flush=lazy")])
@pytest.mark.parametrize("seed", range(2, 4))
def test_long_race(kernel, debug, cpu, option, seed, build):
    race(build, seed, MILLION, kernel=kernel, debug=debug, cpu=cpu, option=option)
