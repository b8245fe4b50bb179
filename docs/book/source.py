"""Finds things in Tarn's source by name, so that the book quotes what is there and cannot rot.

find("kernel/mm/pkmap/highmem.c", "kmap_high") is the function, with the comment in front of it;
"A..B" is all from the definition of A to the end of that of B.  A name may be a function, a struct,
a macro, a variable, a self-test, a label or `equ` of an assembly file, or a heading of the linker
script.  What is not there, or not only once, raises Missing. """

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Missing(Exception):
    """The source does not hold what the book names."""


@dataclass
class Extract:
    """Lines `first` to `last` of a file, counted from 1."""

    path: str
    first: int
    last: int
    lines: list

    @property
    def text(self):
        return "\n".join(self.lines)


def read_lines(path):
    file = ROOT / path
    if not file.is_file():
        raise Missing(f"{path}: there is no such file")
    return file.read_text().splitlines()


def extract(path, lines, first, last):
    return Extract(path, first + 1, last + 1, lines[first : last + 1])


# ---- C -------------------------------------------------------------------------------------------


def body_end(lines, at):
    """The line that ends the definition which begins at line `at`."""
    if lines[at].startswith("#"):
        while lines[at].endswith("\\"):
            at += 1
        return at
    if lines[at].startswith(("\t", " ")) or re.search(r"[;}]\s*(/\*.*\*/)?\s*$", lines[at]):
        return at
    while at + 1 < len(lines):
        at += 1
        if lines[at].startswith("}") or (lines[at].endswith(";") and not block_opened(lines, at)):
            return at
    return at


def block_opened(lines, at):
    """Is line `at` inside braces that were opened at the left margin or at the end of a line before
    it?
    """
    while at >= 0 and lines[at].startswith((" ", "\t", "")) and not lines[at][:1].isalpha():
        if lines[at].startswith("{"):
            return True
        at -= 1
    return at >= 0 and lines[at].endswith("{")


# In order: the first kind that matches anything wins, so that a definition wins over a mere
# declaration.
def c_patterns(name):
    n = re.escape(name)
    return [
        rf"^#define {n}\b",
        rf"^(typedef )?(struct|union|enum) {n} {{",
        rf"^[A-Za-z_][^;=]*\b{n}\([^;]*$|^[A-Za-z_][^;=]*\b{n}\([^;]*\) {{",
        rf"^(SELFTEST|CRASH|BENCHMARK)\w*\({n},",
        rf"^[A-Za-z_][^;(]*\b{n}(\[[^]]*\])*( =.*|;)|^[A-Za-z_].*\b{n}(\[[^]]*\])* = ",
        rf"^(static )?DEFINE_PER_CPU\([^)]*, {n}\)",
        rf"^}}.* {n}\b.*;",
        rf"^\t{n}\b[^(]*[,;]",
        rf"^[A-Za-z_].*\b{n}\([^)]*\);|^[A-Za-z_].*\b{n};",
    ]


def c_start(lines, at):
    """For a name behind its closing brace: where the brace was opened."""
    if not lines[at].startswith("}"):
        return at
    while not (lines[at].endswith("{") and lines[at][:1].isalpha()):
        at -= 1
    return at


def with_c_comment(lines, at):
    """The comment that stands right in front of line `at` belongs to it."""
    if at == 0 or not lines[at - 1].rstrip().endswith("*/"):
        return at
    start = at - 1
    while not lines[start].lstrip().startswith("/*"):
        start -= 1
    return start


# ---- Assembly and linker script ------------------------------------------------------------------


def asm_patterns(name):
    n = re.escape(name)
    return [rf"^{n}:", rf"^{n}\s+equ\b", rf"^%define {n}\b", rf"^section {n}\b", rf"^section {n}$"]


def asm_end(lines, at):
    if not lines[at].rstrip().endswith(":") and not re.match(r"^(\w+:$|section)", lines[at]):
        return at
    end = at
    while end + 1 < len(lines) and not re.match(
        r"^(\w+:|section |global |\w+\s+equ\b)", lines[end + 1]
    ):
        end += 1
    while end > at and (not lines[end].strip() or lines[end].startswith((";", "align"))):
        end -= 1
    return end


def with_asm_comment(lines, at):
    while at > 0 and lines[at - 1].startswith(";"):
        at -= 1
    return at


def ld_end(lines, at):
    depth, end = 0, at
    while end < len(lines):
        depth += lines[end].count("{") - lines[end].count("}")
        if depth == 0 and (
            lines[end].strip() != lines[at].strip() or "{" in lines[end] or ";" in lines[end]
        ):
            return end
        end += 1
    return at


# ---- Both ----------------------------------------------------------------------------------------


def kind_of(path):
    suffix = Path(path).suffix
    if suffix in (".c", ".h"):
        return c_patterns, body_end, with_c_comment
    if suffix == ".asm":
        return asm_patterns, asm_end, with_asm_comment
    return lambda name: [rf"^\s*{re.escape(name)}(?=\s|$)"], ld_end, lambda lines, at: at


def find_one(path, lines, name):
    patterns, end_of, _ = kind_of(path)
    for pattern in patterns(name):
        hits = [i for i, line in enumerate(lines) if re.search(pattern, line)]
        if len(hits) > 1:
            raise Missing(
                f"{path}: {name} is there {len(hits)} times, in lines "
                + ", ".join(str(h + 1) for h in hits)
            )
        if hits and Path(path).suffix in (".c", ".h"):
            return c_start(lines, hits[0]), (
                hits[0] if lines[hits[0]].startswith("}") else end_of(lines, hits[0])
            )
        if hits:
            return hits[0], end_of(lines, hits[0])
    raise Missing(f"{path}: nothing named {name}")


def find(path, name, comment=True):
    lines = read_lines(path)
    first_name, _, last_name = name.partition("..")
    first, last = find_one(path, lines, first_name)
    if last_name:
        start, last = find_one(path, lines, last_name)
        if start < first:
            raise Missing(f"{path}: {last_name} comes before {first_name}")
    if comment:
        first = kind_of(path)[2](lines, first)
    return extract(path, lines, first, last)


def constant(path, name):
    """The value of a macro or `equ`, as a reader would write it."""
    text = find(path, name, comment=False).text
    found = re.match(r"#define \w+\s+(.*?)\s*(?:/\*.*)?$|\w+\s+equ\s+(.*?)\s*(?:;.*)?$", text)
    if not found:
        raise Missing(f"{path}: {name} is no constant: {text}")
    value = found.group(1) or found.group(2)
    size = re.fullmatch(r"(KIB|MIB|GIB)\((\d+)\)", value)
    if size:
        return f"{size.group(2)} {size.group(1).capitalize().replace('ib', 'iB')}"
    return re.sub(r"\b(0x[0-9A-Fa-f]+|\d+)(?:u|ull)\b", r"\1", value)
