"""The kernel's constants, from the headers that define them: a name or a number is written once, in
C.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HEADERS = [
    "kernel/arch/x86/paging/page.h",
    "kernel/arch/x86/paging/layout.h",
    "kernel/arch/x86/cpu/percpu.h",
    "kernel/arch/x86/paging/fixmap.h",
    "kernel/arch/x86/cpu/spinlock.h",
    "kernel/mm/pages/page.h",
    "kernel/mm/pkmap/highmem.h",
    "kernel/mm/pages/pcp.h",
    "kernel/mm/objects/vmalloc.h",
    "kernel/mm/objects/kstack.h",
    "kernel/mm/user/frames.h",
    "kernel/arch/x86/cpu/trap.h",
    "kernel/objects/handle.h",
    "kernel/objects/task.h",
    "lib/abi/abi.h",
    "user/lib/protocol/protocol.h",
]
DEFINE = re.compile(r"^#define (\w+)[ \t]+(.*)$", re.M)
UNITS = {"KIB": 10, "MIB": 20, "GIB": 30}


def definitions():
    """Every macro without arguments of these headers: name to text."""
    found = {}
    for header in HEADERS:
        path = ROOT / header
        for name, text in DEFINE.findall(path.read_text() if path.is_file() else ""):
            found[name] = re.sub(r"/\*.*", "", text).strip()
    return found


class Constants:
    """constants["PKMAP_BASE"]; names that no macro has are asked of `other` (GDB: enumerators)."""

    def __init__(self, other):
        self.texts = definitions()
        self.values = {}
        self.other = other

    def __getitem__(self, name):
        if name not in self.values:
            self.values[name] = (
                self._evaluate(self.texts[name]) if name in self.texts else self.other(name)
            )
        return self.values[name]

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def _evaluate(self, text):
        text = re.sub(r"\b(0x[0-9A-Fa-f]+|\d+)(?:ull|ul|u)\b", r"\1", text, flags=re.I)
        text = re.sub(r"\b([KMG]IB)\(", lambda unit: f"(1 << {UNITS[unit[1]]}) * (", text)
        text = re.sub(r"\b(?!0x)[A-Za-z_]\w*", lambda name: str(self[name[0]]), text)
        if not re.fullmatch(r"[\sx0-9A-Fa-f()+*/|&~<>-]+", text):
            raise KeyError(text)
        return eval(text.replace("/", "//"), {"__builtins__": {}})  # numbers and operators alone

    def flags(self, prefix):
        """Bit to word for the one-bit macros that begin so: PG_BUDDY is "buddy"."""
        words = {}
        for name, text in self.texts.items():
            if name.startswith(prefix) and re.match(r"\(1u? *<< *\d+\)", text):
                words[self[name]] = name[len(prefix) :].lower().replace("_", " ")
        return words
