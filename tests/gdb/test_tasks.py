"""The debugger's commands about tasks: what they say is compared with what GDB reads by itself,
with QEMU's own walk, and with what user/bin/tour.c does; planted mistakes, each of which `tarn
check` must name.
"""

import re

import pytest

from debugger import Session, ask, broken, gdb, number
from qemu import ROOT, Boot, Machine
from test_check import change, claimed
from test_gdb import covered

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
TOUR = {"memory": "128M", "append": "selftest=none run=tour exit", "programs": True}
# user/bin/tour.c: task 3 waits for the answer to its fault, its pager (task 2) runs in user mode,
# root (task 1) waits for a message.
GO = ["tarn symbols tour", "tbreak copy_shared_page if $tarn_task() == 2", "continue"]
SHARED = 0x50001000
OFFSET = "(unsigned)&((struct {kind} *)0)->{member}"


def holder(kind, member, pointer):
    offset = OFFSET.format(kind=kind, member=member)
    return f"((struct {kind} *)((unsigned)({pointer}) - {offset}))"


NAMES = [
    f"set $t1 = {holder('task', 'in_all', 'all_tasks.next')}",
    f"set $t2 = {holder('task', 'in_all', '$t1->in_all.next')}",
    f"set $t3 = {holder('task', 'in_all', '$t2->in_all.next')}",
    *[
        f"set $th{n} = {holder('user_thread', 'in_task', f'$t{n}->threads.next')}"
        for n in (1, 2, 3)
    ],
    # Slots of user/lib/child.h: 16 the endpoint, 17 the notification, 18 the reply handle.
    "set $slot = $t2->handles.page[0]",
    f"set $endpoint = {holder('endpoint', 'object', '$slot[16].object')}",
    f"set $bound = {holder('notification', 'object', '$slot[17].object')}",
    f"set $free = {holder('endpoint', 'object', '$t1->handles.page[0][16].object')}",
]
ASKED = [
    "tarn tasks",
    "tarn handles 1",
    "tarn handles 2",
    "tarn endpoints",
    "tarn maps 2",
    "tarn maps 3",
    "tarn maps $t3",
    f"tarn frames 3 {SHARED:#x}",
    "tarn frames 2",
    "tarn calls",
    "tarn calls 3",
    "tarn threads brief",
    "tarn cpus",
    "tarn check",
    "monitor info mem",
    "print $t3->account.used.v",
    "print $t3->mm->pages",
    "print $tarn_task()",
    "print *$t3",
    "print *$th3",
    "print $slot[18]",
    "print $slot[21]",
    "print $slot[100]",
    "print *$free",
    "print *$bound",
    "info symbol $pc",
]


@pytest.fixture(scope="module", params=["2level", "pae"])
def stopped(request, build):
    return ask(Machine(request.param, **TOUR), build, GO + NAMES + ASKED)


def test_tasks_are_what_gdb_reads(stopped):
    text = stopped["tarn tasks"]
    tasks = re.findall(r"^task (\d) \(0x\w+\) lives: (\d+) of \d+ bytes, (\d+) pages", text, re.M)
    assert [task for task, _, _ in tasks] == ["1", "2", "3"], text
    used, pages = "print $t3->account.used.v", "print $t3->mm->pages"
    assert [int(word) for word in tasks[2][1:]] == [
        number(stopped[used]),
        number(stopped[pages]),
    ]
    assert (
        "pager: none" in text and len(re.findall(r"pager: endpoint 0x\w+, badge 0x1;", text)) == 2
    )
    assert (
        f"{tasks[2][1]} of" in stopped["print *$t3"] and number(stopped["print $tarn_task()"]) == 2
    )


def test_handles_are_those_of_the_program(stopped):
    """user/lib/child.h: the slots of one child."""
    text = stopped["tarn handles 2"]
    slots = dict(re.findall(r"^ +(\d+)  (.*)$", text, re.M))
    assert sorted(map(int, slots)) == [1, 2, 3, 4, 16, 17, 18, 19, 20, 21], text
    assert slots["1"] == "srmg   task 2" and slots["3"] == "srmg   the system object"
    assert slots["19"] == "srmg   task 3" and slots["20"].endswith("of task 3")
    assert re.fullmatch(r"s--g   endpoint 0x\w+, badge 0x1", slots["21"])
    assert re.fullmatch(r"reply  call \d+ of thread 0x\w+ of task 3, which waits", slots["18"])
    assert "1024 slots" in text and "18  reply" not in stopped["tarn handles 1"]
    assert "rights s--g, badge 0x1" in stopped["print $slot[21]"]
    assert re.search(r"reply to call \d+ of thread 0x\w+ of task 3", stopped["print $slot[18]"])
    assert "an empty slot" in stopped["print $slot[100]"]


def test_who_waits_where(stopped):
    text = stopped["tarn endpoints"]
    one = re.search(
        r"^endpoint 0x\w+, of task 1: .*\n    RECV: thread 0x\w+ of task 1$", text, re.M
    )
    assert one, text
    assert re.search(
        r"^notification 0x\w+, of task 2: .*bound to thread 0x\w+ of task 2", text, re.M
    )
    assert "of task 1" in stopped["print *$free"] and "; 1 wait" in stopped["print *$free"]
    assert "bits 0x0, bound to" in stopped["print *$bound"]


def test_calls_under_way(stopped):
    calls = dict(re.findall(r"^thread 0x\w+ of task (\d): (.*)$", stopped["tarn calls"], re.M))
    assert re.fullmatch(
        r"RECV at endpoint 0x\w+: ipc_reply_recv\(reply 18, endpoint 16, ...\)", calls["1"]
    )
    assert calls["2"] == "in user mode, or on its way there"
    assert re.fullmatch(rf"REPLY: page fault: write at {SHARED:#x}, eip 0x0804\w+", calls["3"])
    assert stopped["tarn calls 3"].splitlines()[0].endswith(calls["3"])
    assert "of task 3: REPLY" in stopped["print *$th3"]


def test_threads_show_priority_task_and_call(stopped):
    text = stopped["tarn threads brief"]
    assert re.search(r"priority 30, sleeping, of task 1, RECV at", text), text
    assert re.search(r"priority 8, running, of task 2, in user mode", text), text
    assert re.search(r"priority 8, sleeping, of task 3, REPLY: page fault", text), text
    assert "copy_shared_page" in stopped["info symbol $pc"]
    # Where %fs is the user's a CPU is known all the same.
    assert re.search(r"^CPU 0: online, at 0x0804\w+ copy_shared_page", stopped["tarn cpus"], re.M)


def test_maps_are_what_qemu_finds(stopped):
    ours = re.findall(r"^([0-9a-f]{8}) to ([0-9a-f]{8}) ", stopped["tarn maps 2"], re.M)
    theirs = re.findall(
        r"^([0-9a-f]+)-([0-9a-f]+) [0-9a-f]+ ", stopped["monitor info mem"].replace("\r", ""), re.M
    )
    user = [(int(a, 16), int(b, 16)) for a, b in theirs if int(a, 16) < 0xC0000000]
    assert user and covered([(int(a, 16), int(b, 16) + 1) for a, b in ours]) == covered(user)


def test_frames_with_owner_and_mappings(stopped):
    text = stopped[f"tarn frames 3 {SHARED:#x}"]
    assert "owner task 2, 2 users, 2 mappings" in text.splitlines()[0], text
    assert {line.strip() for line in text.splitlines()[1:3]} == {
        f"r-- at {SHARED:x} in task 3",
        f"r-- at {SHARED:x} in task 2",
    }
    assert f"{SHARED:x} to {SHARED | 0xFFF:x}" in stopped["tarn maps 3"]
    assert "owned by task 2, mapped 2 times" in stopped["tarn maps 3"]
    assert stopped["tarn maps 3"] == stopped["tarn maps $t3"]
    assert stopped["tarn frames 2"].count("owner task 2") >= 6


# ---- A call that is being made ----


@BOTH
def test_arguments_by_the_table(kernel, build):
    """At its entry from the registers, later from the stack of the CPU that makes it."""
    commands = [
        *GO,
        "tbreak call_mem_map",
        "continue",
        "tarn calls 2",
        "tbreak user_copy",
        "continue",
        "tarn calls 2 ",
        "print (int)CALL_sys_ctl",
        "python from kernelview.user import calls; print(len(calls.table()), sorted(calls.table())[-1])",
    ]
    # Only the debug build is sure to have the variable.
    found = ask(Machine(kernel, debug=True, **TOUR), build, commands)
    place = f"{SHARED:#010x}"
    words = f"mem_map(to 19, from 19, place {place} rw-, source {place} COPY REPLACE, pages 1)"
    assert words in found["tarn calls 2"] and words in found["tarn calls 2 "], found.in_order
    last = number(found["print (int)CALL_sys_ctl"])
    assert found.in_order[-1].split() == [str(last), str(last)]


def test_every_call_of_the_table_is_decoded():
    """With what the table says that each takes: no name is lost between C and Python."""
    from kernelview.user import calls

    text = (ROOT / "lib/abi/calls.h").read_text()
    assert [call.name for call in calls.table().values()] == re.findall(r"CALL\(\d+, (\w+),", text)
    for call in calls.table().values():
        registers = calls.Registers(call.number | 5 << 8 | 6 << 20, 1, 2, 3, 4)
        words = calls.decode(registers)
        assert all(f"{argument.name} " in words for argument in call.arguments), words
        assert call.text.endswith(".") and all(error.startswith("E") for error in call.errors)
    assert calls.decode(calls.Registers(0xC8)) == "no call has the number 200"
    assert calls.decode(calls.Registers(5 | 9 << 8)) == "notify(notification 9, ...)"


# ---- What is not there ----

WRONG = {
    "tarn handles": "which task?",
    "tarn handles 99": "there is no task 99; their numbers are 1, 2, 3",
    "tarn frames 3 0x1000": "task 3 maps no frame with an owner at 0x00001000",
    "tarn frames 3 1 2": "at most 2 arguments",
    "tarn tasks x": "no arguments",
    "tarn symbols": "which program? There are: args, ",
    "tarn symbols nosuch": "has no program nosuch",
}


def test_what_is_not_there_is_said(build):
    found = ask(Machine("2level", **TOUR), build, GO + list(WRONG))
    for command, words in WRONG.items():
        answer = found[command]
        assert words in answer and len(answer.splitlines()) == 1, f"{command}: {answer}"


def test_before_there_are_tasks(build):
    commands = ["tarn tasks", "tarn handles 1", "tarn endpoints", "tarn calls"]
    found = ask(Machine("2level", append="selftest=none"), build, commands, "first_thread")
    assert "there are no tasks" in found["tarn tasks"], found.in_order
    assert "there are no tasks" in found["tarn handles 1"], found.in_order
    assert "no endpoints" in found["tarn endpoints"], found.in_order
    assert "no threads of tasks" in found["tarn calls"], found.in_order


def test_symbols_of_one_program_at_a_time(build):
    commands = ["tarn symbols hello", "info line main", "tarn symbols args", "info line main "]
    found = gdb(build / "tarn.elf", ["file " + str(build / "tarn.elf"), *commands])
    assert "hello.c" in found[2] and "args.c" in found[4] and "hello.c" not in found[4], found


# ---- Planted mistakes ----

FRAME = "$page->mappings->place"
QUEUE = "((struct run_queue *)((char *)&run_queue + percpu_offset[0]))"
# What is changed, to what, and an invariant that is then broken.
PLANTED = [
    (FRAME, f"{FRAME} | 6", 53),
    (FRAME, f"{FRAME} + 0x1000", 54),
    (FRAME, f"{FRAME} | 2", 54),
    ("$page->mappings", "$page->mappings->next", 54),
    ("$t3->object.handles", "7", 55),
    ("$endpoint->object.receivers", "0", 55),
    ("$endpoint->object.holds", "0", 55),
    ("$slot[19].object", "$slot[19].object + 1", 55),
    ("$slot[100].object", "$slot[19].object", 55),
    ("$page->owner", "(struct mm *)0xc0001000", 58),
    ("$page->owner", "$t1->mm", 58),
    ("$page->count.v", "1", 58),
    ("$t3->account.used.v", "$t3->account.used.v + 1", 59),
    ("$t2->account.used.v", "$t2->account.used.v - 4096", 59),
    ("$th1->state", "IN_NOTE", 60),
    ("$th1->waits_for", "$slot[17].object", 60),
    ("$th3->state", "IN_RECV", 60),
    ("$th3->waits_for", "$slot[16].object", 60),
    ("$slot[18].badge", "$slot[18].badge + 5", 61),
    ("$th3->call_number", "$th3->call_number + 1", 61),
    ("$th3->state", "IN_RUN", 61),
    ("$th3->partner", "$th3", 62),
    ("$th3->state", "IN_ACTIVE", 62),
    (f"{QUEUE}->ready_mask", f"{QUEUE}->ready_mask | 4", 63),
    ("$th1->thread.state", "THREAD_READY", 63),
    ("$th2->timeout.node.next", "$th1->timeout.node.next", 64),
    ("$th2->bound", "0", 65),
    ("$bound->bound", "$th3", 65),
    ("$bound->object.dead", "1", 65),
    ("$t3->threads_alive", "2", 66),
    ("$th3->base_priority", "1", 66),
    ("$th3->task", "$t2", 66),
    ("$t3->mm->pages", "1", 67),
    ("$t3->mm->tables", "1", 67),
    ("$endpoint->object.charged", "0", 68),
    ("$endpoint->object.charged", "$t3", 68),
    ("$th3->message", "(struct message *)0xc0100000", 69),
]
# The frame of the page that is shared, by its number in the entry that GDB's own command shows.
PAGE = [
    f"python import re; pfn = re.search('frame (0x[0-9a-f]+): owner', "
    f"gdb.execute('tarn frames 3 {SHARED:#x}', to_string=True))[1]",
    "python gdb.execute(f'set $page = mem_map + {pfn}')",
]
ALL = {53, 54, 55, 57, 58, 59, 60, 61, 63, 64, 65, 66, 67, 68, 69}


@BOTH
def test_every_planted_mistake_is_named(kernel, build):
    before = GO + NAMES + PAGE + ["tarn check"]
    commands = [command for place, value, _ in PLANTED for command in change(place, value)]
    found = ask(Machine(kernel, **TOUR), build, before + commands).in_order
    assert claimed(found[len(before) - 1]) >= ALL, found[len(before) - 1]
    for n, (place, value, invariant) in enumerate(PLANTED):
        kept, changed, check, back, healed = found[len(before) + 5 * n :][:5]
        assert not (kept + changed + back).strip(), f"{place}: {kept}{changed}{back}"
        assert invariant in broken(check), f"{place} = {value}: {check}"
        assert not broken(healed), f"{place} = {value}, taken back: {healed}"


def test_senders_and_receivers_in_one_queue(build):
    """57: task 3's thread as a sender behind root's, which receives."""
    node, head = "$th3->queue", "$free->queue"
    commands = [
        f"set var {node}.next = &{head}",
        f"set var {node}.prev = {head}.prev",
        f"set var {head}.prev->next = &{node}",
        f"set var {head}.prev = &{node}",
        "set var $th3->state = IN_SEND",
        "tarn check",
    ]
    found = ask(Machine("2level", **TOUR), build, GO + NAMES + commands)
    assert {57, 60} <= broken(found["tarn check"]), found["tarn check"]


def test_an_ended_task_owes_nothing(build):
    """56: the stub that stays while its thread's handle is there."""
    go = [GO[0], "tbreak look_at_the_end if $tarn_task() == 2", "continue"]
    stub = [
        "set $slot = $t2->handles.page[0]",
        f"set $t3 = {holder('user_thread', 'object', '$slot[20].object')}->task",
        "tarn tasks",
        "tarn check",
    ]
    planted = change("$t3->account.used.v", "16")
    found = ask(Machine("2level", **TOUR), build, go + NAMES[:2] + stub + planted)
    assert "task 3 " in found["tarn tasks"] and "has ended" in found["tarn tasks"], found.in_order
    checks = found.in_order[-3], found.in_order[-1]
    assert 56 in broken(checks[0]) and not broken(checks[1]) and 56 in claimed(checks[1]), checks


def test_held_locks_are_no_verdict(build):
    locks = [
        f"set var {name}.{field}"
        for name in ("objects_lock", "maps_lock")
        for field in ("taken.v = 1", "owner = 0")
    ]
    plant = ["set var $t3->threads_alive = 9", "set var $t3->mm->pages = 1"]
    found = ask(Machine("2level", **TOUR), build, GO + NAMES + locks + plant + ["tarn check"])
    text = found["tarn check"]
    assert broken(text) == {18} and not claimed(text) & ALL - {63}, text
    assert "not judged: user frames (53, 54, 58, 67, 69, 59): maps is held" in text, text


def test_charges_are_not_judged_in_the_midst_of_a_call(build):
    commands = [*GO, "tbreak call_mem_map", "continue", "tarn check"]
    text = ask(Machine("2level", **TOUR), build, commands)["tarn check"]
    assert "accounts (59): thread" in text and "is inside of the kernel" in text, text
    assert not broken(text) and 59 not in claimed(text), text


# ---- Dumps ----

SAME = ["tarn tasks", "tarn handles 2", "tarn endpoints", "tarn maps 3", "tarn frames 3"]
SAME += ["tarn calls", "tarn threads", "tarn check"]


def test_a_dump_shows_the_same(build, tmp_path):
    with Boot(Machine("pae", **TOUR), build, paused=True) as boot:
        dump = f"monitor dump-guest-memory -p {tmp_path}/core"
        live = Session(boot, GO + SAME + [dump])
    dead = gdb(boot.elf, ["tarn symbols tour", *SAME], core=tmp_path / "core")[1:]
    for command, text in zip(SAME, dead):
        assert text == live[command], command
