"""The zone's lock.  zone_add_pages() goes one instruction after the other, and each is asked what
it changes while the lock is free.
"""

import struct
from dataclasses import dataclass

from grader.machine import PAGE_OFFSET
from grader.verdict import Failure

from .zones import ADD, ALLOC, FREE

NOBODY = 0xFFFFFFFF  # the owner of a lock that is free
IF = 1 << 9
STEPS = 20_000
BLOCKS = 4  # of which [1, 12) consists
LOCK = "spin_lock_irqsave() before anything of the zone is changed, release behind all of the block"


@dataclass
class Step:
    """What is true behind an instruction."""

    held: bool  # the zone's lock, which is its first member
    interrupts: bool
    managed: int
    free: int


def step_of(zone, registers):
    m, at = zone.m, zone.at - PAGE_OFFSET
    managed, free = (m.word(at + m.layout[f"zone_{name}"]) for name in ("managed", "free"))
    return Step(m.word(at) != NOBODY, bool(registers["eflags"] & IF), managed, free)


def steps_of(zone, start, end):
    """Of a call with interrupts on; at the end the machine stands where it stood."""
    m, before = zone.m, zone.m.registers()
    call = {"eax": start, "edx": end, "esp": before["esp"] - 4}
    call |= {"eip": m.symbol("zone_add_pages"), "eflags": before["eflags"] | IF}
    m.write(call["esp"], struct.pack("<I", before["eip"]))
    m.set_registers(call)
    for _ in range(STEPS):
        now = m.registers()
        yield step_of(zone, now)
        if now["eip"] == before["eip"]:
            m.set_registers(before)
            return
        m.step()
    raise Failure(f"zone_add_pages({start:#x}, {end:#x}) returns", "it does not", "", ADD)


def expect_locked(zone, first):
    """first: of 12 frames, aligned to 16."""
    start, end = first + 1, first + 12
    what = f"zone_add_pages({start:#x}, {end:#x})"
    steps = list(steps_of(zone, start, end))
    for before, now in zip(steps, steps[1:]):
        expect_step(what, steps[0], before, now)
    held = sum(before.held and not now.held for before, now in zip(steps, steps[1:]))
    if held < BLOCKS:
        hint = "the lock is held for one block at a time, so that interrupts are not off for long"
        expected = f"{what} takes the zone's lock for each of {BLOCKS} blocks"
        raise Failure(expected, f"it takes it {held} times", hint, ADD)


def expect_left_alone(zone):
    """buddy_alloc() and buddy_free() want the lock held: their caller has it, on this CPU."""
    m, hint = (
        zone.m,
        "buddy_alloc and buddy_free do not touch the lock: whoever calls them holds it",
    )
    m.write_word(zone.at, m.cpu)
    zone.free(zone.take(0, hint), 0, hint)
    if m.read_word(zone.at) != m.cpu:
        raise Failure("the zone's lock is still the caller's", "it is not", hint, ALLOC + FREE)
    m.write_word(zone.at, NOBODY)


def expect_step(what, begun, before, now):
    changed = (before.managed, before.free) != (now.managed, now.free)
    if changed and not before.held:
        expected = f"{what} changes zone->managed and zone->free under the zone's lock"
        raise Failure(expected, "the lock is free", LOCK, ADD)
    if now.held and now.interrupts:
        hint = "an interrupt handler may want pages too: spin_lock_irqsave()"
        expected = f"{what}: interrupts are off while the zone's lock is held"
        raise Failure(expected, "they are on", hint, ADD)
    managed, free = now.managed - begun.managed, now.free - begun.free
    if not now.held and managed != free:
        expected = f"{what}: whenever the lock is free, as many pages are free as were given"
        raise Failure(expected, f"{managed} given, {free} free", LOCK, ADD)
