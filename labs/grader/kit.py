"""What a grader builds with: the objects and headers of the reference, without the owned files.

A kit is a folder: `source/` (headers, and those files that include an owned header), `objects/`,
`kit.json`.  It is made of a tree that has been built; the answer itself is not in it.  If tests of
the lab are about the other page-table format there is a kit for that in a folder of its name.
"""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from elftools.elf.elffile import ELFFile

from grader import admission, layout
from grader.explorer.kit import make_explorer
from grader.lab import given_files

# A build's folder for each page-table format, and the kernel without self-tests.
KERNELS = {"2level": "tarn-plain.elf", "pae": "tarn-pae-plain.elf"}
SEED = 13  # of what scenarios choose at random


class NoKit(Exception):
    """The tree is not built, or not as this grader knows it."""


def make_says(root, build, target):
    """The commands that make would give for it: how each file is compiled, and the link."""
    said = subprocess.run(
        ["make", "-nB", "V=1", f"BUILD={build}", f"{build}/{target}"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if said.returncode:
        raise NoKit(f"make in {root}: {said.stderr.strip()}")
    return [line for line in said.stdout.splitlines() if not line.startswith(("echo", "@", "\t"))]


def words_of(line):
    return shlex.split(line.replace('"-ffile-prefix-map=$PWD=."', ""))


class Source:
    """A built tree, as make sees it: a kernel's files, or those of a program of user/."""

    def __init__(self, root, build, form, program=""):
        self.root, self.build = Path(root), build
        self.folder = "user/objects" if program else form
        self.compiled, self.link = {}, None
        target = f"user/{program}" if program else KERNELS[form]
        for line in make_says(self.root, build, target):
            if " -c " in line and line.rstrip().endswith(".o"):
                words = words_of(line)
                self.compiled[words[words.index("-c") + 1]] = words
            elif line.startswith("nasm ") and " -MP " in line:
                words = words_of(line)
                self.compiled[words[words.index("-MP") + 1]] = words
            elif f"-o {build}/{target}" in line and " -T " in line:
                self.link = words_of(line)
        if not self.link:
            raise NoKit(f"{root}: make does not say how {target} is linked")

    def object_of(self, path):
        return f"{self.build}/{self.folder}/{path}.o"

    def script(self):
        """The linker's."""
        return self.link[self.link.index("-T") + 1]

    def includes(self, path):
        """Headers of the tree that a file reads, as the compiler noted them."""
        noted = self.root / f"{self.build}/{self.folder}/{path}.d"
        text = noted.read_text().split("\n\n")[0].replace("\\\n", " ")
        return [word for word in text.split()[1:] if not word.startswith("/")]

    def flags(self, path):
        """What a warning is stays a warning, however the reference was built."""
        words = self.compiled[path]
        cut = next(at for at, word in enumerate(words) if word in ("-MMD", "-MD"))
        return [word for word in words[:cut] if word != "-Werror"]


def dependents(source, owned):
    """Given files that include an owned header: they are compiled with the student's."""
    headers = {path for path in owned if path.endswith(".h")}
    return [
        path
        for path in source.compiled
        if path.endswith(".c") and path not in owned and headers & set(source.includes(path))
    ]


def exports(source, owned):
    """Public names of the owned files, which those may take from one another."""
    names = set()
    for path in owned:
        if path in source.compiled:
            with open(source.root / source.object_of(path), "rb") as file:
                table = ELFFile(file).get_section_by_name(".symtab")
                names |= {
                    symbol.name
                    for symbol in table.iter_symbols()
                    if symbol["st_info"]["bind"] == "STB_GLOBAL"
                    and symbol["st_shndx"] != "SHN_UNDEF"
                }
    return sorted(names)


def object_says(source, path):
    """Of a given file that is compiled with the student's headers: what the reference's has."""
    with open(source.root / source.object_of(path), "rb") as file:
        elf = ELFFile(file)
        return {
            "imports": sorted(admission.imported_names(elf)),
            "defines": sorted(admission.public_names(elf)),
            "sections": sorted(admission.section_names(elf)),
        }


def copy(root, name, folder):
    to = folder / name
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / name, to)


def make_kit(root, build, lab, destination):
    """Of the tree `root`, built in its folder `build`, for a lab."""
    source, destination = Source(root, build, lab.format, lab.program), Path(destination)
    given = {p: f for p, f in given_files(source.root, lab).items() if p in source.compiled}
    given = {p: f for p, f in given.items() if p.endswith(".c")}
    gone = set(lab.without) - set(given)
    again = sorted({*dependents(source, lab.owns), *given} - {*lab.owns, *gone})
    away = {source.object_of(path) for path in gone}
    objects = [name for name in source.link if name.endswith(".o") and name not in away]
    mine = {source.object_of(path) for path in [*lab.owns, *again]}
    for name in objects:
        if name not in mine:
            copy(source.root, name, destination / "objects")
    copy_source(source, lab, destination / "source", again)
    for path, file in given.items():
        shutil.copyfile(file, destination / "source" / path)
    if lab.program:
        copy_programs(source, lab, destination)
    compile_layout(Source(root, build, lab.format) if lab.program else source, destination)
    if lab.explored:
        make_explorer(source.root, build, lab, destination / "explorer")
    about = {
        "script": source.script(),
        "link": [word for word in source.link if not word.endswith(".o")],
        "objects": objects,
        "again": again,
        "flags": {
            path: source.flags(path) for path in [*lab.owns, *again] if path in source.compiled
        },
        "object": {
            path: source.object_of(path) for path in [*lab.owns, *again] if path in source.compiled
        },
        "exports": exports(source, lab.owns),
        "given_objects": {path: object_says(source, path) for path in again},
    }
    (destination / "kit.json").write_text(json.dumps(about, indent=1))
    for form in lab.other_formats:
        make_kit(root, build, replace(lab, format=form, tests=[]), destination / form)
    return destination


def copy_programs(source, lab, destination):
    """The kernel, and what lies in the boot module beside the student's program."""
    built = source.root / source.build
    shutil.copyfile(built / KERNELS[lab.format], destination / "kernel.elf")
    (destination / "programs").mkdir()
    for name, program in lab.archive.items():
        shutil.copyfile(built / "user" / program, destination / "programs" / name)


def copy_source(source, lab, folder, again):
    """Headers, what is compiled with the student's files, and what stops unwritten functions."""
    headers = {h for path in source.compiled if path.endswith(".c") for h in source.includes(path)}
    kept = {h for h in headers if h.endswith((".h", ".inc"))} | {source.script(), *again}
    for name in sorted(kept - {*lab.owns, *lab.without}):
        if (source.root / name).exists():
            copy(source.root, name, folder)
    header = next(
        p for p in (lab_header(source, "lib"), lab_header(source, "labs/tree/lib")) if p.exists()
    )
    shutil.copyfile(header, folder / "lib" / "lab.h")


def lab_header(source, folder):
    """lab.h, which stops what is not written: in a student's tree and in the source."""
    return source.root / folder / "lab.h"


def compile_layout(source, destination):
    """Offsets and constants, by the reference's headers and flags (layout.c)."""
    flags = next(iter(w for p, w in source.compiled.items() if p.startswith("kernel/mm/pages/")))
    flags = flags[: flags.index("-MMD")]
    target = destination / "layout.o"
    done = subprocess.run(
        [
            *flags,
            "-c",
            str(Path(__file__).with_name("layout.c").resolve()),
            "-o",
            str(target.resolve()),
        ],
        cwd=source.root,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NoKit(f"layout.c: {done.stderr}")


def kits(folder, lab):
    """{page-table format: Kit}"""
    others = {form: Kit(Path(folder) / form) for form in lab.other_formats}
    return {lab.format: Kit(folder)} | others


class Kit:
    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        try:
            about = json.loads((self.folder / "kit.json").read_text())
        except OSError as error:
            raise NoKit(f"{folder} is no grader's kit: {error}") from error
        self.link, self.objects, self.again = about["link"], about["objects"], about["again"]
        self.flags, self.object, self.exports = about["flags"], about["object"], about["exports"]
        self.script, self.given_objects = about["script"], about["given_objects"]
        self.seed = self.own_seed()
        self.layout = layout.read(self.folder / "layout.o")
        self.compiler = next(iter(self.flags.values()))[0]

    def own_seed(self):
        """A teacher's kit has one that students do not know."""
        path = self.folder / "seed.json"
        return json.loads(path.read_text()) if path.exists() else SEED

    def has_header(self, name):
        """A header that owned files may include, as they name it."""
        if not re.fullmatch(r"[A-Za-z0-9_./-]+", name) or ".." in name or name.startswith("/"):
            return None
        for folder in ("source", "source/kernel"):
            if (self.folder / folder / name).is_file():
                return self.folder / folder / name
        return None
