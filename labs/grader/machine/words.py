"""How arguments reach a function of the kernel, which GCC compiles with -mregparm=3."""

from dataclasses import dataclass

REGISTERS = ("eax", "edx", "ecx")
MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class U64:
    """An argument of 64 bits: phys_t, u64."""

    value: int

    def words(self):
        return [self.value & MASK, self.value >> 32 & MASK]


def words_of(argument):
    return argument.words() if isinstance(argument, U64) else [argument & MASK]


def place(arguments):
    """(words by register, words on the stack, lowest address first).

    GCC's rule: arguments go into EAX, EDX, ECX in this order, one of 64 bits into two registers,
    low word first.  One that does not fit into those that are left goes on the stack as a whole,
    and so do all behind it, even if a register is still free.  A function that returns a struct
    gets the address for it as its first argument.  One with `...` takes all from the stack.
    """
    registers, stack, room = [], [], len(REGISTERS)
    for argument in arguments:
        words = words_of(argument)
        fits = len(words) <= room
        (registers if fits else stack).extend(words)
        room = room - len(words) if fits else 0
    return dict(zip(REGISTERS, registers)), stack
