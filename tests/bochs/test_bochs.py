"""The quick self-test in the second emulator."""

import re

import pytest

import bochs

# Kernel, CPUs, CPU model, command line beside `exit`: with high memory, without large pages, on an
# old CPU, and two of each format.
MACHINES = [
    ("tarn.elf", 4, "corei7_haswell_4770", "highmem=256M"),
    ("tarn-pae.elf", 4, "corei7_haswell_4770", "highmem=256M"),
    ("tarn.elf", 2, "corei7_haswell_4770", "highmem=256M"),
    ("tarn-pae.elf", 2, "corei7_haswell_4770", "highmem=256M"),
    ("tarn.elf", 2, "pentium", "highmem=64M nolarge"),
    ("tarn-pae.elf", 2, "p4_willamette", "highmem=64M nolarge"),
    ("tarn-debug.elf", 2, "core2_penryn_t9600", "highmem=64M"),
    ("tarn-pae-debug.elf", 2, "core2_penryn_t9600", "highmem=64M"),
]


@pytest.mark.parametrize("kernel, cpus, model, append", MACHINES)
def test_quick_set(kernel, cpus, model, append, build):
    text, log = bochs.boot(build / kernel, f"exit {append}", cpus=cpus, model=model)
    shown = f"{text[-4000:]}\n--- Bochs\n{log[-2000:]}"
    closing = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", text, re.M)
    assert closing and int(closing[1]) > 50 and closing[2] == "0", shown
    plan = re.search(r"^1\.\.(\d+)$", text, re.M)
    assert plan and int(plan[1]) == int(closing[1]) + int(closing[3]), shown
    assert f"{cpus} of {cpus} online" in text, shown
    assert "no high memory" not in text, shown
