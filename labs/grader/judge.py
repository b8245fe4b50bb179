"""Runs a lab's scenarios: each on a machine of its own, so that one mistake costs its own points.

`python3 -m grader.judge LAB KERNEL LAYOUT [TEST...]` judges a kernel that is built already, but for
its races (explorer/).
"""

import importlib
import shutil
import sys
import traceback
import types
from pathlib import Path

from grader import layout
from grader.machine.guest import GuestEnd
from grader.kit import SEED
from grader.lab import read_lab
from grader.machine import Machine
from grader.machine.qemu import QemuError, new_folder
from grader.verdict import Failure, Result

LOG_LINES = 20


def scenarios_of(folder):
    """The module scenarios.py of a lab's folder, in a package, so that it may have files beside
    it.
    """
    package = types.ModuleType(f"lab_{Path(folder).name}")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    return importlib.import_module(f"{package.__name__}.scenarios")


def machine_for(lab, test, elf, constants, module, prefix, folder, seed):
    return Machine(
        elf,
        constants,
        memory=test.memory or lab.memory,
        smp=lab.smp,
        seed=seed,
        module=module,
        prefix=prefix,
        folder=folder,
        append=f"{lab.append} {test.append} until={lab.until}",
    )


def module_of(size, folder):
    """A boot module's file: each of its words says where it stands."""
    path = Path(folder) / "module"
    path.write_bytes(b"".join(word.to_bytes(4, "little") for word in range(0, size, 4)))
    return path


def judge(lab, scenarios, test, elf, constants, sandbox=None, seed=SEED, module=None):
    """The Result of one test.  constants: layout.read(); sandbox(folder): a command's prefix that
    leaves the folder writable; module: a boot module, if the lab does not say how many bytes.
    """
    folder = new_folder(test.memory or lab.memory)
    try:
        module = module_of(lab.module, folder) if lab.module else module
        prefix = sandbox(folder) if sandbox else ()
        with machine_for(lab, test, elf, constants, module, prefix, folder, seed) as machine:
            return judge_on(machine, lab, scenarios, test)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def judge_on(machine, lab, scenarios, test):
    try:
        machine.run_to(test.stop or lab.stop)
        figure = getattr(scenarios, test.name)(machine)
        found = {"status": "passed", "got": test.points, "figure": figure or ""}
    except Failure as failure:
        found = {"status": failure.status, "got": int(test.points * failure.share)}
        found["expected"] = failure.expected
        found |= {"seen": failure.seen, "hint": failure.hint, "where": failure.where}
    except GuestEnd as end:
        found = {"status": end.status, "got": 0, "expected": test.title, "seen": str(end)}
        found |= {"hint": end.hint, "where": end.where}
    except QemuError:
        raise
    except Exception as error:  # whatever it is, it earns nothing, and the other tests go on
        found = {"status": "not judged", "got": 0, "expected": test.title, "seen": repr(error)}
        found |= {"hint": "the grader could not go on: " + traceback.format_exc()}
    return Result(
        test.name,
        test.title,
        test.points,
        invariant=test.invariant,
        look=test.look,
        log="\n".join(machine.log().splitlines()[-LOG_LINES:]),
        instructions=machine.executed,
        **found,
    )


def main(folder, elf, constants, *names):
    lab, known, scenarios = read_lab(folder), layout.read(constants), scenarios_of(folder)
    for test in lab.tests:
        if test.explorer or (names and test.name not in names):
            continue
        result = judge(lab, scenarios, test, elf, known)
        print(f"{result.status:8} {result.got:3} of {result.points:3}  {result.name}")
        if not result.passed:
            print(f"    expected: {result.expected}\n    seen: {result.seen}")
            print(f"    hint: {result.hint}\n    where: {', '.join(result.where)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
