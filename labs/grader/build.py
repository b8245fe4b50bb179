"""From owned files to a kernel, or a program for it: looked at, compiled in the sandbox, linked by
our own command.
"""

import errno
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from elftools.elf.elffile import ELFFile

from grader import admission, assembler
from grader.source_text import LARGEST, Refusal, decoded

OUTPUT = 4000  # characters of the compiler's that are shown
ERRORS = "-fmax-errors=20"  # after which it gives up
COMPILERS_OWN = re.compile(r"/usr/lib/gcc[\w-]*/.*/include/std[\w-]+\.h")
READ = 64 << 20  # characters that a file and its headers come to, at most
ARCHIVE = "programs.tar"  # beside the kernel, if the lab's files are a program's


class BuildError(Exception):
    """The compiler or the linker refused; str() is what it said."""


def owned_files(lab, submission):
    """{path: bytes} of what the student hands in: files of that folder, and no links to others."""
    folder, found = Path(submission).resolve(), {}
    for path in lab.owns:
        try:
            found[path] = owned_file(folder, path)
        except OSError as error:
            raise Refusal(path, 0, f"cannot be read: {error.strerror}") from error
    return found


def owned_file(folder, path):
    file = folder / path
    if not file.is_file() or file.is_symlink() or file.resolve() != file:
        raise Refusal(path, 0, f"is missing, or no plain file{elsewhere(folder, path)}")
    if file.stat().st_size > LARGEST:
        raise Refusal(path, 0, f"has more than {LARGEST} bytes")
    return file.read_bytes()


def places(folder, path):
    """Where an owned file may lie instead: an archive is often unpacked into one folder more, and
    uploads of single files have no folders.
    """
    inner = sorted(folder.glob("*/"))
    name = path.rsplit("/", 1)[-1]
    return [*(one / path for one in inner), folder / name, *(one / name for one in inner)]


def elsewhere(folder, path):
    found = next((place for place in places(folder, path) if place.is_file()), None)
    if not found:
        return ""
    where = found.relative_to(folder)
    if str(where).endswith(f"/{path}"):
        return f"; there is one in the folder {where.parts[0]}"
    return f"; there is {where}: it belongs in the folder {path.rpartition('/')[0]}"


class Workshop:
    """A folder for one submission: `in/` what is compiled, `out/` the objects."""

    def __init__(self, kit, lab, folder, sandbox):
        self.kit, self.lab, self.sandbox = kit, lab, sandbox
        self.folder = Path(folder).resolve()
        self.inside, self.out = self.folder / "in", self.folder / "out"
        self.public = set()  # names that the student's objects give to one another
        for made in (self.inside, self.out):
            made.mkdir(parents=True, exist_ok=True)

    def build(self, submission):
        """Path of the kernel.  Refusal, BuildError or NoSandbox if there is none."""
        files = owned_files(self.lab, submission)
        headers = {path: self.admit_text(path, data) for path, data in files.items()}
        for path, data in files.items():
            to = self.inside / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(decoded(path, data), newline="")
        made = [path for path in self.lab.owns if not path.endswith(".h")]
        for path in made:
            if path.endswith(".asm"):
                self.assemble(path)
            else:
                before = admission.prologue(headers[path], self.lab.sections)
                self.compile(path, self.inside / path, before)
        self.public = {name for path in made for name in self.names_in(path)}
        for path in made:
            self.admit(path)
        for path in self.kit.again:
            self.compile(path, self.kit.folder / "source" / path)
            self.admit_given(path)
        if self.lab.program:
            return self.pack(self.link(self.folder / self.lab.program, "the program"))
        return self.link(self.folder / "kernel.elf", "the kernel")

    def admit_text(self, path, data):
        """Headers that a file of C includes; Refusal if it is not to be built."""
        if path.endswith(".asm"):
            return assembler.admit(path, data)
        return admission.admit_text(path, data, self.kit, self.lab.owns)

    def object_of(self, path):
        return self.out / (path.replace("/", "_") + ".o")

    def compile(self, path, source, prologue=None):
        """Headers of the student's go before those of the tree."""
        base = self.kit.folder / "source"
        folders = [self.inside, self.inside / "kernel", base, base / "kernel"]
        words = [word for word in self.kit.flags[path] if word not in ("-I.", "-Ikernel")]
        words += [f"-I{folder}" for folder in folders]
        if prologue is not None:
            before = self.inside / "prologue.h"
            before.write_text(prologue)
            words += ["-include", str(before)]
        self.read_and_compile(path, words, source, [base], self.object_of(path))

    def read_and_compile(self, path, words, source, bases, made):
        """bases: folders of the kit that it may read besides the student's files."""
        prefix = self.sandbox.prefix([self.inside, *bases], [made.parent])
        words = [*prefix, *words, ERRORS]
        read = made.with_suffix(".i")
        self.run([*words, "-E", str(source), "-o", str(read)], path)
        self.admit_reading(path, read, bases)
        words += [f"-ffile-prefix-map={self.inside}/=", "-c", str(source), "-o", str(made)]
        self.run(words, path)

    def admit_reading(self, path, read, bases):
        if read.stat().st_size > READ:
            raise Refusal(path, 0, f"comes to more than {READ} characters with its headers")
        owned = {str(self.inside / name) for name in self.lab.owns}
        mine = {*owned, str(self.inside / "prologue.h")}

        def may_read(file):
            if file in mine or re.fullmatch(r"<[\w -]+>|.*//", file):
                return True
            real = Path(file).resolve()
            inside = [base for base in bases if base.resolve() in real.parents]
            return inside or COMPILERS_OWN.fullmatch(str(real))

        text = read.read_text(errors="replace")
        read.unlink()
        admission.admit_reading(path, text, may_read, owned.__contains__)

    def assemble(self, path):
        """It includes nothing, so it needs no folders."""
        inside = self.sandbox.prefix([self.inside], [self.out])
        words = [str(self.inside / path), "-o", str(self.object_of(path))]
        self.run([*inside, *self.kit.flags[path], *words], path)

    def run(self, command, path):
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise BuildError(f"{path}: {error}") from error
        if os.strerror(errno.ENOSPC) in done.stderr:
            raise OSError(errno.ENOSPC, "the host has no room to build in", str(self.folder))
        if done.returncode:
            said = done.stderr.replace(f"{self.inside}/", "")[:OUTPUT]
            said = said or f"ended with status {done.returncode}"
            raise BuildError(said if said.startswith(f"{path}:") else f"{path}: {said}")

    def admit(self, path):
        with open(self.object_of(path), "rb") as file:
            admission.admit_object(path, file, self.imports(), self.lab.sections)

    def admit_given(self, path):
        """A given file that reads the student's headers: it may what the reference's may."""
        of = self.kit.given_objects[path]
        imports = {*self.imports(), *of["imports"]}
        with open(self.object_of(path), "rb") as file:
            admission.admit_object(path, file, imports, of["sections"], of["defines"])

    def names_in(self, path):
        with open(self.object_of(path), "rb") as file:
            return admission.public_names(ELFFile(file))

    def imports(self):
        """What the lab lists, and what its own files give to one another: the reference's, and the
        student's.
        """
        return {*self.lab.imports, *self.kit.exports, *self.public}

    def link(self, target, name):
        """In the order of the reference's own link."""
        ours = {self.kit.object[path]: self.object_of(path) for path in self.kit.object}
        objects = [
            str(ours.get(name, self.kit.folder / "objects" / name)) for name in self.kit.objects
        ]
        words = list(self.kit.link)
        words[words.index("-T") + 1] = str(self.kit.folder / "source" / self.kit.script)
        words[words.index("-o") + 1] = str(target)
        self.run([*words, *objects], name)
        return target

    def pack(self, program):
        """Path of the reference's kernel, with an archive beside it that has the program."""
        kernel = self.folder / "kernel.elf"
        shutil.copyfile(self.kit.folder / "kernel.elf", kernel)
        with tarfile.open(self.folder / ARCHIVE, "w", format=tarfile.USTAR_FORMAT) as archive:
            for path in sorted((self.kit.folder / "programs").iterdir()):
                archive.add(path, path.name)
            archive.add(program, self.lab.program)
        return kernel
