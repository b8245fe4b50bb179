"""Grades submissions with a kit."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from grader import build, sandbox as sandboxes
from grader.source_text import Refusal
from grader.explorer import race
from grader.judge import judge, scenarios_of
from grader.kit import kits
from grader.lab import BadLab
from grader.report import Report, version
from grader.sandbox import NoSandbox
from grader.verdict import Result

LATE = 2  # tests that may be ended by the sandbox's limit of CPU time
REFUSALS = (Refusal, build.BuildError, NoSandbox)


def not_tried(test, why):
    return Result(test.name, test.title, test.points, 0, "not judged", seen=f"not tried: {why}")


class Grader:
    """kit_folder: what make_kit() wrote; lab_folder: where the lab's scenarios stand; ways: the
    sandboxes that may be used, the best first.
    """

    def __init__(self, kit_folder, lab, lab_folder, ways=sandboxes.WAYS):
        self.kits, self.lab, self.ways = kits(kit_folder, lab), lab, ways
        self.kit = self.kits[lab.format]
        self.scenarios = scenarios_of(lab_folder)

    @contextmanager
    def kernels(self, submission):
        """{page-table format: the kernel with the owned files below the folder `submission`}"""
        folder = tempfile.mkdtemp(prefix="grade-")
        try:
            self.sandbox = sandboxes.find(self.ways)
            self.shops = {form: self.shop(form, Path(folder) / form) for form in self.kits}
            yield {form: self.build(form, submission) for form in self.kits}
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def shop(self, form, folder):
        return build.Workshop(self.kits[form], self.lab, folder, self.sandbox)

    def build(self, form, submission):
        try:
            return self.shops[form].build(submission)
        except build.BuildError as error:
            if form == self.lab.format:
                raise
            raise build.BuildError(f"with page tables in the format {form}: {error}") from error

    def judge(self, test, kernels):
        if test.explorer:
            return race.judge(test, self.shops[self.lab.format])
        form = test.format or self.lab.format
        kernel = kernels[form]

        def inside(folder):
            return self.sandbox.prefix([kernel.parent], [folder])

        module = kernel.with_name(build.ARCHIVE) if self.lab.program else None
        known = (self.kits[form].layout, inside, self.kit.seed, module)
        return judge(self.lab, self.scenarios, test, kernel, *known)

    def judge_all(self, tests, kernels):
        """What takes the host's time and no instructions is borne a few times."""
        results = []
        for test in tests:
            late = sum(result.status == "out of time" for result in results)
            said = f"{late} tests before have used up their time"
            results.append(not_tried(test, said) if late == LATE else self.judge(test, kernels))
        return results

    def refuse_unknown(self, only):
        unknown = set(only) - {test.name for test in self.lab.tests}
        if unknown:
            names = ", ".join(test.name for test in self.lab.tests)
            raise BadLab(f"there is no test {min(unknown)}; there are {names}")

    def loses(self, submission, tests):
        """The first of these tests that is not passed; None: none.  What is refused raises."""
        with self.kernels(submission) as kernels:
            for test in tests:
                if not self.judge(test, kernels).passed:
                    return test.name
        return None

    def grade(self, submission, notes=(), only=()):
        """The Report.  only: names of tests; none: all."""
        self.refuse_unknown(only)
        about = {"compiler": version(self.kit.compiler), "machine": version("qemu-system-i386")}
        tests = [test for test in self.lab.tests if not only or test.name in only]
        try:
            about["sandbox"] = sandboxes.find(self.ways).describe()
            with self.kernels(submission) as kernels:
                results = self.judge_all(tests, kernels)
            return Report(self.lab, results, about, notes=notes)
        except REFUSALS as refused:
            results = [not_tried(test, "see above") for test in tests]
            return Report(self.lab, results, about, str(refused), notes)


def grade(kit_folder, lab, lab_folder, submission, notes=(), only=()):
    return Grader(kit_folder, lab, lab_folder).grade(submission, notes, only)
