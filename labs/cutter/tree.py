"""Writes a student's tree: the source without its answers, as a git repository of one commit."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from cutter.chunks import CannotCut, chunks
from cutter.cut import Cutter
from grader.explorer.kit import FAKES, MAKEFILE, sources
from grader.lab import all_labs, given_files
from grader.source_text import Refusal, decoded

# What a student has no use for, or must not see: models, planted faults and host tests know the
# answers; of labs/ much is the teacher's.  The self-tests go along, and of the interleaving
# explorer what a lab is graded by.
LEFT_OUT = re.compile(
    r"tests/(?!kernel/|checkers/|bench/[^/]*\.[ch]$)|\.ci/|labs/(cutter|teacher|tree)/|labs/README\.md"
    r"|labs/\d+/(wrong|right|given|answer)/|docs/teaching\.md"
)
# How the files begin, in the tree's README.
NOT_WRITTEN = """A function that is not written stops the kernel and says so. Nothing else tells it from a
written one: take the line `NOT_WRITTEN(...)` out, and write."""
PROGRAM = """A function that is not written ends the program and says so, in one line that ends with `is not
written yet` among what others say: the kernel goes on, and the program is begun again and again.
Nothing else tells it from a written one: take the line `NOT_WRITTEN(...)` out, and write."""
WRITTEN = "They work already; you make them better."
# Benchmarks run behind the boot's step 8, which the kernels of most labs do not come to.
BENCH_FROM = 8
BENCH = (
    "| `make bench BENCH=kmap` | what operations of the kernel cost, in guest instructions "
    "([docs/bench.md](docs/bench.md)) |\n"
)
BENCH_GOAL = """make bench      what operations cost, in guest instructions; BENCH=kmap,page: some of them
"""
# Variables of goals that a student's tree does not have.
NO_GOAL = """N DEST OWN CATCHUP FROM SHOW PYTEST_ARGS HOSTS TIME COUNT FULL COVERAGE ONLY OLD
    JOBS DEBIAN_MIRROR TARN_HOST_LIMIT CURDIR""".split()
# Below the title of a page that names what stays away.
OF_THE_SOURCE = """*This page is about the whole source of Tarn. Your tree has not every file that it names, and of
make's goals those that `make help` lists; `make check` is `make grade` here.*"""
# In Markdown: [text](path) or [text](path#part), but no picture.
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(?:#[^)]*)?\)")
VARIABLES = "tools/variables.txt"
LEAST = 30  # a removed line of so many characters is looked for in the whole tree


class LeftOver(Exception):
    """A line of an answer stands elsewhere in the tree."""


class NotBrought(Exception):
    """What the student has of earlier labs cannot go along."""


def tracked(root):
    """The files of the source; what is built, or not yet added, is none of it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def emptied(labs, number, all_after=True):
    """[(lab, given names)]: lab `number` and, unless somebody reads alone, all later ones.  (One
    that continues another empties no file; it is here for what else its tree does not have.)
    """
    own = next(lab for lab in labs if lab.number == number)
    later = [lab for lab in labs if lab.number > number and not lab.continues] if all_after else []
    return [(own, own.given)] + [(lab, lab.given + own.lend.get(lab.number, [])) for lab in later]


def cutters(root, cut):
    """One for each owned file.  A file that two labs own is the earlier one's."""
    made = {}
    for lab, given in cut:
        missing = [name.removeprefix("kernel/") for other, _ in cut for name in other.without]
        for path in [] if lab.continues else lab.owns:
            if path not in made and path.endswith((".c", ".h")):
                made[path] = Cutter(path, root, lab.number, given, missing, idle=cut[0][0].idle)
    return made


def twins(root, cut):
    """{owned file of assembler: the skeleton that a student gets instead}"""
    found = {}
    for lab, _ in cut:
        for path in lab.owns:
            if path.endswith(".asm"):
                found[path] = root / "labs" / str(lab.number) / "given" / path
    missing = [str(twin.relative_to(root)) for twin in found.values() if not twin.is_file()]
    if missing:
        raise CannotCut(f"{missing[0]}: a file of assembler needs a skeleton there")
    return found


def code_of_assembler(text):
    """Its lines without comments and blank ones, as they stand."""
    lines = (line.split(";")[0].rstrip() for line in text.split("\n"))
    return [line for line in lines if line]


def rows_of_assembler(text):
    """Three lines that follow one another: one alone says nothing, and any file may have it."""
    lines = code_of_assembler(text)
    return {"\n".join(lines[at : at + 3]) for at in range(len(lines) - 2)}


def long_lines(text):
    return {line.strip() for line in text.split("\n") if len(line.strip()) >= LEAST}


def lines_of_answers(made, root, without, skeletons):
    """{line: file} of what was cut, and of files that stay away: no file of the tree holds it."""
    lines = {}
    for path, twin in skeletons.items():
        rows = rows_of_assembler((root / path).read_text())
        lines |= {row: path for row in rows - rows_of_assembler(twin.read_text())}
    for path, cutter in made.items():
        for row in cutter.removed():
            for line in long_lines(row.text(cutter.source)) - long_lines(cutter.text()):
                lines[line] = path
    for path in without:
        source = (root / path).read_bytes()
        for row in chunks(root / path, root):
            if row.kind in ("function", "macro", "data", "type"):
                lines |= {line: path for line in long_lines(row.text(source))}
    return lines


def lines_of_better(root, lab, others):
    """The same of a lab whose files are not emptied: what they have not."""
    begun = set().union(*(long_lines((root / path).read_text()) for path in lab.owns))
    folder = root / "labs" / str(lab.number) / "answer"
    better = {
        path: long_lines((folder / path).read_text())
        for path in lab.owns
        if (folder / path).exists()
    }
    lines = others | {line: path for path, found in better.items() for line in found}
    return {line: path for line, path in lines.items() if line not in begun}


def absent(path, names, gone):
    """A file of the source, or a folder with all that is in it, that the tree does not have."""
    inside = {name for name in names if name == path or name.startswith(f"{path}/")}
    return bool(inside) and inside <= gone


def with_absent(text, without):
    """A file of C whose opening comment names files that stay away says that they do."""
    opening = re.match(r"/\*\n.*?\n(?= \*/)", text, re.S)
    names = sorted(Path(path).name for path in without) if opening else []
    lacks = [name for name in names if re.search(rf"\b{re.escape(name)}\b", opening[0])]
    if not lacks:
        return text
    return f"{opening[0]} *\n * Not in this tree: {', '.join(lacks)}.\n{text[opening.end() :]}"


def holds(text, lines):
    return next((line for line in lines if line in text), None)


def without_blocks(text, lines, number):
    """A document without those of its blocks of code that hold an answer."""

    def kept(match):
        if not holds(match.group(), lines):
            return match.group()
        return f"*(Here stands what you write in lab {number}.)*"

    return re.sub(r"^(```+)[^\n]*\n.*?^\1[ \t]*$", kept, text, flags=re.M | re.S)


def explorer_of(root, lab):
    """Files of the tree by which a lab's races are judged; the makefile names its own."""
    if not lab.explored:
        return set()
    program = Path(MAKEFILE).parent
    headers = re.compile(
        rf"(?:{'|'.join(FAKES)}|{program}/(?:engine|cpus))/.*\.(?:h|ld)|{program}/\w+\.h"
    )
    found = {name for name in tracked(root) if headers.fullmatch(name)}
    return found | {MAKEFILE, f"{program}/scale.py", *sources(root, "build", lab)}


def own_files(folder, paths):
    """{path: text} of those that a student's folder has, by the rule for what is handed in: plain
    files of it, no links to others, text.
    """
    folder, found = Path(folder).resolve(), {}
    for path in [path for path in paths if os.path.lexists(folder / path)]:
        file = folder / path
        if not file.is_file() or file.resolve() != file:
            raise NotBrought(f"{path} is no plain file")
        try:
            found[path] = decoded(path, file.read_bytes())
        except Refusal as refused:
            raise NotBrought(refused) from refused
    return found


class Tree:
    """own: an earlier tree of the student's, whose files of earlier labs go along, but for those of
    the labs in `caught_up`, which are the reference's again.
    """

    def __init__(self, root, number, destination, all_after=True, own=None, caught_up=()):
        self.root, self.destination = Path(root), Path(destination)
        self.labs = all_labs(self.root / "labs")
        self.cut = emptied(self.labs, number, all_after)
        self.lab = self.cut[0][0]
        self.all_after = all_after
        self.cutters = cutters(self.root, self.cut)
        self.without = {path for lab, _ in self.cut for path in lab.without}
        idioms = {line for lab, _ in self.cut for line in lab.idioms}
        self.twins = twins(self.root, self.cut)
        answers = lines_of_answers(self.cutters, self.root, self.without, self.twins)
        if self.lab.continues:
            answers = lines_of_better(self.root, self.lab, answers)
        self.answers = {line: path for line, path in answers.items() if line not in idioms}
        self.explorer = explorer_of(self.root, self.lab)
        self.not_shown = []  # documents that quote an answer
        self.brought = self.own_of(own, set(caught_up)) if own else {}

    def goes_along(self, name):
        if LEFT_OUT.match(name) and name not in self.explorer:
            return False
        if name in self.without or name in self.twins:
            return False
        other = re.match(r"labs/(\d+)/(.*)", name)
        numbers = {lab.number for lab, _ in self.cut}
        if other and int(other[1]) != self.lab.number:
            judges = int(other[1]) == self.lab.continues
            # Of lab 0 too: how to begin, for whom this is the first.
            return judges or int(other[1]) in {0, *numbers} and other[2] == "README.md"
        return True

    def write(self):
        for name in tracked(self.root):
            if self.goes_along(name):
                self.write_file(name)
        self.write_given()
        self.write_own()
        self.mark_pages()
        self.take_out_links()
        self.make_repository()

    def write_file(self, name):
        to = self.destination / name
        if name in self.cutters:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(self.cutters[name].text())
            return
        text = self.without_answers(name, self.without_absent(name))
        if text is None:
            self.not_shown.append(name)
            return
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(text)
        to.chmod((self.root / name).stat().st_mode)

    def without_absent(self, name):
        """The file, which speaks of what the tree does not have no more than it must."""
        data = (self.root / name).read_bytes()
        if name == VARIABLES:
            lines = data.decode().splitlines(True)
            return "".join(line for line in lines if line.split(" ")[0] not in NO_GOAL).encode()
        if name in self.lab.owns or not name.endswith((".c", ".h")):
            return data
        return with_absent(data.decode(errors="replace"), self.without).encode()

    def mark_pages(self):
        names = set(tracked(self.root))
        gone = {name for name in names if not (self.destination / name).exists()}
        for page in (self.destination / "docs").glob("*.md"):
            text = page.read_text()
            named = set(re.findall(r"\b(?:tests|labs|docs|kernel)/[\w./-]*\w", text))
            if any(absent(path, names, gone) for path in named):
                title, rest = text.split("\n", 1)
                page.write_text(f"{title}\n\n{OF_THE_SOURCE}\n{rest}")

    def without_answers(self, name, data):
        """The file as the tree has it; None: it stays away."""
        text = data.decode(errors="replace")
        line = holds(text, self.answers)
        if not line:
            return data
        if not name.startswith("docs/"):
            raise LeftOver(f"{name} holds a line of {self.answers[line]}: {line}")
        text = without_blocks(text, self.answers, self.lab.number)
        return None if holds(text, self.answers) else text.encode()

    def write_given(self):
        """Partly given files, which stand under their own names in labs/N/given/."""
        for lab, _ in reversed(self.cut):
            for path, file in given_files(self.root, lab).items():
                to = self.destination / path
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, to)

    def write_own(self):
        """What a student's tree has and the source has not (labs/tree/), with the lab's words."""
        folder = self.root / "labs" / "tree"
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                to = self.destination / path.relative_to(folder)
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text(self.filled(path.read_text()))

    def take_out_links(self):
        """In documents, to what stayed away; drawings come with `make book`."""
        for page in self.destination.rglob("*.md"):
            text = page.read_text()
            kept = LINK.sub(lambda link: self.kept_link(page, link), text)
            if kept != text:
                page.write_text(kept)

    def kept_link(self, page, link):
        there = "://" in link[2] or (page.parent / link[2]).exists()
        return link[0] if there else link[1]

    def until(self):
        """The boot's step up to which the tree's kernel comes."""
        return 9 if self.lab.continues or not self.all_after else self.lab.until

    def filled(self, text):
        benches = self.until() >= BENCH_FROM
        words = {
            "BENCH": BENCH if benches else "",
            "BENCH_GOAL": BENCH_GOAL if benches else "",
            "N": str(self.lab.number),
            "TITLE": self.lab.title,
            "UNTIL": str(self.until()),
            "HOURS": str(self.lab.hours),
            "LACKS": "" if self.lab.continues else ", without the parts that you write",
            "BEGUN": self.says_how_files_begin(),
            "OWNS": "\n".join(f"- `{path}`" for path in self.lab.owns),
            "FILES": " ".join(self.lab.owns),
            "NOT_SHOWN": self.says_what_is_not_shown(),
        }
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        return text

    def says_how_files_begin(self):
        if self.lab.continues:
            return WRITTEN
        return PROGRAM if self.lab.program else NOT_WRITTEN

    def says_what_is_not_shown(self):
        if not self.not_shown:
            return ""
        pages = "\n".join(f"- `{name}`" for name in self.not_shown)
        return f"These pages are not here, since they quote it all over:\n\n{pages}\n"

    def make_repository(self):
        """One commit, tagged `start`: what the grader takes for all but the owned files.  What the
        student brings along is a second one, tagged `own`: earlier mistakes cost nothing twice.
        """
        self.git("init", "-q", "-b", "main")
        self.commit(f"Lab {self.lab.number}: {self.lab.title}", "start")
        for path, text in self.brought.items():
            (self.destination / path).write_text(text)
        if self.brought:
            self.commit("Files of earlier labs: " + ", ".join(self.brought), "own")

    def own_of(self, folder, caught_up):
        """{path: text} of the student's own files of earlier labs."""
        earlier = [lab for lab in self.labs if lab.number < self.lab.number]
        paths = [p for lab in earlier if lab.number not in caught_up for p in lab.owns]
        found = own_files(folder, [path for path in paths if path not in self.cutters])
        if not found:
            raise NotBrought(f"OWN={folder} has no file of an earlier lab that would go along")
        return found

    def commit(self, message, tag):
        identity = ["-c", "user.name=Tarn", "-c", "user.email=tarn@localhost"]
        self.git("add", "-A")
        self.git(*identity, "commit", "-q", "--allow-empty", "-m", message)
        self.git("tag", tag)

    def git(self, *words):
        quiet = os.environ | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        subprocess.run(["git", *words], cwd=self.destination, check=True, env=quiet)
