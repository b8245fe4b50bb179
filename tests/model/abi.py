"""The agreement between kernel and programs, read from lib/abi: calls with their arguments and
errors, and the constants.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMON_ERRORS = ("EBADH", "EPERM", "EINVAL", "EDEAD")


def _text(name):
    text = (ROOT / "lib" / name).read_text()
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def _constants():
    found = {}
    for name in ("errno.h", "abi/abi.h"):
        text = _text(name)
        for key, value in re.findall(r"^#define (\w+) (0x[0-9A-Fa-f]+|\d+)u?\s*$", text, re.M):
            found[key] = int(value, 0)
        for key, value, shift in re.findall(r"^#define (\w+) \((\d+)u << (\d+)\)", text, re.M):
            found[key] = int(value) << int(shift)
        for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
            for value, key in enumerate(re.findall(r"\w+", body)):
                found[key] = value
    return found


@dataclass
class Argument:
    place: str  # h1, h2, esi, edi, ebp, ebx
    name: str
    what: str


@dataclass
class Call:
    number: int
    name: str
    arguments: list
    errors: tuple  # all that it may return

    def registers(self, values):
        """eax, ebx, esi, edi, ebp of a call with these arguments."""
        place = dict.fromkeys(("h1", "h2", "esi", "edi", "ebp", "ebx"), 0)
        for argument in self.arguments:
            place[argument.place] = values.get(argument.name, 0)
        eax = self.number | place["h1"] << 8 | place["h2"] << 20
        return eax, place["ebx"], place["esi"], place["edi"], place["ebp"]


STRINGS = r'((?:\s*"[^"]*")+)'  # adjacent ones are one
CALL = re.compile(rf"CALL\((\d+), (\w+),{STRINGS},{STRINGS},{STRINGS}\)")


def _calls():
    calls = {}
    for number, name, *strings in CALL.findall(_text("abi/calls.h").replace("\\\n", "")):
        arguments, errors, _ = ("".join(re.findall(r'"([^"]*)"', part)) for part in strings)
        calls[name] = Call(
            int(number),
            name,
            [Argument(*word.split(":")) for word in arguments.split()],
            COMMON_ERRORS + tuple(errors.split()),
        )
    return calls


CONSTANTS = _constants()
CALLS = _calls()
ERRORS = {name: CONSTANTS[name] for name in CONSTANTS if re.match(r"E[A-Z0-9]+$", name)}
