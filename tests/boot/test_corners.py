"""Ends and options that no other boot goes through."""

import re

import pytest

import lines
from qemu import FAIL, PASS, Boot, Machine, check_passed, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


@BOTH
def test_stops_after_a_step(kernel, build):
    """Without `exit` the machine stands still after the step of `until=`; figures cannot be had
    then, which is said.
    """
    with Boot(Machine(kernel, append="until=2 bench=lib"), build) as boot:
        boot.wait_for(re.compile(r"^stopped after step 2\b", re.M))
        while not boot.all_stopped():
            boot.check_limit("does not stop")
        assert re.search(r"^bench: nothing is measured, .*until=2$", boot.text, re.M), boot.report(
            "bench"
        )


def test_no_figure_of_that_name(build):
    """`bench` alone asks for no self-tests; a key that does not exist is a failure."""
    boot = run(Machine(append="bench=nosuchkey"), build)
    assert boot.status == FAIL, boot.final_report
    assert not lines.TAP_RESULT.search(boot.text), boot.final_report


@BOTH
@pytest.mark.parametrize("flush", ["lazy", "book"])
def test_other_pools(kernel, flush, build):
    boot = run(
        Machine(
            kernel,
            smp="2",
            append=f"selftest=pkmap,kmap_many highmem=32M pkmap_tables=2 kmap_flush={flush} pgt_cache=3,9",
        ),
        build,
    )
    assert boot.status == PASS, boot.final_report
    check_passed(boot)


def test_exception_without_a_handler(build):
    """Neither a page fault nor a double fault: the report has the exception's name."""
    boot = run(Machine(append="selftest=crash.undefined"), build)
    assert boot.status == FAIL, boot.final_report
    assert re.search(
        r"^panic: invalid opcode in the kernel, error code 0x0$", boot.text, re.M
    ), boot.final_report
    assert re.search(r"\bundefined_instruction\+", boot.text), boot.final_report


def test_family_of_later_processors(build):
    """Above 15 the family stands in two fields (SDM vol. 2, CPUID, leaf 1): a Phenom is of family
    16.
    """
    boot = run(Machine(cpu="phenom", append="until=0"), build)
    assert re.search(r"^\[0\] cpu: \S+ family 16 ", boot.text, re.M), boot.final_report
