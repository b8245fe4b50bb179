"""What a lab is: labs/N/lab.toml, read once and looked at before anything is done by it."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path


class BadLab(Exception):
    """A lab.toml that says nothing, or too much."""


@dataclass
class Test:
    """One row of the report; the function of this name in scenarios.py judges it, or the explorer:
    then no schedule of its scenarios fails, and with each broken given part one does.
    """

    name: str
    points: int
    title: str
    invariant: str = ""
    look: str = ""  # a command for GDB that shows the matter
    append: str = ""  # more of the command line
    stop: str = ""  # where its scenario finds the machine, if not at the lab's stop
    format: str = ""  # of the page tables, if not the lab's
    memory: int = 0  # MiB of its machine, if not the lab's
    explorer: dict = field(default_factory=dict)  # scenario: preemptions up to which it is explored
    # given part that is broken: what must be seen then in every scenario, or {scenario: what}
    controls: dict = field(default_factory=dict)
    hints: dict = field(default_factory=dict)  # words of a failure of the explorer's: hint
    bars: list = field(default_factory=list)  # figures for half of the points, and for all
    book: int = 0  # the figure of what one begins with


@dataclass
class Lab:
    number: int
    title: str
    hours: int
    owns: list  # files that the student writes
    until: int  # boot step that is reached when the lab is written
    stop: str = ""  # function at whose entry the scenarios find the machine
    append: str = "selftest=none"
    format: str = "2level"  # of the page tables on which it is graded, or "pae"
    needs: list = field(default_factory=list)
    continues: int = 0  # lab whose written answer one begins with: what is owned is not emptied
    given: list = field(default_factory=list)  # names in owned files that stay
    lend: dict = field(default_factory=dict)  # later lab: names in its files that this one needs
    idle: list = field(default_factory=list)  # functions of later labs that do nothing meanwhile
    without: list = field(default_factory=list)  # files that the student's tree does not have
    idioms: list = field(default_factory=list)  # lines that others say too: no answer
    imports: list = field(default_factory=list)  # names of the kernel that owned objects may take
    sections: list = field(default_factory=list)  # besides .text, .rodata, .data, .bss
    memory: int = 128  # MiB of the machine on which it is graded
    smp: int = 1
    module: int = 0  # bytes of a boot module
    program: str = ""  # of user/, of which the owned files are; empty: of the kernel
    archive: dict = field(default_factory=dict)  # beside it in the boot module: name, program
    tests: list = field(default_factory=list)

    @property
    def points(self):
        return sum(test.points for test in self.tests)

    @property
    def explored(self):
        """Some of it is judged by the interleaving explorer."""
        return any(test.explorer for test in self.tests)

    @property
    def other_formats(self):
        """Of page tables, which only some of the tests are about."""
        return sorted({test.format for test in self.tests} - {"", self.format})


KEYS = {f for f in Lab.__dataclass_fields__ if f not in ("number", "tests")} | {"test"}


def read_lab(folder):
    """The lab in a folder such as labs/6."""
    folder = Path(folder)
    with open(folder / "lab.toml", "rb") as file:
        table = tomllib.load(file)
    unknown = set(table) - KEYS
    if unknown:
        raise BadLab(f"{folder}/lab.toml: unknown: {', '.join(sorted(unknown))}")
    rows = table.pop("test", [])
    table["lend"] = {int(number): names for number, names in table.get("lend", {}).items()}
    try:
        return Lab(number=int(folder.name), tests=[Test(**row) for row in rows], **table)
    except TypeError as error:
        raise BadLab(f"{folder}/lab.toml: {error}") from error


def given_files(root, lab):
    """{path: file} of what stands in labs/N/given: in a student's tree it has its place already.  A
    lab that continues another has that one's, but for what is written by now.
    """
    folder = Path(root) / "labs" / str(lab.continues or lab.number) / "given"
    found = {str(f.relative_to(folder)): f for f in sorted(folder.rglob("*")) if f.is_file()}
    return {path: f for path, f in found.items() if not (lab.continues and path in lab.owns)}


def with_scenarios(labs):
    """The lab in a folder of labs that has scenarios there, and that no other continues."""
    found = [lab for lab in all_labs(labs) if (Path(labs) / f"{lab.number}/scenarios.py").exists()]
    last = [lab for lab in found if lab.number not in {other.continues for other in found}]
    if len(last) != 1:
        raise BadLab(f"{labs} holds {len(last)} labs with scenarios, and not one")
    return last[0]


def all_labs(labs):
    """Every lab in the folder `labs`, by number."""
    folders = sorted(Path(labs).glob("[0-9]*/lab.toml"), key=lambda path: int(path.parent.name))
    return [read_lab(path.parent) for path in folders]
