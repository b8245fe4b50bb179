"""Kernels without self-tests and benchmark (TESTS=0): what is asked of them in vain is said."""

import pytest

import lines
from qemu import FAIL, PASS, Machine, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


@BOTH
def test_it_boots(kernel, build):
    boot = run(Machine(kernel, plain=True, append=""), build)
    assert boot.status == PASS, boot.final_report
    assert lines.NO_SELF_TESTS.search(boot.text), boot.final_report
    assert sorted(set(map(int, lines.STEP.findall(boot.text)))) == list(range(9))
    assert not lines.TAP_VERSION.search(boot.text), boot.final_report


@BOTH
@pytest.mark.parametrize(
    "asked, said",
    [
        ("selftest=pkmap", "self-test: this kernel has none (TESTS=0), so selftest=pkmap runs"),
        (
            "selftest=full until=5",
            "self-test: this kernel has none (TESTS=0), so selftest=full runs",
        ),
        ("bench=kmap.pair_hit", "bench: this kernel has no benchmark (TESTS=0)"),
    ],
)
def test_what_it_has_not_is_a_failure(kernel, asked, said, build):
    boot = run(Machine(kernel, plain=True, append=asked), build)
    assert boot.status == FAIL, boot.final_report
    assert said in boot.text and "boot tarn.elf or tarn-pae.elf" in boot.text, boot.final_report
    assert not lines.PANIC.search(boot.text), boot.final_report


def test_no_self_test_asked_for_is_none_missed(build):
    boot = run(Machine(plain=True, append="selftest=none until=6"), build)
    assert boot.status == PASS, boot.final_report
    assert lines.NO_SELF_TESTS.search(boot.text), boot.final_report
