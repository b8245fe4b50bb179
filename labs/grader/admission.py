"""Looks at a student's file before it is compiled, and at its object before it is linked.

The text: directives that are none of a lab's business, includes from elsewhere.  Words that could
put code or data where it does not belong (assembly, attributes) are the preprocessor's to refuse:
the file is compiled behind a prologue that poisons them once the headers are read (GCC manual, CPP,
"Pragmas": macros defined before keep working).
"""

import posixpath
import re

from elftools.elf.elffile import ELFFile

from grader.source_text import Refusal, SourceText, decoded

POISONED = """asm __asm__ __asm __attribute__ __attribute _Pragma
__section __used __stack_args __aligned __packed
__builtin_apply __builtin_apply_args __builtin_return __builtin_longjmp __builtin_setjmp
__builtin___clear_cache __builtin_eh_return __builtin_va_arg_pack gnu __gnu__""".split()
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
# What any lab's files may call: the kernel has it in lib/, compilers call some of it by themselves,
# and who looks for a mistake prints.
COMMON = """memset memcpy memmove memcmp strlen strcmp strncmp snprintf vsnprintf printk printf
__udivdi3 __umoddi3 __divdi3 __moddi3 __udivmoddi4""".split()


def admit_text(path, data, kit, owned):
    """[header, ...] that the file includes; Refusal if it is not to be compiled."""
    source = SourceText(path, decoded(path, data))
    if path.endswith(".h"):
        refuse_words(source)
    headers = []
    for line, word, rest in source.directives():
        if word not in ALLOWED_DIRECTIVES:
            raise Refusal(path, line, f"#{word} is not admitted in a lab's file")
        if word == "include":
            headers.append(admit_include(path, line, rest, kit, owned))
    return headers


def refuse_words(source):
    """Of an owned header: it is read before the poison, and by given files, which are compiled
    without.
    """
    found = source.find(rf"\b(?:{'|'.join(POISONED)})\b|##")
    if found:
        raise Refusal(source.path, found[0], f"{found[1]} is not admitted in a lab's header")


def admit_include(path, line, rest, kit, owned):
    found = re.fullmatch(r'(?:"([^"]+)"|<([^>]+)>)\s*', rest)
    if not found:
        raise Refusal(path, line, f"#include {rest}: a file name in quotes is wanted")
    name = found[1] or found[2]
    own = {p for p in owned if p in (name, f"kernel/{name}")}
    if name in FREESTANDING or own or kit.has_header(name):
        return name
    beside = posixpath.join(posixpath.dirname(path), name)
    known = beside in owned or kit.has_header(beside)
    why = (
        f'headers are named from the top folder on, or from kernel/: "{beside}"'
        if known
        else "the tree has no such header; of yours only the lab's are read"
    )
    raise Refusal(path, line, f"#include {rest.strip()}: {why}")


def prologue(headers, sections=()):
    """Goes before the file: its headers, then the poison.  With poison in it a macro of the headers
    expands no more: where a lab has a section of its own, the object tells what went into which.
    """
    poisoned = [word for word in POISONED if not (sections and word == "__section")]
    # Some of the words are macros already, of which the compiler would warn.
    lines = ["#pragma GCC system_header"] + [f'#include "{name}"' for name in headers]
    lines += [f"#pragma GCC poison {word}" for word in poisoned]
    return "\n".join(lines) + "\n"


def admit_reading(path, said, may_read, owned):
    """What the preprocessor gives back: of which files it is, and what pragmas are left in it.
    Whatever a text may hide from us, it cannot hide there.  may_read(file); owned(file): whether
    the file, which said names, is the student's.
    """
    reads, line = "", 0
    for row in said.split("\n"):
        marker = re.match(r'# (\d+) "((?:\\.|[^"\\])*)"', row)
        if marker:
            line, reads = int(marker[1]), marker[2]
            if not may_read(reads):
                raise Refusal(path, 0, f"reads {reads}, which is not of this tree")
            continue
        if owned(reads) and re.match(r"\s*#\s*pragma\b", row):
            raise Refusal(path, line, f"{row.strip()} is not admitted in a lab's file")
        line += 1


def symbols_of(elf):
    table = elf.get_section_by_name(".symtab")
    return list(table.iter_symbols()) if table else []


def bind_of(symbol):
    return symbol["st_info"]["bind"]


def public_names(elf):
    return {s.name for s in symbols_of(elf) if defined(s) and bind_of(s) != "STB_LOCAL"}


def imported_names(elf):
    return {s.name for s in symbols_of(elf) if not defined(s) and s.name}


def defined(symbol):
    return symbol["st_shndx"] != "SHN_UNDEF"


def section_names(elf):
    return {section.name for section in elf.iter_sections()}


def admit_object(path, file, imports, sections=(), defines=None, common=COMMON):
    """Sections and imports of an object; `imports`: names that it may take from the kernel.
    defines: names that it may give to others, if they are known: those of a given file.
    """
    elf = ELFFile(file)
    for name in sorted(section_names(elf) - set(sections)):
        if not SECTIONS.match(name) and not DESCRIPTIONS.match(name):
            raise Refusal(path, 0, f"puts something into the section {name}")
    for symbol in symbols_of(elf):
        if bind_of(symbol) == "STB_WEAK" or symbol["st_info"]["type"] == "STT_LOOS":
            raise Refusal(path, 0, f"{symbol.name} is weak or indirect")
    for name in sorted(imported_names(elf)):
        if name not in imports and name not in common:
            raise Refusal(path, 0, f"uses {name}, which this lab does not")
    extra = public_names(elf) - set(defines) if defines is not None else ()
    if extra:
        raise Refusal(path, 0, f"{min(extra)} stands in it, by a header of yours")
