"""What make check-hosts decides: which compiler is looked at where."""

import hosts
import pytest


def test_each_compiler_goes_to_the_first_suite_that_has_it():
    available = {
        "old": {"gcc-11": "gcc-11", "gcc-12": "gcc-12"},
        "new": {"gcc-12": "gcc-12", "gcc-13": "gcc-13"},
    }
    assert hosts.assign(available, ["gcc-11", "gcc-12", "gcc-13", "gcc-14"]) == {
        "gcc-11": "old",
        "gcc-12": "old",
        "gcc-13": "new",
        "gcc-14": None,
    }


class Said(hosts.Suite):
    """A suite whose programs have been asked already."""

    def __init__(self, said):
        self.said = said

    def inside(self, *command, folder=""):
        return 0, self.said


def test_a_cross_compiler_rather_than_the_hosts_own():
    suite = Said("gcc-13 - GNU C\ngcc-13-i686-linux-gnu - GNU C\ngcc-11 - GNU C\nclang-18 - C\n")
    assert suite.compilers() == {
        "gcc-13": "gcc-13-i686-linux-gnu",
        "gcc-11": "gcc-11",
        "clang-18": "clang-18 lld-18",
    }
    assert suite.program("gcc-13", "gcc-13-i686-linux-gnu") == "i686-linux-gnu-gcc-13"
    assert suite.program("gcc-11", "gcc-11") == "gcc-11"


def test_the_default_gcc():
    assert Said("gcc\n  Depends: cpp\n  Depends: gcc-15\n |Suggests: gcc-16\n").default_gcc() == 15


def test_a_kernel_that_fails_is_no_success(capsys):
    def fails():
        raise hosts.Failed("tarn.elf: status 35: 1 passed, 1 failed")

    assert not hosts.report("trixie", "gcc-13", 0, fails)
    assert "FAILED: tarn.elf: status 35" in capsys.readouterr().out
    assert hosts.report("trixie", "gcc-13", 0, lambda: "114 passed, 0 failed")


@pytest.mark.parametrize(
    "status, said",
    [(0, "83 passed, 0 failed, 31 skipped\n"), (33, "nothing\n"), (35, "83 passed, 1 failed\n")],
)
def test_a_boot_needs_verdict_and_closing_line(status, said):
    suite = Said(said)
    suite.inside = lambda *command, folder="": (status, said)
    with pytest.raises(hosts.Failed):
        suite.boot("gcc-13")
