"""The table of calls, read from lib/abi/calls.h, and a call's registers in words.  Knows no
debugger.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from kernelview.constants import ROOT

TABLE = ROOT / "lib/abi/calls.h"
ENTRY = re.compile(r'\bCALL\((\d+),\s*(\w+),((?:[^"()]|"[^"]*")*)\)')
NEVER = 0xFFFFFFFF
# For each way to read a number: the enumeration of lib/abi/abi.h whose words it takes.
ENUMERATIONS = {
    "kind": "object_kind",
    "control_op": "thread_op",
    "irq_op": "irq_op",
    "sys_op": "sys_op",
    "info": "info_kind",
}
OPERATIONS = ["MAP", "GRANT", "COPY", "SHARE", "PROTECT"]  # MAP_*


@dataclass(frozen=True)
class Argument:
    place: str  # a register, or h1, h2: the handles in eax
    name: str
    what: str


@dataclass(frozen=True)
class Call:
    number: int
    name: str
    arguments: tuple
    errors: tuple
    text: str


def parse(text):
    """The table: number to Call."""
    body = text[text.index("#define CALL_TABLE") :].partition("#ifndef")[0].replace("\\\n", "\n")
    found = {}
    for number, name, rest in ENTRY.findall(body):
        parts = [
            "".join(re.findall(r'"([^"]*)"', part))
            for part in re.split(r'(?<="),', rest.strip())
            if part.strip()
        ]
        arguments = tuple(Argument(*word.split(":")) for word in parts[0].split())
        found[int(number)] = Call(int(number), name, arguments, tuple(parts[1].split()), parts[2])
    return found


@lru_cache(maxsize=1)
def table():
    return parse(TABLE.read_text())


def enumerators(name):
    """The words of an enumeration of lib/abi/abi.h, in order."""
    text = (ROOT / "lib/abi/abi.h").read_text()
    body = re.search(rf"enum {name} \{{(.*?)\}}", text, re.S)[1]
    return re.findall(r"\b([A-Z][A-Z0-9_]*)\b", re.sub(r"/\*.*?\*/", "", body, flags=re.S))


# ---- A call's registers ----


@dataclass
class Registers:
    """What a call was entered with.  None: the kernel has read the register, and it is gone."""

    eax: int
    esi: int = None
    edi: int = None
    ebp: int = None
    ebx: int = None

    @property
    def number(self):
        return self.eax & 0xFF

    def place(self, place):
        handles = {"h1": self.eax >> 8 & 0xFFF, "h2": self.eax >> 20}
        return handles[place] if place in handles else getattr(self, place)


def rights_words(rights, names):
    """`names`: (bit, letter) pairs."""
    return "".join(letter if rights & bit else "-" for bit, letter in names)


def prot_words(prot):
    return rights_words(prot, ((1, "r"), (2, "w"), (4, "x")))


def time_words(microseconds):
    return {NEVER: "never", 0: "0 (polls)"}.get(microseconds, f"{microseconds} us")


def tag_words(tag):
    """Label, words, items, and the flags that the kernel sets."""
    flags = ["CALL", "NOTE", "FAULT", "REPLY"]
    words = f"label {tag & 0xFFFF:#x}, {tag >> 16 & 63} words, {tag >> 22 & 3} items"
    return "".join([words] + [f", {flag}" for n, flag in enumerate(flags) if tag >> 24 + n & 1])


def enumerated(what, value):
    names = enumerators(ENUMERATIONS[what])
    return names[value] if value < len(names) else f"{value:#x}"


def value_words(what, value):
    """A number, as the table says that it is read."""
    if what == "timeout":
        return time_words(value)
    if what == "tag":
        return f"{{{tag_words(value)}}}"
    if what == "address_prot":
        return f"{value & ~0xFFF:#010x} {prot_words(value)}" + (" PHYS" if value & 8 else "")
    if what == "address_map":
        number = value & 7
        name = OPERATIONS[number] if number < len(OPERATIONS) else f"{number}"
        return f"{value & ~0xFFF:#010x} {name}" + (" REPLACE" if value & 8 else "")
    if what == "address_unmap":
        return f"{value & ~0xFFF:#010x}" + (" REVOKE" if value & 1 else "")
    if what == "kind":  # the other bits: max prio, bit
        return enumerated(what, value & 0xFF)
    if what in ENUMERATIONS:
        return enumerated(what, value)
    if what == "drop_flags":
        return "DESTROY" if value == 1 else f"{value:#x}"
    if what in ("pages", "bytes", "count", "irq", "bit"):
        return str(value)
    return f"{value:#x}"


def decode(registers):
    """A call in words: ipc_call(endpoint 9, tag {...}, ...)."""
    call = table().get(registers.number)
    if not call:
        return f"no call has the number {registers.number}"
    words, gone = [], False
    for argument in call.arguments:
        value = registers.place(argument.place)
        if value is None:
            gone = True
        elif argument.place in ("h1", "h2"):
            words.append(f"{argument.name} {value}")
        else:
            words.append(f"{argument.name} {value_words(argument.what, value)}")
    return f"{call.name}({', '.join(words + (['...'] if gone else []))})"
