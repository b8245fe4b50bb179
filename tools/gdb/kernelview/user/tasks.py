"""Tasks and what they have: threads with their calls, handles, endpoints, notifications."""

from dataclasses import dataclass

from kernelview import Unavailable, caches, objects
from kernelview.user import calls

STATES = ["RUN", "SEND", "REPLY", "RECV", "NOTE", "ACTIVE", "PASSIVE"]  # enum call_state
WAITING = ("SEND", "REPLY", "RECV", "NOTE")
KINDS = ["nothing", "task", "thread", "endpoint", "notification", "reply", "system"]
RIGHTS = ((1, "s"), (2, "r"), (4, "m"), (8, "g"))  # send, receive, manage, grant
SENDING_CALLS = ("ipc_call", "ipc_send")


# ---- Objects ----


def holder(machine, kind, member, address):
    """The struct whose `member` lies at an address."""
    return machine.object(kind, address - objects.layout(kind)[member][0])


def task_of(machine, address):
    return holder(machine, "struct task", "object", address)


def user_thread_of(machine, address):
    return holder(machine, "struct user_thread", "object", address)


def kind_of(machine, thing):
    """Of a struct object; "nothing" while it is being made."""
    if not thing.ops:
        return "nothing"
    number = machine.object("struct object_ops", thing.ops).kind
    return KINDS[number] if number < len(KINDS) else f"kind {number}"


def made(machine, cache, kind):
    """The objects of a cache that are made: one that is still being made leads nowhere."""
    found = [machine.object(kind, address) for address in caches.in_use(machine, cache)]
    return [thing for thing in found if thing.object.ops]


def all_tasks(machine):
    """Those that are there, and stubs of those that have ended, to which handles lead."""
    return sorted(made(machine, "task_cache", "struct task"), key=lambda task: task.number)


def is_listed(task):
    return task.in_all.next != task.address_of("in_all")


def living_tasks(machine):
    return [task for task in all_tasks(machine) if is_listed(task)]


def all_user_threads(machine):
    return made(machine, "user_thread_cache", "struct user_thread")


def all_endpoints(machine):
    return made(machine, "endpoint_cache", "struct endpoint")


def all_notifications(machine):
    return made(machine, "notification_cache", "struct notification")


def find(machine, value):
    """The task of a number, or at an address."""
    tasks = all_tasks(machine)
    for task in tasks:
        if value in (task.number, task.address):
            return task
    if not tasks:
        raise Unavailable("there are no tasks: boot step 9 makes the first (run=, user.tar)")
    known = ", ".join(str(task.number) for task in tasks)
    wanted = str(value) if value < 1 << 16 else f"at {value:#x}"
    raise Unavailable(f"there is no task {wanted}; their numbers are {known}")


def number_of(machine, pgd):
    """Of the living task whose tables lie at a physical address; 0: there is none."""
    for task in living_tasks(machine):
        if task.mm and not task.reaped:
            if machine.object("struct mm", task.mm).tlb.pgd - machine.page_offset == pgd:
                return task.number
    return 0


# ---- Short words ----


def task_words(machine, address):
    return f"task {machine.object('struct task', address).number}" if address else "no task"


def thread_words(machine, thread):
    return f"thread {thread.address:#010x} of {task_words(machine, thread.task)}"


def object_words(machine, address):
    """What a pointer to a struct object leads to."""
    if not address:
        return "nothing"
    thing = machine.object("struct object", address)
    kind, dead = kind_of(machine, thing), " (dead)" if thing.dead else ""
    if kind == "task":
        return f"task {task_of(machine, address).number}{dead}"
    if kind == "thread":
        return thread_words(machine, user_thread_of(machine, address)) + dead
    if kind in ("endpoint", "notification"):
        start = address - objects.layout(f"struct {kind}")["object"][0]
        return f"{kind} {start:#010x}{dead}"
    return "the system object" if kind == "system" else f"an object at {address:#010x}"


# ---- Threads and their calls ----


def state_of(thread):
    return STATES[thread.state] if thread.state < len(STATES) else f"state {thread.state}"


def ran_once(thread):
    """Its stack is there: it has not ended."""
    return thread.thread.in_all.next != thread.thread.address_of("in_all")


def frame_of(machine, thread):
    """Its registers of user mode, at the top of its kernel stack."""
    size = objects.gdb.lookup_type("struct trapframe").sizeof
    return machine.object("struct trapframe", thread.thread.stack_top - size)


def registers_of(machine, thread, runs, on_stack):
    """The call of which the frame is, as far as its registers are known.  `runs`: some CPU runs the
    thread; `on_stack`: the arguments as that CPU's stack has them, or None.

    A caller that waits for its answer may have gone the short way, which writes down neither tag
    nor words: they are not known then.
    """
    frame, state = frame_of(machine, thread), state_of(thread)
    known = calls.Registers(frame.eax)
    name = calls.table()[known.number].name if known.number in calls.table() else ""
    if state == "RUN" and not runs:
        return known  # it has been woken: what its call returns may stand in the frame
    if frame.esi or frame.edi or frame.ebp or frame.ebx:
        return calls.Registers(frame.eax, frame.esi, frame.edi, frame.ebp, frame.ebx)
    if state == "NOTE":
        known.edi = thread.mask
    elif state in ("SEND", "ACTIVE") and name in SENDING_CALLS and not thread.faults:
        known.esi, known.edi, known.ebp = thread.tag, *thread.word
    return on_stack or known


def fault_words(thread):
    """Of one that waits for its pager."""
    label = thread.tag & 0xFFFF
    vector, access = label & 0xFF, label >> 8
    if vector != 14:
        return f"exception {vector} at {thread.word[1]:#010x}"
    kind = "fetch" if access & 16 else "write" if access & 2 else "read"
    return f"page fault: {kind} at {thread.word[0]:#010x}, eip {thread.word[1]:#010x}"


def entry_words(machine, frame):
    """How it came to the kernel, if by no call."""
    if frame.vector == machine.constants["VECTOR_FULL_RETURN"]:
        return "on its way to user mode"
    kind = "exception" if frame.vector < 32 else "interrupt"
    return f"{kind} {frame.vector} at {frame.eip:#010x}"


def call_words(machine, thread, in_kernel, runs=False, on_stack=None):
    """What the thread does in the kernel.  `in_kernel`:  True of one that runs, or may go on,
    there.
    """
    if not ran_once(thread):
        return "has ended"
    if not thread.started:
        return "not started"
    state, frame = state_of(thread), frame_of(machine, thread)
    words = []
    if state == "RUN" and not in_kernel:
        return "stopped" if thread.parked else "in user mode, or on its way there"
    if frame.vector == machine.constants["VECTOR_CALL_GATE"]:
        words.append(calls.decode(registers_of(machine, thread, runs, on_stack)))
    if thread.faults and state not in ("RUN", "RECV", "NOTE"):
        words.append(fault_words(thread))
    elif state == "RUN" and not words:
        words.append(entry_words(machine, frame))
    return f"{state}{place_words(machine, thread)}: " + ", in it ".join(words)


def place_words(machine, thread):
    words = f" at {object_words(machine, thread.waits_for)}" if thread.waits_for else ""
    if thread.partner:
        words += (
            f" with {thread_words(machine, machine.object('struct user_thread', thread.partner))}"
        )
    if thread.timeout.node.next != thread.timeout.address_of("node"):
        words += f", until tick {thread.timeout.tick}"
    return words


# ---- tarn tasks ----


def life(task):
    if not is_listed(task):
        return "has ended, and is still known"
    if task.reaped:
        return "is being taken down"
    return "ends" if task.object.dead else "lives"


def threads_of(machine, task):
    return [thread for thread in all_user_threads(machine) if thread.task == task.address]


def memory_words(machine, task):
    used = f"{task.account.used} of {task.account.limit} bytes"
    if not task.mm or task.reaped:
        return used
    mm = machine.object("struct mm", task.mm)
    return f"{used}, {mm.pages} pages, {mm.tables} tables"


def companion_words(machine, task):
    words = "pager: none"
    if task.pager:
        words = f"pager: {object_words(machine, task.pager)}, badge {task.pager_badge:#x}"
    if task.on_end:
        words += f"; its end raises bit {task.on_end_bit} of {object_words(machine, task.on_end)}"
    return words


def task_lines(machine, task, thread_line):
    handles = sum(1 for _ in handles_of(machine, task))
    text = [
        f"task {task.number} ({task.address:#010x}) {life(task)}: {memory_words(machine, task)}",
        f"    {task.object.handles} handles lead to it, {handles} of its {task.handles.slots} slots are used, "
        f"priority at most {task.max_priority}",
    ]
    if is_listed(task) and not task.reaped:  # else what it led to may be gone
        text.append("    " + companion_words(machine, task))
    return text + ["    " + thread_line(thread) for thread in threads_of(machine, task)]


def lines(machine, thread_line):
    """`thread_line(thread)`: a line for a thread."""
    tasks = all_tasks(machine)
    if not tasks:
        raise Unavailable("there are no tasks: boot step 9 makes the first (run=, user.tar)")
    return [line for task in tasks for line in task_lines(machine, task, thread_line)]


# ---- Handles ----


@dataclass
class Handle:
    task: object
    slot: int
    raw: object  # struct handle

    @property
    def number(self):
        """Of the call that a reply handle answers."""
        return self.raw.number << 32 | self.raw.badge


def table_is_there(task):
    """It is freed at the end of a task, behind its memory."""
    return is_listed(task) and task.mm


def handles_of(machine, task):
    """What is in its slots, in order."""
    if not table_is_there(task):
        return
    size, per_page = objects.gdb.lookup_type("struct handle").sizeof, 256
    offset = objects.layout("struct handle")["object"][0]
    for n, page in enumerate(task.handles.page):
        data = machine.read(page, 4096) if page else b""
        for at in range(0, per_page * size if page else 0, size):
            if any(data[at + offset : at + offset + 4]):
                slot = n * per_page + at // size
                yield Handle(task, slot, machine.object("struct handle", page + at))


def is_reply(machine, handle):
    return bool(handle.raw.rights & machine.constants["RIGHT_REPLY"])


def reply_state(machine, handle):
    """Of a reply handle: whether its caller still waits."""
    thread = user_thread_of(machine, handle.raw.object)
    waits = state_of(thread) in ("REPLY", "PASSIVE", "SEND", "ACTIVE")
    return waits and thread.call_number == handle.number


def handle_line(machine, handle):
    raw = handle.raw
    leads = object_words(machine, raw.object)
    reserved = ", on its way" if raw.rights & machine.constants["RIGHT_RESERVED"] else ""
    if is_reply(machine, handle):
        waits = "which waits" if reply_state(machine, handle) else "stale"
        return f"{handle.slot:5}  reply  call {handle.number} of {leads}, {waits}{reserved}"
    rights = calls.rights_words(raw.rights, RIGHTS)
    badge = f", badge {raw.badge:#x}" if raw.badge else ""
    return f"{handle.slot:5}  {rights}   {leads}{badge}{reserved}"


def handle_lines(machine, task):
    text = [f"task {task.number}: {task.handles.slots} slots; s send, r receive, m manage, g grant"]
    text += [handle_line(machine, handle) for handle in handles_of(machine, task)]
    return text + ([] if len(text) > 1 else ["  all are empty"])


# ---- Endpoints and notifications ----


def object_line(machine, kind, thing):
    raw = thing.object
    creator = f", of {task_words(machine, raw.charged)}" if raw.charged else ""
    return (
        f"{kind} {thing.address:#010x}{creator}{', dead' if raw.dead else ''}: {raw.handles} handles, "
        f"{raw.receivers} receive, {raw.holds} holds"
    )


def queued(machine, thing, member):
    """Threads in a queue, who came first first."""
    return machine.list_objects(thing.address_of(member), "struct user_thread", "queue")


def waiting_line(machine, thread):
    state, words = state_of(thread), ""
    if state == "SEND":
        words = f", badge {thread.badge:#x}, " + (
            fault_words(thread) if thread.faults else calls.tag_words(thread.tag)
        )
    elif state == "NOTE":
        words = f", mask {thread.mask:#x}"
    return f"    {state}: {thread_words(machine, thread)}{words}"


def endpoint_lines(machine):
    text = []
    for endpoint in all_endpoints(machine):
        text.append(object_line(machine, "endpoint", endpoint))
        text += [waiting_line(machine, thread) for thread in queued(machine, endpoint, "queue")]
    for notification in all_notifications(machine):
        text.append(
            object_line(machine, "notification", notification)
            + "; "
            + bits_words(machine, notification)
        )
        text += [waiting_line(machine, t) for t in queued(machine, notification, "waiters")]
    return text or ["there are no endpoints and no notifications"]


def bits_words(machine, notification):
    words = [f"bits {notification.bits:#x}"]
    if notification.bound:
        thread = machine.object("struct user_thread", notification.bound)
        words.append(f"bound to {thread_words(machine, thread)}")
    if notification.timer.node.next != notification.timer.address_of("node"):
        words.append(f"timer: bit {notification.timer_bit} at tick {notification.timer.tick}")
    if notification.irqs:
        words.append(f"interrupts {notification.irqs:#x}")
    return ", ".join(words)
