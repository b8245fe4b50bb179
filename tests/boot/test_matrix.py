"""The quick self-test on every kind of machine (matrix.py): 40 of them in `make check`, every pair
of values in `make check-full`.
"""

import pytest

import lines
import matrix
from qemu import PASS, check_passed, have_grub, run


def pytest_generate_tests(metafunc):
    if "machine" in metafunc.fixturenames:
        full = metafunc.config.getoption("--full")
        found = matrix.machines(matrix.every_pair() if full else matrix.every_value(40))
        metafunc.parametrize("machine", found, ids=str)


def test_machine(machine, build):
    if machine.loader == "iso" and not have_grub():
        pytest.skip("no GRUB for the PC on this machine")
    boot = run(machine, build)
    assert boot.status == PASS, boot.final_report
    check_passed(boot)
    online, listed, _ = lines.CPUS.search(boot.text).groups()
    assert (int(online), int(listed)) == (machine.cpus, machine.cpus), boot.final_report
