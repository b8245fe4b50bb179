"""Frames: what lies in them, as the reference's physmap says, and sets of them for reports."""


def pieces(machine, end):
    """(kind, start, end) of frames from 0 to `end`; asked before any of the student's code ran."""
    layout, scratch = machine.layout, machine.SCRATCH
    start = 0
    while start < end:
        machine.call("phys_piece_at", machine.scratch_address, start, end)
        words = (machine.word(scratch + layout[f"phys_piece_{name}"]) for name in ("kind", "end"))
        kind, until = words
        yield kind, start, until
        start = until


def of_kind(machine, kind, end):
    """The set of frames below `end` in which that lies, such as "PHYS_RAM"."""
    wanted = machine.layout[kind]
    found = [range(start, until) for is_of, start, until in pieces(machine, end) if is_of == wanted]
    return {pfn for run in found for pfn in run}


def runs(frames):
    """[start, end) of the longest runs in a set of frames."""
    found = []
    for pfn in sorted(frames):
        if found and found[-1][1] == pfn:
            found[-1][1] = pfn + 1
        else:
            found.append([pfn, pfn + 1])
    return [tuple(run) for run in found]


def named(frames, most=4):
    """For a report: "0x500 to 0x52f, 0x600"."""
    said = [
        f"{start:#x}" if end == start + 1 else f"{start:#x} to {end - 1:#x}"
        for start, end in runs(frames)
    ]
    more = [f"and {len(said) - most} more runs"] if len(said) > most else []
    return ", ".join(said[:most] + more) or "none"
