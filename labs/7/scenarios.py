"""Lab 7: the flush on four CPUs, and threads that wait for slots, judged from outside.

Each CPU spins where the host has put it, and runs what the host calls there.  Entries of the page
tables are changed by the host; what each CPU then reads through its own TLB decides whether it was
flushed.  Interrupts are counted where the kernel sends them, by a breakpoint.
"""

from contextlib import contextmanager

from grader.machine.cpus import COUNT_UP, INTERRUPTS, RETURN, SPOT, Cpus, turns
from grader.machine import MASK, PAGE_SIZE
from grader.verdict import Failure, expecting

from .slots import MARK, Slots

ALL = 0b1111
LONG = 300_000  # turns of a loop: longer than all CPUs have turns of running meanwhile
ROUNDS = 12  # where tlb_stats has its figure of that name
PAGES = 12  # whose entries change under the CPUs' eyes
CALL, FLUSH, LINE, WAKE = "smp_call", "tlb_flush_past", "pkmap_wait_in_line", "pkmap_wake_first"


def bits(mask):
    return [cpu for cpu in range(4) if mask >> cpu & 1]


def named(cpus):
    return "CPUs " + ", ".join(map(str, cpus)) if cpus else "no CPU"


# Calls to other CPUs.


def expect_run(mask, caller, ran, argument):
    """ran: (CPU, argument, interrupts on) of each time that the function began."""
    must, did = bits(mask), sorted(cpu for cpu, _, _ in ran)
    if did != must:
        raise Failure(
            f"smp_call({mask:#x}) on CPU {caller} runs the function once on {named(must)}",
            f"it ran on {named(did)}",
            "every online CPU of the mask, once; the caller too if its bit is set, and only then",
            (CALL,),
        )
    for cpu, given, interrupts in ran:
        if given != argument:
            raise Failure(
                f"fn({argument:#x})",
                f"fn({given:#x}) on CPU {cpu}",
                "what is to be done is stored before the interrupt is sent, and read behind it",
                (CALL,),
            )
        if interrupts:
            raise Failure(
                "interrupts are off while the function runs",
                f"they are on, on CPU {cpu}",
                "they are off in the handler already; the caller turns them off for its own part",
                (CALL,),
            )


ANSWER = (
    "a CPU answers again only after apic_eoi(); wait for nobody who was not asked, or is oneself"
)


def smp_call(cpus, caller, mask, function, argument):
    with expecting(f"smp_call({mask:#x}) on CPU {caller} returns", ANSWER, (CALL,)):
        cpus.call(caller, CALL, mask, function, argument)


def everyone(m):
    cpus, ran = Cpus(m), []
    counter = m.scratch_address + 32
    function = cpus.function(COUNT_UP + RETURN)

    def note(argument, *_):
        ran.append((m.cpu, argument, bool(m.stub.registers()["eflags"] & INTERRUPTS)))

    calls = [(0, 0b1110), (0, ALL), (0, 0b0100), (2, 0b1011), (3, 0b1000), (1, 0b0101)]
    with m.watch(function, note):
        for caller, mask in calls + [(0, 0), (0, MASK)]:
            ran.clear()
            smp_call(cpus, caller, mask, function, counter)
            expect_run(mask & ALL, caller, ran, counter)
        for online, mask in ((0b1011, ALL), (0b0111, 0b1010), (0b0101, MASK)):
            ran.clear()
            with only_online(m, online):
                smp_call(cpus, 0, mask, function, counter)
            expect_run(mask & online, 0, ran, counter)


@contextmanager
def only_online(m, mask):
    """The other CPUs run on, but are not among cpus_online()."""
    at = m.symbol("cpu_online_mask")
    m.write_word(at, mask)
    yield
    m.write_word(at, ALL)


def finished(m):
    cpus = Cpus(m)
    counter = m.SCRATCH + 32
    slow = cpus.function(turns(LONG) + COUNT_UP + RETURN)
    for caller, mask, deaf in ((0, 0b1110, None), (0, ALL, None), (1, 0b1101, 3), (0, 0b0100, 2)):
        m.set_word(counter, 0)
        if deaf:
            cpus.make_deaf(deaf, LONG)
        smp_call(cpus, caller, mask, slow, m.scratch_address + 32)
        if m.word(counter) != len(bits(mask)):
            raise Failure(
                f"smp_call({mask:#x}) returns when all {len(bits(mask))} CPUs have finished",
                f"{m.word(counter)} had",
                "a CPU acknowledges when the function has returned, and the caller waits for each",
                (CALL,),
            )


TURNS = "whoever waits for his turn has interrupts on, and so answers the one whose turn it is"


def two_callers(m):
    """Three CPUs call all four, while the fourth does not answer for a while."""
    cpus = Cpus(m)
    function = cpus.function(COUNT_UP + RETURN)
    for round_ in range(4):
        counters = [m.SCRATCH + 32 + 4 * cpu for cpu in range(3)]
        for counter in counters:
            m.set_word(counter, 0)
        cpus.make_deaf(3, LONG)
        callers = ((0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1))[round_]
        with expecting("three callers at once, and each call returns", TURNS, (CALL,)):
            cpus.call_at_once(
                {cpu: (CALL, ALL, function, m.scratch_address + 32 + 4 * cpu) for cpu in callers}
            )
        counts = [m.word(counter) for counter in counters]
        if counts != [4, 4, 4]:
            raise Failure(
                "three CPUs call at once, and the function of each runs on four CPUs",
                f"it ran {counts[0]}, {counts[1]} and {counts[2]} times",
                "one call is under way at a time: the next caller waits until it is over",
                (CALL,),
            )


def interrupts(m):
    cpus = Cpus(m)
    function = cpus.function(COUNT_UP + RETURN)
    for caller, mask in ((0, 0b1010), (0, 0b0001), (2, ALL), (1, 0b0010), (0, MASK), (0, 0xF0)):
        with cpus.interrupts(m.layout["VECTOR_CALL"]) as sent:
            smp_call(cpus, caller, mask, function, m.scratch_address + 32)
        must = [cpu for cpu in bits(mask) if cpu != caller]
        if sorted(sent) != must:
            raise Failure(
                f"smp_call({mask:#x}) on CPU {caller} interrupts {named(must)}, once each",
                named(sorted(sent)),
                "only CPUs of the mask that are online are interrupted; the caller runs the function itself",
                (CALL,),
            )


def context(m):
    cpus = Cpus(m)
    function = cpus.function(COUNT_UP + RETURN)
    cpus.goes_to(0, SPOT, interrupts=False)
    panic = m.panics(CALL, ALL, function, m.scratch_address + 32, cpu=0)
    if panic is None or panic.invariant != 24:
        raise Failure(
            "smp_call with interrupts off: a panic by invariant 24",
            str(panic) if panic else "it returned",
            "INVARIANT(24, irqs_enabled(), ...): two such callers would wait for one another",
            (CALL,),
        )
    cpus.goes_to(0, SPOT)
    m.write_word(per_cpu(m, 0, "nosleep"), 1)  # its lowest byte: handlers that run
    panic = m.panics(CALL, ALL, function, m.scratch_address + 32, cpu=0)
    if panic is None or panic.invariant != 24:
        raise Failure(
            "smp_call in an interrupt handler: a panic by invariant 24",
            str(panic) if panic else "it returned",
            "INVARIANT(24, !in_interrupt(), ...): who was interrupted may be in a call of its own",
            (CALL,),
        )


def per_cpu(m, cpu, name):
    return m.symbol(name) + m.read_word(m.symbol("percpu_offset") + 4 * cpu)


# Flushes of the PKMap.


class Entries:
    """Mapped pages whose entries the host changes, and what each CPU reads behind them."""

    def __init__(self, cpus, slots):
        self.cpus, self.m = cpus, cpus.m
        self.at = {slots.kmap(pfn): pfn for pfn in slots.frames[:PAGES]}
        self.fresh = slots.frames[PAGES:]

    def see(self, cpus):
        """So each has the translations in its TLB."""
        for cpu in cpus:
            for address in self.at:
                self.cpus.load(cpu, address)

    def change(self):
        """Each entry leads to another frame.  The stamp of the change."""
        for address in self.at:
            entry, pfn = self.m.walk(address).entries[-1], self.fresh.pop()
            self.m.set_word(entry.address, pfn * PAGE_SIZE | entry.value % PAGE_SIZE)
            self.at[address] = pfn
        stamp = self.m.variable("last_stamp") + 1
        self.m.write_word(self.m.symbol("last_stamp"), stamp)
        return stamp

    def expect_seen(self, cpus, hint, where=(FLUSH, CALL)):
        for cpu in cpus:
            old = [at for at, pfn in self.at.items() if self.cpus.load(cpu, at) != MARK | pfn]
            if old:
                raise Failure(
                    f"after the flush CPU {cpu} reads by {len(self.at)} new entries",
                    f"{len(old)} are old ones in its TLB, such as that of {old[0]:#x}",
                    hint,
                    where,
                )


def stale(m):
    cpus = Cpus(m)
    entries = Entries(cpus, Slots(cpus))
    for caller in (0, 2, 3):
        entries.see(range(4))
        stamp = entries.change()
        cpus.call(caller, FLUSH, stamp)
        entries.expect_seen(
            range(4), "every busy CPU that has not flushed past the stamp flushes, the caller too"
        )


def acknowledged(m):
    cpus = Cpus(m)
    entries = Entries(cpus, Slots(cpus))
    for deaf in (3, 1):
        entries.see(range(4))
        stamp = entries.change()
        cpus.make_deaf(deaf, LONG)
        cpus.call(0, FLUSH, stamp)
        entries.expect_seen(
            [deaf], "the flush does not return before every CPU has acknowledged: wait for each"
        )


def expect_interrupts(sent, must, why, hint):
    if sorted(sent) != must:
        raise Failure(
            f"{why}, and so {named(must)} interrupted", named(sorted(sent)), hint, (FLUSH,)
        )


BEHIND = "a CPU whose tlb_seen has reached the stamp is not behind: tlb_is_behind(cpu, stamp)"


def flush_past(cpus, stamp, caller=0):
    """Which CPUs were interrupted for it."""
    with cpus.interrupts(cpus.m.layout["VECTOR_CALL"]) as sent:
        cpus.call(caller, FLUSH, stamp)
    return sent


def behind(m):
    cpus = Cpus(m)
    entries = Entries(cpus, Slots(cpus))
    stamp = entries.change()
    cpus.call(2, "local_flush_tlb_all", alone=True)
    sent = flush_past(cpus, stamp)
    expect_interrupts(sent, [1, 3], "CPU 2 has flushed by itself", BEHIND)
    flushes = m.tlb_flushes()
    sent = flush_past(cpus, stamp)
    expect_interrupts(sent, [], "every CPU has flushed past this stamp already", BEHIND)
    if m.tlb_flushes() != flushes:
        raise Failure(
            "a flush past a stamp that every CPU has passed does nothing",
            "a TLB was flushed again",
            BEHIND,
            (FLUSH,),
        )
    former, last = entries.change(), entries.change()
    for cpu in range(4):
        cpus.call(cpu, "local_flush_tlb_all", alone=True)
    sent = flush_past(cpus, former)
    expect_interrupts(sent, [], f"every CPU has flushed past stamp {last}, which is later", BEHIND)
    entries.see([0])
    stamp = entries.change()
    for cpu in (1, 2, 3):
        cpus.call(cpu, "local_flush_tlb_all", alone=True)
    sent = flush_past(cpus, stamp)
    expect_interrupts(sent, [], "the caller alone is behind", BEHIND)
    entries.expect_seen([0], "the caller may be behind too: its bit is looked at as the others'")
    expect_rounds(cpus, entries.change())


def expect_rounds(cpus, stamp):
    """CPU 0 flushes past it twice, and counts the first alone, or one for each CPU reached."""
    m, at = cpus.m, per_cpu(cpus.m, 0, "tlb_stats") + ROUNDS
    for least in (1, 0):
        before = m.read_word(at)
        sent = flush_past(cpus, stamp)
        counted = m.read_word(at) - before
        if not least <= counted <= len(sent):
            raise Failure(
                f"a flush that interrupts {named(sorted(sent))} counts {least} in tlb_stats.rounds",
                f"it counts {counted}",
                "rounds: flushes for which others were interrupted; this_cpu_inc(tlb_stats.rounds)",
                (FLUSH,),
            )


def idle(m):
    cpus = Cpus(m)
    entries = Entries(cpus, Slots(cpus))
    entries.see(range(4))
    cpus.make_idle(3)
    hint = "an idle CPU has its flush pending and makes it when it wakes: leave out cpus_idle()"
    sent = flush_past(cpus, entries.change())
    expect_interrupts(sent, [1, 2], "CPU 3 is idle, CPUs 1 and 2 are busy", hint)
    entries.expect_seen([0, 1, 2], "the busy CPUs flush, whatever idle ones do")
    cpus.make_busy(3)
    entries.expect_seen([3], "idle_leave() flushes if a stamp was taken meanwhile")
    for cpu in (1, 2, 3):
        cpus.make_idle(cpu)
    entries.see([0])
    sent = flush_past(cpus, entries.change())
    expect_interrupts(sent, [], "all others are idle", hint)
    entries.expect_seen([0], "the caller is never idle")


# Threads that wait for slots.


def expect_asleep(cpus, cpu):
    if not cpus.is_halted(cpu):
        cpus.let_run()
    if not cpus.is_halted(cpu):
        raise Failure(
            f"a thread that waits sleeps, so CPU {cpu} has nothing to do and halts",
            f"it does something, at {cpus.m.elf.place(cpus.at(cpu))}",
            "wait_enqueue(), unlock, wait_sleep(): do not ask again and again",
            (LINE,),
        )


SLEEP_AGAIN = "use() says whether the slots can be had; when it says no, sleep, then ask again"


def sleeps(m):
    cpus = Cpus(m, busy=False)
    slots = Slots(cpus)
    used, rest = slots.fill()
    before = slots.sleeps()
    slots.start_waiter(1, rest[0])
    cpus.let_run()
    slots.expect_waiting(rest[0], "every slot is in use", SLEEP_AGAIN, (LINE,))
    expect_asleep(cpus, 1)
    if slots.sleeps() != before + 1:
        raise Failure(
            "a thread that has gone to sleep once counts 1 in kmap_stats.sleeps",
            f"it counts {slots.sleeps() - before}",
            "kmap_stats.sleeps: how often threads slept to wait for slots; the reports show it",
            (LINE,),
        )
    # Woken, but by the time that the thread runs the slot is in use again, by its old page.
    slots.kunmap(used[0], alone=True)
    slots.kmap(used[0], alone=True)
    cpus.let_run()
    slots.expect_waiting(rest[0], "the slot was taken up again by its page", SLEEP_AGAIN, (LINE,))
    expect_asleep(cpus, 1)
    slots.kunmap(used[1])
    cpus.let_run()
    slots.expect_served(rest[0], "a slot has fallen to 1", SLEEP_AGAIN, (LINE, WAKE))


def not_lost(m):
    """CPU 0 does a kunmap just when CPU 1 is going to sleep, as soon as the lock lets it."""
    cpus = Cpus(m, busy=False)
    slots = Slots(cpus)
    used, rest = slots.fill()
    for pfn, moment in zip(rest, ("wait_enqueue", "wait_sleep")):
        slots.start_waiter(1, pfn, alone=True)
        if not unmapped_at(moment, slots, used):
            slots.kunmap(used.pop())
        cpus.let_run()
        slots.expect_served(
            pfn,
            f"a slot fell to 1 after use() had said no, when {moment}() was called",
            "queue up before kmap_lock is dropped: a kunmap needs the lock, so it finds the thread",
            (LINE,),
        )


def unmapped_at(moment, slots, used):
    """Lets CPU 1 run until it is idle again.  Whether a page could be unmapped at that moment."""
    m, done = slots.m, []

    def unmap(*_):
        if m.cpu == 1 and not done and slots.lock_is_free():
            done.append(used.pop())
            slots.kunmap(done[0], alone=True)
            m.select(1)

    with m.watch(moment, unmap):
        m.run_to("idle_enter")
        while m.cpu != 1:
            m.run_to("idle_enter")
    m.select(0)
    return bool(done)


def all_served(m):
    cpus = Cpus(m, busy=False)
    slots = Slots(cpus)
    used, rest = slots.fill()
    for i, cpu in enumerate((1, 2, 3, 1, 2)):
        slots.start_waiter(cpu, rest[i])
        cpus.let_run()
    for free in (3, 2):
        for _ in range(free):
            slots.kunmap(used.pop(), alone=True)
        cpus.let_run()
        served = [pfn for pfn in rest[:5] if slots.address(pfn)]
        must = 3 if free == 3 else 5
        if len(served) != must:
            raise Failure(
                f"{must} slots had fallen to 1, and {must} of 5 threads have theirs",
                f"{len(served)} have",
                "one wake-up may stand for several slots: who is served wakes the next in line",
                (LINE, WAKE),
            )


TURN = "the first in line alone looks for slots, and leaves the line when it has them"


def in_line(m):
    cpus = Cpus(m, busy=False)
    slots = Slots(cpus)
    used, rest = slots.fill()
    line = [rest.pop() for _ in range(4)]
    for cpu, pfn in zip((2, 1, 3, 1), line):
        slots.start_waiter(cpu, pfn)
        cpus.let_run()
    for i, pfn in enumerate(line):
        slots.kunmap(used.pop())
        cpus.let_run()
        slots.expect_served(pfn, f"number {i + 1} in line, and {i + 1} slots", TURN, (LINE, WAKE))
        for later in line[i + 1 :]:
            slots.expect_waiting(later, f"{i + 1} slots, not first in line", TURN, (LINE, WAKE))
    large_request(cpus, slots, used, rest)
    expect_moves_told(cpus, slots, used, rest[4])


def expect_moves_told(cpus, slots, used, pfn):
    """Otherwise the report of a stalled line is wrong: see kmap_stall.c."""
    moves = []

    def expect(when):
        cpus.let_run()
        if not moves:
            raise Failure(
                f"pkmap_line_moved() is called when a thread {when}",
                "it is not",
                "kmap_stall.c reports a line that has stood still for too long: it must be told"
                " when the line begins, and when a thread leaves it",
                (LINE,),
            )
        moves.clear()

    with slots.m.watch("pkmap_line_moved", lambda *_: moves.append(1)):
        slots.start_waiter(1, pfn)
        expect("begins to wait in an empty line")
        slots.kunmap(used.pop())
        expect("leaves the line")


def large_request(cpus, slots, used, rest):
    """One thread wants three slots, and one behind it wants one."""
    large, small = rest[:3], rest[3]
    slots.start_many(2, large)
    cpus.let_run()
    for i in range(4):
        if i == 1:  # a slot is free already, but not enough for whoever came first
            slots.start_waiter(3, small)
        cpus.let_run()
        slots.expect_waiting(small, "a thread that came first wants 3 slots", TURN, (LINE, WAKE))
        slots.kunmap(used.pop())
    cpus.let_run()
    for pfn in large + [small]:
        slots.expect_served(pfn, "4 slots have fallen to 1", TURN, (LINE, WAKE))
