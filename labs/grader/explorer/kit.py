"""A kit's part for the explorer: prebuilt objects of the engine, the scenarios and given files,
headers, and how to compile and link the rest.  The faults planted in tests/interleave stay away.
"""

import fcntl
import json
import shlex
import shutil
import subprocess
from pathlib import Path

MAKEFILE = "tests/interleave/Makefile"
# Headers that are other ones here: fakes, and copies with small numbers.
FAKES = ("tests/interleave/fake", "tests/interleave/fake_lock", "tests/host/fake")


class NoExplorer(Exception):
    """This machine cannot build it, or a kit has none; str() says why."""


def variant_of(lab):
    return f"2level-2-1-lab{lab.number}"


def make(root, build, lab, *words):
    """The program's goal, one at a time: two must not build the same files.  Paths are below
    `root`: the makefile knows no others.  Its compiler is GCC, whatever makes the kernel.
    """
    out = f"{build}/interleave"
    goal = f"{out}/{variant_of(lab)}/interleave"
    command = ["make", "-s", *words, f"BUILD={build}", "CC=gcc", "-f", MAKEFILE, goal]
    with open(Path(root) / MAKEFILE) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise NoExplorer(f"the explorer does not build here:\n{done.stderr.strip()}")
    return done.stdout


def source_of(word, out):
    """The file of the tree behind a copy in the build: source/kernel/... ."""
    return word.removeprefix(f"{out}/source/")


class Commands:
    """What make would do: {source: (words, object)} of the compiler, and the words of the link."""

    def __init__(self, root, build, lab):
        self.root, self.out = Path(root), f"{build}/interleave/{variant_of(lab)}"
        self.compiled, self.link = {}, None
        for line in make(root, build, lab, "-nB", "V=1").replace("\\\n", " ").split("\n"):
            words = shlex.split(line) if line.startswith("gcc ") else []
            if "-c" in words:
                at = words.index("-c")
                made = words[words.index("-o") + 1]
                self.compiled[source_of(words[at + 1], self.out)] = (words[:at], made)
            elif words:
                self.link = words
        if not self.link:
            raise NoExplorer("make does not say how the explorer is linked")

    def includes(self, path):
        """Headers that the file reads, as the compiler noted them."""
        noted = (self.root / self.compiled[path][1]).with_suffix(".d")
        return noted.read_text().split("\n\n")[0].replace("\\\n", " ").split()[1:]


def sources(root, build, lab):
    """Files of the tree that the explorer of a lab is made of, headers aside."""
    return sorted(Commands(root, build, lab).compiled)


def copy(root, name, folder):
    to = Path(folder) / name
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(root) / name, to)


def make_explorer(root, build, lab, folder):
    """Into the folder; if that cannot be, it says there why not."""
    folder.mkdir(parents=True)
    try:
        make(root, build, lab)
        write(Commands(root, build, lab), lab, folder)
    except (NoExplorer, OSError) as error:
        (folder / "missing.txt").write_text(str(error))


def write(commands, lab, folder):
    headers = {path for path in lab.owns if path.endswith(".h")}
    again = [
        path
        for path in commands.compiled
        if path not in lab.owns and headers & set(commands.includes(path))
    ]
    mine = {path: commands.compiled[path] for path in [*lab.owns, *again] if path.endswith(".c")}
    objects = {made for path, (_, made) in commands.compiled.items() if path not in mine}
    for name in objects:
        copy(commands.root, name, folder / "objects")
    for path in again:
        shutil.copyfile(commands.root / commands.out / "source" / path, place(folder, path))
    for name in [*FAKES, commands.out]:
        for header in (commands.root / name).rglob("*.h"):
            copy(commands.root, header.relative_to(commands.root), folder / "source")
    script = commands.link[commands.link.index("-Wl,-T,tests/interleave/engine/state.ld")]
    copy(commands.root, script.split(",")[2], folder)
    about = {
        "flags": {path: words for path, (words, _) in mine.items()},
        "again": again,
        "objects": sorted(objects),
        "link": [word for word in commands.link if not word.endswith(".o")],
    }
    (folder / "explorer.json").write_text(json.dumps(about, indent=1))


def place(folder, path):
    """Of a given file that is compiled with the student's headers."""
    to = folder / "source" / "again" / path
    to.parent.mkdir(parents=True, exist_ok=True)
    return to


class ExplorerKit:
    def __init__(self, folder):
        self.folder = Path(folder)
        try:
            about = json.loads((self.folder / "explorer.json").read_text())
        except OSError as error:
            missing = self.folder / "missing.txt"
            raise NoExplorer(
                missing.read_text() if missing.exists() else f"the kit has none: {error}"
            ) from error
        self.flags, self.again = about["flags"], about["again"]
        self.objects, self.link = about["objects"], about["link"]
