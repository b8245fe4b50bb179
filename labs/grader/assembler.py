"""What is looked at before a student's assembler file is given to nasm.

Only what a lab about registers and stacks needs is admitted: labels, instructions that a list
names, and constants in .rodata.  There are no macros, and no instruction by which a kernel speaks
with anything else than its memory; so a line means what it says.
"""

import re

from grader.source_text import Refusal, decoded

DIRECTIVES = re.compile(
    r"bits 32|(global|extern) [a-z_]\w*(, ?[a-z_]\w*)*|section \.(text|rodata)|"
    r"section \.note\.GNU-stack noalloc noexec nowrite progbits",
    re.I,
)
INSTRUCTIONS = """
mov movzx lea push pop pusha pushad popa popad pushf pushfd popf popfd xchg
add sub inc dec neg and or xor not shl shr test cmp nop
call ret jmp je jne jz jnz ja jae jb jbe jg jge jl jle js jns leave cld
""".split()
CONSTANTS = re.compile(r'db "[^";]*"(, ?\d+)*|dd [\w, ]+', re.I)
LABEL = re.compile(r"([a-z_.][\w.]*)\s*:\s*", re.I)
# Registers of a thread, numbers, names, and addresses of these.
OPERANDS = re.compile(r"[\w.\[\]+*,: -]*")
OTHER_REGISTERS = re.compile(r"\b([cd]r\d|tr\d|[c-gs]s|st\d|[xyz]?mm\d)\b", re.I)


def code_of(line):
    """Without comment, blanks as one."""
    return re.sub(r"\s+", " ", line.split(";")[0]).strip()


def without_label(code):
    label = LABEL.match(code)
    return code[label.end() :] if label else code


def reason_against(code, section):
    """Why a line is not admitted; None if it is.  It is no directive."""
    code = without_label(code)
    if section == ".rodata" and CONSTANTS.fullmatch(code):
        return None
    words = code.split(" ", 1)
    if not words[0]:
        return None
    if words[0].lower() not in INSTRUCTIONS:
        return f"`{words[0]}` is not among the instructions of this lab"
    operands = words[1] if len(words) > 1 else ""
    other = OTHER_REGISTERS.search(operands)
    if other or not OPERANDS.fullmatch(operands):
        return f"`{other[0] if other else operands}` is not admitted as an operand"
    return None


def admit(path, data):
    """Refusal if the file is not to be assembled."""
    text = decoded(path, data)
    if not text.isascii():
        line = next(n for n, row in enumerate(text.split("\n"), 1) if not row.isascii())
        raise Refusal(path, line, "is no plain text")
    lines = text.split("\n")
    section = ".text"
    for number, line in enumerate(lines, 1):
        if line.rstrip().endswith("\\") or re.search(r"[\0\r\f\v]", line):
            raise Refusal(path, number, "the line does not end where it seems to")
        code = code_of(line)
        directive = DIRECTIVES.fullmatch(code)
        reason = None if directive else reason_against(code, section)
        if reason:
            raise Refusal(path, number, reason)
        section = code.split()[1] if code.lower().startswith("section ") else section
