"""What CPUs have flushed, what is pending, and in the debug build what each may still hold
(kernel/arch/x86/hooks/tlb_shadow.h).
"""

from kernelview import Unavailable, locks
from kernelview.names import name_of


def address_space(machine, pgd_physical):
    """Words for what lies in a CR3."""
    if pgd_physical == (machine.kernel_pgd if machine.var("kernel_pgd") else None):
        return "the kernel's own tables"
    return f"PGD {pgd_physical:#x}"


def pgd_of(machine, cr3):
    """The PGD's physical address: with PAE it is aligned to 32 bytes only (SDM vol. 3, 4.4.1)."""
    return cr3 & (0xFFFFFFE0 if machine.format.entry_bytes == 8 else 0xFFFFF000)


def lines(machine):
    numbers = machine.cpu_numbers
    if not numbers:
        raise Unavailable("no CPU has its variables yet (boot step 0)")
    text = ["CPU  full flushes  CR3 loads   invlpg   rounds asked for   address space"]
    for cpu in numbers:
        stats = machine.percpu("tlb_stats", cpu)
        text.append(
            f"{cpu:3}  {stats.full_flushes:12} {stats.cr3_loads:10} {stats.invlpgs:8} {stats.rounds:18}   "
            + mm_words(machine, cpu)
        )
    text += call_lines(machine) + pending_lines(machine)
    return text + (
        shadow_lines(machine)
        if machine.has_var("shadow_cpu")
        else ["what each CPU may hold is known to the debug build alone (DEBUG=1)"]
    )


def mm_words(machine, cpu):
    active = machine.percpu("active_mm", cpu)
    if not active:
        return "the kernel's own"
    tlb = machine.object("struct mm_tlb", active)
    lazy = ", borrowed (lazy)" if machine.percpu("lazy_mm", cpu) else ""
    return f"mm {active:#010x}, PGD {tlb.pgd:#010x}, CPUs {tlb.cpus:#x}{lazy}"


def call_lines(machine):
    """A call to other CPUs that is under way, and who has not answered.  A student's own smp_call
    may keep that elsewhere (lab 7).
    """
    if not machine.has_var("smp_call.c::call"):
        return []
    call = machine.var("smp_call.c::call")
    if not locks.taken(call.lock):
        return ["no call to other CPUs is under way"]
    pending = call.pending
    waiting = [str(n) for n in range(32) if pending >> n & 1]
    return [
        f"CPU {call.lock.owner} calls other CPUs: {name_of(call.fn)}; not yet done by CPU "
        + (", ".join(waiting) or "none")
    ]


def pending_lines(machine):
    """Flushes of the PKMap by number (kernel/arch/x86/paging/tlb_idle.h): the last one asked for,
    what each CPU has flushed past.
    """
    stamp, idle = machine.var("last_stamp"), machine.var("cpu_idle_mask")
    text = [f"flushes of the PKMap: the last stamp is {stamp}"]
    for cpu in machine.cpu_numbers:
        seen = machine.percpu("tlb_seen", cpu)
        behind = stamp - seen & 0xFFFFFFFF
        pending = (
            f"{behind} pending" + (", made on leaving idle" if idle >> cpu & 1 else "")
            if behind
            else "nothing pending"
        )
        text.append(f"  CPU {cpu}: has flushed past {seen}, {pending}")
    return text


# ---- The visible TLB ----


def shadow(machine):
    """For each CPU in the mask the pages that it may still translate: address, unmapped at, by
    whom.
    """
    time, cpus = machine.var("shadow_time"), machine.var("shadow_cpu")
    pages = machine.var("shadow_page")
    base = (1 << 32) - len(pages) * 4096
    touched = [(base + n * 4096, page) for n, page in enumerate(pages) if page.since]
    watched = machine.var("watched")
    load_counts = 1 << 32 if machine.var("pkmap_is_global") else machine.constants["PKMAP_BASE"]
    held = {}
    for cpu in machine.cpu_numbers:
        if watched >> cpu & 1:
            held[cpu] = [
                (address, page)
                for address, page in touched
                if not page.invalidated >> cpu & 1
                and is_before(
                    cpus[cpu].load_at if address >= load_counts else cpus[cpu].full_at, page.since
                )
            ]
    return time, cpus, held


def is_before(time, other):
    """Both orders of time wrap after 2^32 unmappings."""
    return time - other & 0xFFFFFFFF >= 1 << 31


def shadow_lines(machine):
    time, cpus, held = shadow(machine)
    text = [f"visible TLB: time {time}"]
    for cpu, pages in held.items():
        text.append(
            f"  CPU {cpu}: dropped everything at {cpus[cpu].full_at}, what is not Global at {cpus[cpu].load_at}; "
            f"may still hold {len(pages)} unmapped page{'s' if len(pages) != 1 else ''}"
        )
        text += [
            f"    {address:#010x}, unmapped at {page.since} by {name_of(page.caller)}"
            for address, page in pages[-3:]
        ]
    return text
