"""Looks at a student's file before it is compiled, and at its object before it is linked.

The text: directives that are none of a lab's business, includes from elsewhere.  Words that could
put code or data where it does not belong (assembly, attributes) are the preprocessor's to refuse:
the file is compiled behind a prologue that poisons them once the headers are read (GCC manual, CPP,
"Pragmas": macros defined before keep working).
"""

import re
from dataclasses import dataclass

from elftools.elf.elffile import ELFFile

POISONED = """asm __asm__ __asm __attribute__ __attribute _Pragma
__section __used __stack_args __aligned __packed
__builtin_apply __builtin_apply_args __builtin_return __builtin_longjmp __builtin_setjmp
__builtin___clear_cache __builtin_eh_return __builtin_va_arg_pack""".split()
# What the labs' own code needs of them.
ALLOWED_DIRECTIVES = {
    "include",
    "define",
    "undef",
    "if",
    "ifdef",
    "ifndef",
    "elif",
    "else",
    "endif",
}
FREESTANDING = {"stddef.h", "stdint.h", "stdbool.h", "stdarg.h"}
SECTIONS = re.compile(r"\.(text|rodata|data|bss)(\..*)?$")
# What describes an object, and is not loaded.
DESCRIPTIONS = re.compile(
    r"(|\.(symtab|strtab|shstrtab|comment|group|note\.GNU-stack|note\.gnu\.property)|\.rela?\..*|\.debug_.*)$"
)
LARGEST = 1 << 20  # bytes of a file that somebody has written


@dataclass
class Refusal(Exception):
    """Not admitted.  `line` is 0 where the object is meant."""

    path: str
    line: int
    reason: str

    def __str__(self):
        return (
            f"{self.path}:{self.line}: {self.reason}"
            if self.line
            else f"{self.path}: {self.reason}"
        )


def without_comments(text):
    """Comments become blanks, line by line, strings stay: directives are looked for in the rest."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)

    def blank(match):
        found = match.group()
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, text)


def directives(text):
    """(line, word, rest) of each line that begins with #."""
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        found = re.match(r"\s*#\s*(\S*)\s*(.*)", line)
        if found:
            yield number, found[1], found[2]


def admit_text(path, data, kit, owned):
    """[header, ...] that the file includes; Refusal if it is not to be compiled."""
    if len(data) > LARGEST:
        raise Refusal(path, 0, f"has {len(data)} bytes; {LARGEST} are allowed")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Refusal(path, 0, f"is no text: {error}") from error
    odd = re.search(r"%:|<:|\?\?[=/(]|\\\r|\0", text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise Refusal(path, line, f"{odd.group()!r}: digraphs and their kin are not admitted")
    if path.endswith(".h"):
        refuse_words(path, text)
    headers = []
    for line, word, rest in directives(text):
        if word not in ALLOWED_DIRECTIVES:
            raise Refusal(path, line, f"#{word} is not admitted in a lab's file")
        if word == "include":
            headers.append(admit_include(path, line, rest, kit, owned))
    return headers


def refuse_words(path, text):
    """Of an owned header: it is read before the poison, and by given files, which are compiled
    without.
    """
    joined = without_comments(text.replace("\\\n", ""))
    found = re.search(rf"\b(?:{'|'.join(POISONED)})\b|##", joined)
    if found:
        line = joined.count("\n", 0, found.start()) + 1
        raise Refusal(path, line, f"{found.group()} is not admitted in a lab's header")


def admit_include(path, line, rest, kit, owned):
    found = re.fullmatch(r'(?:"([^"]+)"|<([^>]+)>)\s*', rest)
    if not found:
        raise Refusal(path, line, f"#include {rest}: a file name in quotes is wanted")
    name = found[1] or found[2]
    own = {p for p in owned if p in (name, f"kernel/{name}")}
    if name in FREESTANDING or own or kit.has_header(name):
        return name
    raise Refusal(path, line, f"#include {rest.strip()}: the tree has no such header")


def prologue(headers, sections=()):
    """Goes before the file: its headers, then the poison.  With poison in it a macro of the headers
    expands no more: where a lab has a section of its own, the object tells what went into which.
    """
    poisoned = [word for word in POISONED if not (sections and word == "__section")]
    # Some of the words are macros already, of which the compiler would warn.
    lines = ["#pragma GCC system_header"] + [f'#include "{name}"' for name in headers]
    lines += [f"#pragma GCC poison {word}" for word in poisoned]
    return "\n".join(lines) + "\n"


def admit_object(path, file, imports, sections=()):
    """Sections and imports of an object; `imports`: names that it may take from the kernel."""
    elf = ELFFile(file)
    for section in elf.iter_sections():
        name = section.name
        if not SECTIONS.match(name) and not DESCRIPTIONS.match(name) and name not in sections:
            raise Refusal(path, 0, f"puts something into the section {name}")
    table = elf.get_section_by_name(".symtab")
    for symbol in table.iter_symbols() if table else ():
        bind, kind = symbol["st_info"]["bind"], symbol["st_info"]["type"]
        if bind == "STB_WEAK" or kind == "STT_LOOS":
            raise Refusal(path, 0, f"{symbol.name} is weak or indirect")
        if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name and symbol.name not in imports:
            raise Refusal(path, 0, f"uses {symbol.name}, which this lab does not")
