"""Threads, with their back traces and what each waits for; CPUs, with what each does."""

from dataclasses import dataclass, field

from kernelview import Unavailable, caches, objects, tlb
from kernelview.names import name_of, offset_in, place_of
from kernelview.user import running, tasks

STATES = {0: "ready", 1: "running", 2: "sleeping", 3: "dead"}
# that switch_context() leaves above the return address: edi, esi, ebx, ebp
# (kernel/arch/x86/cpu/switch.asm)
SAVED_WORDS = 4
MAX_FRAMES = 40


@dataclass
class Thread:
    address: int
    name: str
    cpu: int
    state: str
    idle: bool
    stack_top: int
    saved_sp: int
    running_on: object = None  # the Cpu whose registers are its own now
    priority: int = 0
    user: object = None  # a task's: its struct user_thread
    waits_for: str = ""
    call: str = ""  # a task's: what it does in the kernel
    trace: list = field(default_factory=list)  # return addresses, innermost first


# ---- All threads ----


def user_threads(machine):
    """Those of tasks that have not ended, by the address of their struct thread."""
    return {
        thread.address_of("thread"): thread
        for thread in tasks.all_user_threads(machine)
        if tasks.ran_once(thread)
    }


def addresses(machine):
    """Of every thread: the boot context, and what lies in the caches of threads."""
    found = [machine.var("boot_thread").address] + caches.in_use(machine, "thread_cache")
    return found + list(user_threads(machine))


def all_threads(machine):
    queues = {cpu: machine.percpu("run_queue", cpu) for cpu in machine.cpu_numbers}
    if not any(queue.current for queue in queues.values()):
        raise Unavailable("there are no threads yet (boot step 0 makes the first)")
    waiting, users = waits(machine), user_threads(machine)
    found = [read(machine, address, queues, waiting) for address in addresses(machine)]
    for thread in found:
        thread.user = users.get(thread.address)
        if thread.user:
            add_call(machine, thread)
    return found


# On the way to user mode: the call, or the exception, is over.
LEAVING = {"user_thread_work", "user_return"}


def functions(thread):
    return {name_of(address).partition("+")[0] for address in thread.trace}


def in_kernel(machine, thread):
    """True of a thread of a task that runs, or may go on, inside a call or an exception."""
    if thread.running_on and thread.running_on.eip < machine.page_offset:
        return False
    return not LEAVING & functions(thread)


def add_call(machine, thread):
    """In words; the registers of one that runs are looked for on its CPU's stack too."""
    inside = in_kernel(machine, thread)
    runs = bool(thread.running_on)
    on_stack = running.call_of(thread.running_on) if inside and runs else None
    thread.call = tasks.call_words(machine, thread.user, inside, runs, on_stack)
    if tasks.state_of(thread.user) != "RUN":
        thread.waits_for = ""


def user_lines(machine):
    """The threads of tasks: by address of their struct user_thread, a line."""
    return {
        thread.user.address: f"{thread.state}, priority {thread.priority}, CPU {thread.cpu}; {thread.call}"
        for thread in all_threads(machine)
        if thread.user
    }


def read(machine, address, queues, waiting):
    raw = machine.object("struct thread", address)
    queue = queues.get(raw.cpu)
    thread = Thread(
        address,
        machine.string(raw.address_of("name"), 16),
        raw.cpu,
        STATES.get(raw.state, f"state {raw.state}"),
        queue is not None and queue.idle == address,
        raw.stack_top,
        raw.saved_sp,
        priority=raw.priority,
    )
    thread.running_on = standing_on(machine, thread, queue)
    thread.waits_for = waiting.get(address, "")
    thread.trace = trace(machine, thread)
    return thread


def standing_on(machine, thread, queue):
    if not queue or queue.current != thread.address:
        return None
    return next((cpu for cpu in machine.cpus() if cpu.number == thread.cpu), None)


# ---- What they wait for ----


def waits(machine):
    """Thread to what it waits for, by the waiters on every stack: each is a node in the list of its
    queue.
    """
    found = {}
    for address in addresses(machine):
        thread = machine.object("struct thread", address)
        if STATES.get(thread.state) == "sleeping":
            found[address] = wait_of(machine, thread)
    return found


def wait_of(machine, thread):
    layout = objects.layout("struct waiter")
    size = objects.gdb.lookup_type("struct waiter").sizeof
    try:
        stack = machine.read(thread.saved_sp, thread.stack_top - thread.saved_sp)
    except (Unavailable, ValueError):
        return "(its stack cannot be read)"
    for at in range(0, len(stack) - size, 4):
        if int.from_bytes(stack[at + layout["thread"][0] :][:4], "little") == thread.address:
            queue = queue_of(machine, thread.saved_sp + at + layout["node"][0])
            if queue:
                return queue
    return "(on no wait queue)"


def queue_of(machine, node):
    """The name of the wait queue in whose list a node is: the head is the one that no waiter holds,
    behind a lock with a name.
    """
    offset = objects.layout("struct wait_queue")["waiters"][0]
    at = node
    try:
        for _ in range(1000):
            following = machine.word(at)
            if machine.word(following + 4) != at:
                return None
            at = following
            name = lock_name(machine, at - offset)
            if name:
                return name if at != node else None
            if at == node:
                return None
    except Unavailable:
        return None
    return None


def lock_name(machine, lock):
    """The name of a lock, if one lies there: its name is a string of the kernel's own."""
    pointer = machine.word(lock + objects.layout("struct spinlock")["name"][0])
    if not machine.symbol("kernel_text_end") <= pointer < machine.symbol("kernel_end"):
        return None
    return machine.string(pointer)


# ---- Back traces ----


def trace(machine, thread):
    """Return addresses by the chain of frame pointers; a thread that runs: from its CPU's
    registers.
    """
    cpu = thread.running_on
    if cpu:
        return [cpu.eip] + caller_at_entry(machine, cpu) + chain(machine, cpu.ebp)
    if not thread.saved_sp:
        return []
    saved = thread.saved_sp
    try:
        return [machine.word(saved + 4 * SAVED_WORDS)] + chain(
            machine, machine.word(saved + 4 * (SAVED_WORDS - 1))
        )
    except Unavailable:
        return []


def caller_at_entry(machine, cpu):
    """A function that has not yet done `push ebp; mov ebp, esp` has no frame: its caller is on top
    of the stack.  The stack of user mode is another task's matter.
    """
    if cpu.paging and cpu.esp < machine.page_offset:
        return []
    at = {0: cpu.esp, 1: cpu.esp + 4}.get(offset_in(cpu.eip))
    return [machine.word(at)] if at else []


def chain(machine, frame):
    found = []
    try:
        while frame >= machine.page_offset and frame % 4 == 0 and len(found) < MAX_FRAMES:
            caller, address = machine.word(frame), machine.word(frame + 4)
            if not address:
                break
            found.append(address)
            if caller <= frame:
                break
            frame = caller
    except Unavailable:
        pass
    return found


def frame_line(n, address):
    """The byte before a return address belongs to the call."""
    back = 1 if n else 0
    return f"      #{n} {address:#010x} {name_of(address - back, back)}  {place_of(address - back)}".rstrip()


# ---- Lines ----


def thread_line(machine, thread):
    words = f"thread {thread.name} ({thread.address:#010x}), CPU {thread.cpu}, priority {thread.priority}, {thread.state}"
    if thread.idle:
        words += ", idle thread"
    if thread.user:
        words += f", of {tasks.task_words(machine, thread.user.task)}, {thread.call}"
    if thread.waits_for:
        words += f", waits for: {thread.waits_for}"
    return words


def lines(machine, name="", traces=True):
    text = []
    for thread in all_threads(machine):
        if name and thread.name != name:
            continue
        text.append(thread_line(machine, thread))
        if traces:
            text += [frame_line(n, address) for n, address in enumerate(thread.trace)]
    if not text:
        raise Unavailable(f"there is no thread {name}")
    return text


# ---- CPUs ----


def cpu_lines(machine):
    online = machine.var("cpu_online_mask")
    idle = machine.var("cpu_idle_mask")
    text = []
    for cpu in machine.cpus():
        text.append(cpu_line(machine, cpu, online))
        if cpu.number is not None:
            text.append("    " + kernel_words(machine, cpu.number, idle))
    return text


def cpu_line(machine, cpu, online):
    state = (
        "no per-CPU variables yet"
        if cpu.number is None
        else "online"
        if online >> cpu.number & 1
        else "not online"
    )
    paging = (
        f"CR3 {cpu.cr3:#x} ({tlb.address_space(machine, tlb.pgd_of(machine, cpu.cr3))})"
        if cpu.paging
        else "paging off"
    )
    return (
        f"{cpu.name}: {state}, at {cpu.eip:#010x} {name_of(cpu.eip)}, interrupts {'on' if cpu.interrupts_on else 'off'}, "
        f"{paging}"
    )


def kernel_words(machine, number, idle):
    queue = machine.percpu("run_queue", number)
    name = (
        machine.string(machine.object("struct thread", queue.current).address_of("name"), 16)
        if queue.current
        else "none"
    )
    stats = machine.percpu("sched_stats", number)
    held = machine.percpu("nosleep", number)
    depths = (
        f"locks held {held.locks}, interrupts nested {held.interrupts}, atomic kmaps {held.kmaps}"
    )
    halts = " (halted in idle)" if idle >> number & 1 else ""
    return (
        f"thread {name}{halts}; {depths}; {stats.switches} switches, {stats.ticks} ticks, "
        f"{machine.percpu('ipis_sent', number)} interrupts sent"
    )
