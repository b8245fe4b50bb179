"""Runs a lab's scenarios: each on a machine of its own, so that one mistake costs its own points.

`python3 -m grader.judge LAB KERNEL LAYOUT [TEST...]` judges a kernel that is built already.
"""

import importlib
import sys
import tempfile
import tomllib
import traceback
import types
from pathlib import Path

from grader import layout
from grader.guest import GuestEnd
from grader.machine import Machine
from grader.verdict import Failure, Result

MEMORY = 128  # MiB
LOG_LINES = 20


class Lab:
    """A folder of labs/.  Beside what a test needs of it, lab.toml may set the machine's memory
    (MiB), smp, and the size of a boot module (bytes)."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.about = tomllib.loads((self.folder / "lab.toml").read_text())
        self.tests = self.about["test"]
        self.scenarios = self._load()

    def _load(self):
        """As a module of a package, so that scenarios.py may share files of its folder."""
        package = types.ModuleType(f"lab_{self.folder.name}")
        package.__path__ = [str(self.folder)]
        sys.modules[package.__name__] = package
        return importlib.import_module(f"{package.__name__}.scenarios")

    def scenario(self, test):
        return getattr(self.scenarios, test["name"])

    def append(self):
        return f"{self.about['append']} until={self.about['until']}"

    def machine(self, elf, constants, module, prefix):
        about = self.about
        options = {"memory": about.get("memory", MEMORY), "smp": about.get("smp", 1)}
        options |= {"module": module, "prefix": prefix, "append": self.append()}
        return Machine(elf, constants, **options)


def module_of(size, folder):
    """A boot module's file: each of its words says where it stands."""
    path = Path(folder) / "module"
    path.write_bytes(b"".join(word.to_bytes(4, "little") for word in range(0, size, 4)))
    return path


def judge(lab, test, elf, constants, prefix=()):
    """The Result of one test.  constants: layout.read()."""
    size = lab.about.get("module", 0)
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        module = module_of(size, folder) if size else None
        with lab.machine(elf, constants, module, prefix) as machine:
            return judge_on(machine, lab, test)


def judge_on(machine, lab, test):
    said = {name: test.get(name, "") for name in ("invariant", "look")}
    try:
        machine.run_to(lab.about["stop"])
        lab.scenario(test)(machine)
        found = {"status": "passed", "got": test["points"]}
    except Failure as failure:
        found = {"status": failure.status, "got": 0, "expected": failure.expected}
        found |= {"seen": failure.seen, "hint": failure.hint, "where": failure.where}
    except GuestEnd as end:
        found = {"status": end.status, "got": 0, "expected": test["title"], "seen": str(end)}
        found |= {"hint": end.hint, "where": end.where}
    except Exception as error:  # whatever it is, it earns nothing, and the other tests go on
        found = {"status": "not judged", "got": 0, "expected": test["title"], "seen": repr(error)}
        found |= {"hint": "the grader could not go on: " + traceback.format_exc()}
    log = "\n".join(machine.log().splitlines()[-LOG_LINES:])
    result = {"name": test["name"], "title": test["title"], "points": test["points"]}
    return Result(**result, **found, **said, log=log, instructions=machine.executed)


def main(folder, elf, constants, *names):
    lab, known = Lab(folder), layout.read(constants)
    for test in lab.tests:
        if names and test["name"] not in names:
            continue
        result = judge(lab, test, elf, known)
        print(f"{result.status:8} {result.got:3} of {result.points:3}  {result.name}")
        if not result.passed:
            print(f"    expected: {result.expected}\n    seen: {result.seen}")
            print(f"    hint: {result.hint}\n    where: {', '.join(result.where)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
