"""kernel/mm and lib on a simulated machine (fake/), every variant under the sanitizers: see
Makefile.
"""

import functools
import os
import platform
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = ROOT / "tests/host/Makefile"
VARIANTS = next(
    line.split(":=")[1].split()
    for line in MAKEFILE.read_text().splitlines()
    if line.startswith("VARIANTS :=")
)


@functools.cache
def buildable():
    """Those for which there are libraries here."""
    made = subprocess.run(
        ["make", "-s", "-f", MAKEFILE, "checked"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the simulated machine needs Linux on x86-64",
)
@pytest.mark.parametrize("variant", VARIANTS)
def test_memory_core(variant, build):
    if variant not in buildable():
        pytest.skip(
            "no libcmocka for 32 bits on this machine (NO_I386=1, or the archive did not give it)"
        )
    result = subprocess.run(
        [
            "make",
            "-s",
            "-f",
            MAKEFILE,
            f"BUILD={os.path.relpath(build, ROOT)}",
            f"VARIANT={variant}",
            "run",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-6000:]
