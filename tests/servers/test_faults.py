"""Faults in the servers while they run (inject.py): 200; `make check-faults` has 10,000."""

import pytest

import inject

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


@pytest.fixture(scope="module")
def made(build):
    maker = inject.Maker(build, 1)
    return maker, [maker.make() for _ in range(300)]


def changed(maker, fault):
    """The instruction, before and after."""
    program = maker.programs[fault.server]
    old = program.text[fault.address - program.start :][: len(fault.change)]
    new = bytes(a ^ b for a, b in zip(old, fault.change, strict=True))
    return [list(maker.disassembler.disasm(data, fault.address)) for data in (old, new)]


def test_the_same_seed_makes_the_same_faults(made, build):
    again, other = inject.Maker(build, 1), inject.Maker(build, 2)
    assert [again.make() for _ in range(300)] == made[1]
    assert [other.make() for _ in range(300)] != made[1]
    assert {fault.kind for fault in made[1]} == set(inject.KINDS)
    assert {fault.server for fault in made[1]} == set(inject.SERVERS)


@pytest.mark.parametrize("kind", inject.KINDS)
def test_what_a_kind_changes(made, kind):
    """Each fault is one of its kind, as capstone reads both instructions."""
    maker, some = made
    for fault in (fault for fault in some if fault.kind == kind):
        if kind in ("data", "bit"):
            assert sum(byte.bit_count() for byte in fault.change) == 1, fault
            continue
        (old,), new = changed(maker, fault)
        nops = all(instruction.mnemonic == "nop" for instruction in new)
        if kind == "register":
            assert new[0].mnemonic == old.mnemonic and new[0].op_str != old.op_str, fault
            assert len(new) == 1, fault
        elif kind == "bound":
            assert old.mnemonic == new[0].mnemonic == "cmp", fault
            assert abs(old.operands[1].imm - new[0].operands[1].imm) == 1, fault
        elif kind == "store":
            assert nops and "[" in inject.operands(old)[0], fault
        else:
            assert old.mnemonic[0] == "j" and old.mnemonic != "jmp", fault
            assert nops or (new[0].mnemonic != old.mnemonic and new[0].op_str == old.op_str), fault


@BOTH
def test_a_hundred(kernel, build):
    """Of so few crashes one that is lost is more than one in a hundred: it may be, two may not."""
    campaign = inject.Campaign(build, kernel)
    campaign.run(100)
    lost = "\n".join(campaign.consoles.values())
    assert not campaign.broken, campaign.broken
    assert len(campaign.crashes) >= 5 and len(campaign.lost) <= 1, campaign.table() + lost


def replaced(campaign, server, function, instruction):
    """The function begins with another instruction."""
    program = campaign.maker.programs[server]
    address = program.functions[function]
    old = program.text[address - program.start :][: len(instruction)]
    change = bytes(a ^ b for a, b in zip(old, instruction, strict=True))
    return inject.Fault(0, server, "bit", address, change, 10, function)


UNDEFINED, LOOP = b"\x0f\x0b", b"\xeb\xfe"  # ud2; a jump to itself


@pytest.mark.parametrize("server", list(inject.SERVERS))
@pytest.mark.parametrize(
    "kernel, noticed, by",
    [("2level", "exception", UNDEFINED), ("pae", "silence", LOOP)],
    ids=["exception", "silence"],
)
def test_one_that_surely_ends(server, noticed, by, kernel, build):
    """Each server comes back; with the pager all the others end and come back."""
    campaign = inject.Campaign(build, kernel)
    campaign.boot([replaced(campaign, server, "serve", by)])
    (result,) = campaign.results
    assert (result.noticed, result.recovered) == (noticed, True), campaign.results
    others = [name for name in inject.SERVERS if name != "pager"]
    assert server != "pager" or result.also.split() == others, campaign.results


# A load that works three times and then no more, whatever happens.
SPENT = 'run="true; test ! -e /c || exit 1; mv /b /c; mv /a /b; echo > /a"'


def test_what_is_lost_is_seen(build):
    campaign = inject.Campaign(build, load=SPENT)
    harmless = min(campaign.maker.programs["names"].variables)[0]
    campaign.boot([inject.Fault(0, "names", "data", harmless, b"\0", 0, "nothing")])
    seen = [(result.noticed, result.recovered, result.rounds) for result in campaign.results]
    assert seen == [("later", False, 3)] and not campaign.is_good(), campaign.results
