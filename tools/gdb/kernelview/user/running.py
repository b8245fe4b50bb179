"""The call that a CPU is inside of, from GDB's frames: a call's arguments leave the thread's
registers early (call_begin), and stand in a variable of the function that makes the call.
"""

import gdb

from kernelview.user import calls


def call_of(cpu):
    """Registers of the call under way on a CPU, or None."""
    selected = gdb.selected_thread()
    thread = next((t for t in gdb.selected_inferior().threads() if t.num == cpu.index + 1), None)
    if not selected or not thread:
        return None
    frame = gdb.selected_frame()
    try:
        thread.switch()
        return of_frames(gdb.newest_frame())
    except gdb.error:
        return None
    finally:
        selected.switch()
        frame.select()


def of_frames(frame):
    while frame:
        name = frame.name() or ""
        if name.startswith("call_") and frame.older():
            return of_variable(frame)
        frame = frame.older()
    return None


def of_variable(frame):
    """Optimized builds may not have it."""
    try:
        call = frame.read_var("call")
        values = {name: int(call[name]) for name in ("h1", "h2", "esi", "edi", "ebp", "ebx")}
    except (gdb.error, ValueError):
        return None
    number = next(
        (n for n, call in calls.table().items() if f"call_{call.name}" == frame.name()), 0
    )
    eax = number | values.pop("h1") << 8 | values.pop("h2") << 20
    return calls.Registers(eax, **values)
