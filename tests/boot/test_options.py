"""The kernel's command line, the choice of tests, and repeatability."""

import pytest

import lines
from gdb import Gdb, elf_entry, symbol
from qemu import FAIL, PASS, Boot, GuestClock, Machine, check_passed, parse_tap, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


@BOTH
def test_a_failing_test_is_seen(kernel, build):
    boot = run(Machine(kernel, append="selftest=mustfail"), build)
    assert boot.status == FAIL, boot.final_report
    assert len(parse_tap(boot).failed) >= 1, boot.final_report
    assert int(lines.CLOSING.search(boot.text).group(2)) >= 1, boot.final_report
    assert not lines.PANIC.search(boot.text), boot.final_report


@BOTH
def test_until_stops_after_its_step(kernel, build):
    for last in range(9):
        boot = run(Machine(kernel, memory="64M", smp="2", append=f"until={last}"), build)
        assert boot.status == PASS, boot.final_report
        steps = [int(step) for step in lines.STEP.findall(boot.text)]
        assert sorted(set(steps)) == list(range(last + 1)), boot.final_report


def test_no_tests(build):
    boot = run(Machine(append="selftest=none"), build)
    assert boot.status == PASS, boot.final_report
    assert not lines.TAP_RESULT.search(boot.text), boot.final_report


def test_tests_by_name(build):
    everything = check_passed(run(Machine(), build))
    name = everything.passed[-1].split()[0]
    boot = run(Machine(append=f"selftest={name}"), build)
    assert boot.status == PASS, boot.final_report
    assert [result.split()[0] for result in check_passed(boot).passed] == [name], boot.final_report


@BOTH
@pytest.mark.parametrize(
    "names, unknown, passed",
    [("nosuch", ["nosuch"], 0), ("lib,nosuch,nor.this", ["nosuch", "nor.this"], 5)],
)
def test_a_name_that_picks_nothing_fails(kernel, names, unknown, passed, build):
    boot = run(Machine(kernel, append=f"selftest={names}"), build)
    assert boot.status == FAIL, boot.final_report
    assert lines.NO_SUCH_TEST.findall(boot.text) == unknown, boot.final_report
    closing = lines.CLOSING.search(boot.text).groups()
    assert closing[1] == str(len(unknown)) and (int(closing[0]) > 0) == (
        passed > 0
    ), boot.final_report


def test_names_of_later_steps_pick_nothing(build):
    boot = run(Machine(append="selftest=pkmap until=3"), build)
    assert boot.status == FAIL, boot.final_report
    assert lines.NO_TEST_PICKED.search(boot.text).groups() == ("pkmap", "3"), boot.final_report


def test_a_benchmark_that_is_not_run_fails(build):
    assert run(Machine(append="bench=kmap until=7 selftest=none"), build).status == FAIL


@pytest.mark.parametrize("append", ["selftest=none", "until=3", "selftest=crash.panic", "until=0"])
def test_the_last_line_says_how_to_leave(append, build):
    with Boot(Machine(append=append), build) as boot:
        boot.wait_for(lines.HOW_TO_LEAVE)


# What the command line says, and what the kernel must name of it.
WRONG = {
    "bench=" + "x" * 540: "bench=" + "x" * 40,
    "bogus": "bogus",
    "nonsense=1": "nonsense=1",
    "=": "=",
    "nolarge=yes": "nolarge",
    "highmem=lots": "highmem=lots",
    "lowmem=-1": "lowmem=-1",
    "lowmem=99999999999999999999": "lowmem=99999999999999999999",
    "until=99": "until=99",
    "pgt_cache=9,3": "pgt_cache=9,3",
    "maxcpus=0": "maxcpus=0",
    "loglevel=x": "loglevel=x",
}


def test_wrong_options_are_named_and_ignored(build):
    boot = run(Machine(append=" ".join(WRONG)), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    missing = [
        given for given, named in WRONG.items() if not lines.ignored(named).search(boot.text)
    ]
    assert not missing, boot.final_report


@pytest.mark.parametrize("run_option", ['run="test a b"', '"run=test a b"'])
def test_run_is_left_to_the_first_task(run_option, build):
    """As QEMU's -append and GRUB pass it.  What follows is read, and nothing is ignored."""
    boot = run(Machine(append=f"{run_option} selftest=none until=3"), build)
    assert boot.status == FAIL, boot.final_report  # since it is not run
    assert f"[1] command line: exit {run_option} selftest=none" in boot.text, boot.final_report
    assert not lines.ignored("").search(boot.text), boot.final_report
    assert "[3]" in boot.text and "[4]" not in boot.text, boot.final_report


def test_quotes_that_are_not_closed(build):
    boot = run(Machine(append='until=3 selftest=none run="test a b'), build)
    assert boot.status == PASS, boot.final_report
    assert lines.ignored("run=test a b").search(boot.text), boot.final_report


def test_long_command_line(build):
    boot = run(Machine(append="loglevel=3 " + " ".join(f"word{n}" for n in range(1000))), build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    assert lines.COMMAND_LINE_CUT.search(boot.text), boot.final_report


def test_two_runs_print_the_same(build):
    """With QEMU's clock bound to the instructions executed, one CPU and a fixed date nothing is
    left to chance.
    """
    fixed = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]
    first, second = (run(Machine(memory="64M", extra=fixed), build) for _ in range(2))
    assert first.status == PASS, first.final_report
    assert first.text == second.text


def test_quick_set_is_quick(build):
    """The quick set stays under 400 million guest instructions on four CPUs with 3 GiB, from the
    kernel's entry on.

    With shift=0 the guest's clock counts an instruction as 1 ns; time in which all CPUs halt counts
    too."""
    with Boot(
        Machine(memory="3G", smp="4", append="exit", extra=["-icount", "shift=0"]),
        build,
        paused=True,
    ) as boot:
        gdb = Gdb(boot)
        gdb.run_to(elf_entry(boot.elf))
        clock = GuestClock(boot)
        gdb.run_to(symbol(boot.elf, "machine_exit"), meanwhile=clock.read)
        boot.wait_for(lines.CLOSING)
        assert clock.read() < 420_000_000
