"""The explorer with a submission's files in it: compiled in the sandbox as the kernel's are."""

import random
import subprocess
from pathlib import Path

from grader import admission
from grader.build import BuildError
from grader.explorer.kit import ExplorerKit

# What the model puts in the place of instructions and of inline functions of the kernel, and what
# any lab's files may call (admission.py).
MODEL = """memcmp strlen strcmp strncmp snprintf vsnprintf running_cpu percpu_offset read_eflags sti cli sti_hlt cpu_relax printk memset memcpy
memmove spin_init spin_lock spin_unlock spin_trylock spin_held spin_lock_irqsave
spin_unlock_irqrestore spin_taken swapper_pg_dir write_cr3 read_cr3 write_cr4 read_cr4
invlpg switch_context""".split()
# What the compiler adds for its calls, and for 64 bits.
SECTIONS = [".eh_frame", ".init_array.00099"]
# Of the linker script: an object counts as the kernel's by its path (state.ld).
KERNEL_OBJECTS = "kernel_objects"


class Explorer:
    """shop: the Workshop that has admitted and compiled the files for the kernel."""

    def __init__(self, shop):
        self.shop, self.kit = shop, ExplorerKit(shop.kit.folder / "explorer")
        self.out = shop.out / KERNEL_OBJECTS

    def build(self):
        """Path of the program."""
        self.out.mkdir(exist_ok=True)
        made = []
        for path in self.kit.flags:
            made.append(self.compile(path))
            if path not in self.kit.again:
                self.admit(path)
        return self.link(made)

    def object_of(self, path):
        return self.out / (path.replace("/", "_") + ".o")

    def folders(self, words):
        """Where headers lie: the model's first, then the student's, then the kernel's."""
        ours, inside, base = self.kit.folder / "source", self.shop.inside, self.shop.kit.folder
        named = [word[2:] for word in words if word.startswith("-I")]
        found = [ours / name for name in named if name not in (".", "kernel")]
        found += [inside, inside / "kernel", ours]
        return [*found, base / "source", base / "source" / "kernel"]

    def compile(self, path):
        given = path in self.kit.again
        words = self.kit.flags[path]
        options = [w for w in words if not w.startswith("-I") and w not in ("-MMD", "-MP")]
        options += [f"-I{folder}" for folder in self.folders(words)]
        source = self.kit.folder / "source" / "again" / path if given else self.shop.inside / path
        if not given:
            options += ["-include", str(self.prologue(path))]
        bases = [self.kit.folder / "source", self.shop.kit.folder / "source"]
        made = self.object_of(path)
        self.shop.read_and_compile(path, options, source, bases, made)
        return made

    def prologue(self, path):
        """Headers and poison, as in front of the same file of the kernel."""
        kit, lab = self.shop.kit, self.shop.lab
        text = (self.shop.inside / path).read_bytes()
        before = self.shop.inside / "prologue.h"
        headers = admission.admit_text(path, text, kit, lab.owns)
        before.write_text(admission.prologue(headers, lab.sections))
        return before

    def admit(self, path):
        """It asks for nothing but what the lab may, the model, and the calls at each access."""
        known = Names({*self.shop.imports(), *MODEL})
        with open(self.object_of(path), "rb") as file:
            sections = [*self.shop.lab.sections, *SECTIONS]
            admission.admit_object(path, file, known, sections, common=())

    def link(self, made):
        """Each time in another order, so that nobody knows by heart where something lies."""
        objects = [
            *map(str, made),
            *(str(self.kit.folder / "objects" / o) for o in self.kit.objects),
        ]
        random.SystemRandom().shuffle(objects)
        program = self.shop.folder / "explorer"
        words = [w.replace("-T,", f"-T,{self.kit.folder}/") for w in self.kit.link]
        words[words.index("-o") + 1] = str(program)
        done = subprocess.run([*words, *objects], capture_output=True, text=True, errors="replace")
        if done.returncode:
            raise BuildError(f"the explorer: {done.stderr[:2000]}")
        return Path(program)


class Names(set):
    """With all that the compiler calls before an access."""

    def __contains__(self, name):
        return super().__contains__(name) or name.startswith("__tsan_")
