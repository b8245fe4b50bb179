"""The switch, and who runs next: registers, stacks, turns, priorities."""

from grader.machine import PAGE_OFFSET, PAGE_SIZE
from grader.machine.guest import GuestEnd
from grader.verdict import Failure, expecting

from .threads import CALLEE_SAVED, IF, ORDER, PRESERVED, SWITCH, SWITCHES, Stage, call

PICTURE = (
    "from *save upward lie edi, esi, ebx, ebp and the return address (struct new_context of"
    " context.c): the callee-saved registers are pushed in the opposite order"
)
PLACES = ("edi", "esi", "ebx", "ebp", "return address")


def registers(m):
    """By itself, from the boot's context to a new one and back."""
    stage = Stage(m)
    stack, save = m.call("bootmem_alloc_page") + 0x800, stage.memory(8)
    load = m.call("context_prepare", stack, stage.gate)
    esp, values = m.registers()["esp"], numbers(stage)
    with expecting("switch_context goes to a new stack", PICTURE, (SWITCH, "context_start")):
        there = switch_by_hand(stage, save, load, esp, values)
    if there["eip"] != stage.gate or not stack - 64 <= there["esp"] < stack:
        raise Failure(
            "the new context calls its entry function on its own stack",
            f"{m.elf.place(there['eip'])}, esp = {there['esp']:#x}",
            PICTURE,
            (SWITCH, "context_start"),
        )
    expect_picture(stage, m.read_word(save), esp, values)
    with expecting("switch_context goes back", PICTURE, (SWITCH,)):
        back = switch_by_hand(stage, save + 4, m.read_word(save), there["esp"], numbers(stage))
    for name in CALLEE_SAVED:
        if back[name] != values[name]:
            raise Failure(
                f"{name} is {values[name]:#x} again behind switch_context",
                f"{back[name]:#x}",
                PICTURE,
                (SWITCH,),
            )
    expect_returned_is_told(stage, stack)


def numbers(stage):
    return {name: next(stage.values) for name in CALLEE_SAVED}


def switch_by_hand(stage, save, load, esp, values):
    """Registers where it comes out.  Its arguments lie on the stack (__stack_args)."""
    m, off = stage.m, stage.m.registers()["eflags"] & ~IF
    for at, word in ((4, load), (8, save), (12, stage.boot_gate)):
        m.write_word(esp - at, word)
    m.set_registers(values | {"esp": esp - 12, "eip": m.symbol(SWITCH), "eflags": off})
    return m.run_on((stage.gate, stage.boot_gate))


def expect_picture(stage, saved, esp, values):
    must = [values[name] for name in PLACES[:4]] + [stage.boot_gate]
    at = esp - 12 - 4 * 4
    if saved != at:
        raise Failure(
            f"*save is {at:#x}: four registers below the return address",
            f"{saved:#x}",
            PICTURE,
            (SWITCH,),
        )
    for i, (name, wanted) in enumerate(zip(PLACES, must)):
        seen = stage.m.read_word(at + 4 * i)
        if seen != wanted:
            raise Failure(
                f"at *save + {4 * i} lies {name}, {wanted:#x}", f"{seen:#x}", PICTURE, (SWITCH,)
            )


def expect_returned_is_told(stage, stack):
    """A context whose entry function returns is a panic, not a jump to nowhere."""
    m, hint = stage.m, "context_start calls context_returned, should the entry function return"
    load = m.call("context_prepare", stack, stage.gate)
    now = switch_by_hand(stage, stage.memory(4), load, m.registers()["esp"], numbers(stage))
    m.set_registers({"eip": m.read_word(now["esp"]), "esp": now["esp"] + 4})
    try:
        m.run_on((stage.gate, stage.boot_gate))
        seen = "it goes on"
    except GuestEnd as end:
        seen = str(end)
    if "returned" not in seen:
        raise Failure("a panic by context_returned", seen, hint, ("context_start",))


BEGUN = "the run queue says who runs (current, previous): it is set before the switch"


def kept(m):
    stage = Stage(m)

    def program(actor):
        for _ in range(4):
            stage.note(actor)
            yield call("yield")

    for name in "ABC":
        stage.thread(name, program)
    with expecting("three threads begin, and take turns", f"{BEGUN}; {PRESERVED}", SWITCHES):
        stage.rest()
    if sorted(stage.seen) != sorted("ABC" * 4):
        stage.expect("A B C " * 3 + "A B C", "a thread that yields runs again", ("yield",))
    expect_spaces(stage)
    stage.expect_all_ended()


def expect_spaces(stage):
    """A thread that has an address space runs in it: CR3 says so."""
    m, directory = stage.m, {}

    def program(actor):
        for _ in range(3):
            cr3 = m.stub.register("cr3")
            if cr3 != directory[actor.name] - PAGE_OFFSET:
                raise Failure(
                    f"{actor.name} runs in its address space: CR3 is"
                    f" {directory[actor.name] - PAGE_OFFSET:#x}",
                    f"{cr3:#x}",
                    "the next thread's mm, or NULL, is told to switch_mm() before the switch",
                    SWITCHES,
                )
            yield call("yield")
        stage.put(actor.struct, "thread_mm", 0)

    kernels = m.read(PAGE_OFFSET + m.stub.register("cr3"), PAGE_SIZE)
    for name in "DE":
        directory[name], mm = m.call("bootmem_alloc_page"), stage.memory(64)
        m.write(directory[name], kernels)
        m.write_word(mm, directory[name])  # its first member: struct mm_tlb, which begins with pgd
        stage.put(stage.thread(name, program, start=False).struct, "thread_mm", mm)
        stage.boot("sched_start_thread", stage.actors[-1].struct)
    stage.rest()
    m.call("leave_mm")


# ---- Who runs next ----


def turns(m):
    stage = Stage(m)

    def program(actor):
        for _ in range(3):
            stage.note(actor)
            yield call("yield")

    for name in "ABC":
        stage.thread(name, program)
    stage.expect("", "a thread is made ready, and runs later", ("sched_start_thread",))
    stage.rest()
    stage.expect("A B C A B C A B C", ORDER, ("enqueue", "yield", "pick_next"))
    alone(stage)
    stage.rest()
    stage.expect_all_ended()


def alone(stage):
    """One that is alone in its priority goes on when it yields."""

    def program(actor):
        for _ in range(3):
            stage.note(actor)
            yield call("yield")

    stage.thread("alone", program)
    with expecting("a thread that yields alone goes on", ALONE, ("yield",)):
        stage.rest()
    stage.expect("alone alone alone", ALONE, ("yield",))


ALONE = "the next thread may be the one that runs: then there is nothing to switch, only to unlock"


def priority(m):
    stage = Stage(m)

    def program(actor):
        for _ in range(2):
            stage.note(actor)
            yield call("yield")

    for name, level in (("low", 3), ("mid", 16), ("top", 31), ("also", 16), ("zero", 1)):
        stage.thread(name, program, level)
    stage.rest()
    stage.expect(
        "top top mid also mid also low low zero zero",
        "a higher priority runs before a lower one, as long as it is ready: " + ORDER,
        ("pick_next", "enqueue", "dequeue"),
    )
    changed(stage)
    stage.rest()
    stage.expect_all_ended()


def changed(stage):
    """Given code moves a ready thread to another list."""

    def program(actor):
        stage.note(actor)
        yield call("yield")

    first = stage.thread("first", program)
    stage.thread("second", program)
    stage.boot("sched_set_priority", first.struct, 4)
    stage.rest()
    stage.expect(
        "second first",
        "dequeue() takes a thread out of its list, whose bit is cleared only if it is empty then",
        ("dequeue", "enqueue"),
    )
