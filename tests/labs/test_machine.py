"""The machine under the grader, tried on the reference kernel: stopped, called, panicked, hung."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from grader import layout
from grader.machine import PAGE_OFFSET, TRAPFRAME, U64, Machine, Return, words
from grader.machine.guest import WRITE_IT, GuestHang, GuestPanic, GuestReset, GuestTimeOut
from grader.machine.qemu import QemuError, new_folder
from grader.judge import judge_on
from grader.lab import Lab
from grader.lab import Test as Row
from grader.report import text_of
from grader.verdict import Failure, expecting

KERNELS = ("tarn-plain.elf", "tarn-pae-plain.elf")
LABS = Path(__file__).resolve().parents[2] / "labs"
CODE = 0x700  # where the tests write instructions
LOOP = bytes.fromhex("eb fe")
HALT = bytes.fromhex("fa f4 eb fd")  # cli; hlt; again
RESET = bytes.fromhex("0f 01 1d 10 07 00 c0 cc")  # lidt [0xC0000710]: an empty table; int3


@pytest.fixture(params=KERNELS)
def machine(request, build):
    with Machine(build / request.param, append="selftest=none", memory=32) as made:
        yield made


@pytest.fixture
def at_step_6(machine):
    machine.run_to("report_memory")
    return machine


def run(machine, code):
    machine.ram[CODE : CODE + len(code)] = code
    machine.ram[0x710:0x716] = bytes(6)
    machine.call(PAGE_OFFSET + CODE)


def test_stops_at_a_function_and_at_its_return(machine):
    machine.run_to("report_boot_information")
    assert "[1]" not in machine.log()
    machine.finish()
    machine.run_to("bootmem_init")
    assert "[1] memory map" in machine.log()


def test_call_returns_what_the_function_does_and_leaves_no_trace(at_step_6):
    before = at_step_6.stub.registers()
    text = b"%u of %u%s"
    at_step_6.ram[0x700 : 0x700 + len(text) + 1] = text + b"\0"
    at_step_6.ram[0x720:0x730] = (3).to_bytes(4, "little") + (7).to_bytes(4, "little") + bytes(8)
    at_step_6.set_word(0x728, PAGE_OFFSET + 0x740)
    at_step_6.ram[0x740:0x742] = b"!\0"
    base = PAGE_OFFSET + 0x700
    assert at_step_6.call("vsnprintf", base + 0x60, 32, base, base + 0x20) == 7
    assert at_step_6.bytes_at(0x760, 8) == b"3 of 7!\0"
    assert at_step_6.stub.registers() == before


def test_call_of_64_bits(at_step_6):
    assert at_step_6.call64("__udivdi3", U64(10**15), U64(7)) == 10**15 // 7


@pytest.mark.parametrize(
    "arguments, registers, stack",
    [
        ((1, U64(2 << 32 | 3)), {"eax": 1, "edx": 3, "ecx": 2}, []),
        ((1, 2, U64(4 << 32 | 3), 5), {"eax": 1, "edx": 2}, [3, 4, 5]),
        ((U64(2 << 32 | 1), 3, 4), {"eax": 1, "edx": 2, "ecx": 3}, [4]),
        ((U64(2 << 32 | 1), U64(4 << 32 | 3), 5), {"eax": 1, "edx": 2}, [3, 4, 5]),
        ((-1, 2, 3, 4), {"eax": 0xFFFFFFFF, "edx": 2, "ecx": 3}, [4]),
    ],
)
def test_arguments_are_placed_as_gcc_does(arguments, registers, stack):
    assert words.place(arguments) == (registers, stack)


def test_a_panic_gives_message_invariant_and_place(machine):
    machine.run_to("report_boot_allocator")
    with pytest.raises(GuestPanic) as panic:
        machine.call("bootmem_free", U64(0x600000), U64(4096))
    assert panic.value.invariant == 43
    assert "free 0x600000 size 0x1000: page 0x600 is free already" in panic.value.message
    assert panic.value.place.startswith("bootmem_free, kernel/mm/boot/bootmem.c:")


def test_after_a_panic_that_was_asked_for_all_is_as_before(machine):
    machine.run_to("report_boot_allocator")
    place = machine.call("bootmem_try_alloc", 64, 64, U64(0))
    assert machine.panics("bootmem_free", U64(0x600000), U64(4096)).invariant == 43
    assert machine.panics("bootmem_stats", PAGE_OFFSET + CODE) is None
    assert machine.call("bootmem_try_alloc", 64, 64, U64(0)) == place + 64


def test_an_exception_says_where_and_at_which_address(at_step_6):
    with pytest.raises(GuestPanic, match="page fault at address 0xfe123000"):
        at_step_6.load(0xFE123000)


def test_a_hang_is_told_by_its_instructions(at_step_6):
    with pytest.raises(GuestHang, match="not done after"):
        run(at_step_6, LOOP)


def test_a_halt_for_good_is_a_hang(at_step_6):
    with pytest.raises(GuestHang, match="halted"):
        run(at_step_6, HALT)


def test_a_triple_fault_is_a_reset(at_step_6):
    with pytest.raises(GuestReset):
        run(at_step_6, RESET)


LIMIT_OF_CPU_TIME = pytest.param(signal.SIGXCPU, GuestTimeOut, id="limit")
NO_MEMORY = pytest.param(signal.SIGBUS, QemuError, id="no-memory")


@pytest.mark.parametrize("number, told", [LIMIT_OF_CPU_TIME, NO_MEMORY])
@pytest.mark.parametrize("meanwhile", ["wait", "instructions"])
def test_an_end_by_the_host_is_no_reset(machine, monkeypatch, meanwhile, number, told):
    """The sandbox's limit of CPU time ends QEMU by a signal, or the host does, whatever the grader
    does just then.
    """
    of = machine.stub if meanwhile == "wait" else machine.monitor
    really = getattr(of, meanwhile)

    def kill_first(*arguments):
        machine.qemu.process.send_signal(number)
        return really(*arguments)

    if meanwhile == "instructions":
        monkeypatch.setattr(machine.stub, "wait", lambda seconds: "")
    monkeypatch.setattr(of, meanwhile, kill_first)
    with pytest.raises(told):
        machine.run_to("kmap_init")


def test_a_guest_has_its_ram_from_the_beginning(monkeypatch, tmp_path):
    """Or the host's end of room would look like the guest's."""

    def no_room(*_):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr("os.posix_fallocate", no_room)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(QemuError, match="24 MiB for a guest's RAM .*: no room"):
        new_folder(24)
    assert not list(tmp_path.iterdir())


def test_a_step_into_a_panic(at_step_6):
    at_step_6.stub.set_registers({"eip": at_step_6.symbol("panic_trap")})
    with pytest.raises(GuestPanic):
        at_step_6.step()


def test_walk_reads_both_formats_and_large_pages(at_step_6):
    walk = at_step_6.walk(PAGE_OFFSET + 0x123456)
    assert walk.physical == 0x123456 and walk.entries[0].present
    assert at_step_6.walk(PAGE_OFFSET + 0x900000).entries[-1].flags.find("PS") >= 0
    assert at_step_6.walk(0xFE000000).physical is None


def test_loads_and_stores_go_through_the_tlb(at_step_6):
    """An entry that is changed from outside is not seen: the translation is in the TLB."""
    address = PAGE_OFFSET + 0x100000
    first = at_step_6.load(address)
    entry = at_step_6.walk(address).entries[-1]
    kept = at_step_6.bytes_at(entry.address, 4)
    at_step_6.ram[entry.address : entry.address + 4] = bytes(4)
    flushes = at_step_6.tlb_flushes()
    assert at_step_6.walk(address).physical is None
    assert at_step_6.load(address) == first
    assert at_step_6.tlb_flushes() == flushes
    at_step_6.ram[entry.address : entry.address + 4] = kept
    at_step_6.store(PAGE_OFFSET + CODE, 0x12345678)
    assert at_step_6.word(CODE) == 0x12345678


def test_watch_sees_arguments_and_may_answer_for_the_function(machine):
    machine.run_to("bootmem_handover")
    given = []

    def give(start, end, _):
        given.append((start, end))
        return Return()

    with machine.watch("zone_add_pages", give):
        pages = machine.call("bootmem_handover", machine.symbol("zone_add_pages"))
    assert pages == sum(end - start for start, end in given) > 1000


def test_every_run_executes_the_same_instructions(build):
    counts = set()
    for _ in range(2):
        with Machine(build / KERNELS[0], append="selftest=none", memory=32) as machine:
            machine.run_to("report_memory")
            machine.call("buddy_alloc", machine.symbol("zones"), 0)
            counts.add(machine.instructions())
    assert len(counts) == 1


def test_two_cpus_have_registers_of_their_own(build):
    with Machine(build / KERNELS[0], append="selftest=none", memory=32, smp=2) as machine:
        machine.run_to("report_cpus")
        stacks = set()
        for cpu in machine.stub.cpus():
            machine.stub.select(cpu)
            stacks.add(machine.stub.registers()["esp"])
        assert len(stacks) == 2


def test_nothing_outlives_the_grader(build):
    """A grader that is killed has no time to clean up."""
    script = (
        "import sys, time; from grader.machine import Machine\n"
        f"machine = Machine({str(build / KERNELS[0])!r}, memory=32)\n"
        "print(machine.qemu.process.pid, machine.qemu.folder, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": str(LABS)}
    grader = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    process, folder = grader.stdout.readline().split()
    grader.kill()
    grader.communicate()
    shutil.rmtree(folder)
    wait_for_end(process)


def wait_for_end(process):
    for _ in range(600):
        if not Path(f"/proc/{process}").exists():
            return
        time.sleep(0.1)
    raise AssertionError("QEMU still runs")


def test_one_cpu_can_step_while_the_other_stands_still(build):
    with Machine(build / KERNELS[0], append="selftest=none", memory=32, smp=2) as machine:
        machine.run_to("report_cpus")
        stub, places = machine.stub, []
        first, second = stub.cpus()
        for cpu in (first, second, first, second):
            stub.select(cpu)
            places.append(stub.registers()["eip"])
            stub.step(first)
            assert stub.wait(60).startswith("T05")
        assert places[0] != places[2] and places[1] == places[3]


def test_the_trap_frame_is_laid_out_as_the_machine_believes(build):
    """Where no object of layout.c has been made nothing can be compared."""
    made = build / "2level" / "labs" / "grader" / "layout.c.o"
    if made.exists():
        known = layout.read(made)
        fields = ("vector", "error", "eip", "ebp")
        assert tuple(known[f"trapframe_{field}"] for field in fields) == TRAPFRAME


def judged(machine, scenario):
    """The result of a scenario that is a function here."""

    class Scenarios:
        row = staticmethod(scenario)

    lab = Lab(0, "a lab", 1, [], 6, stop="report_memory")
    return judge_on(machine, lab, Scenarios, Row("row", 5, "a title"))


def test_a_scenario_that_returns_has_passed(machine):
    result = judged(machine, lambda m: None)
    assert (result.status, result.got) == ("passed", 5)


def test_a_figure_is_told(machine):
    result = judged(machine, lambda m: "12 instructions")
    assert result.passed and result.figure == "12 instructions"
    assert "12 instructions" in "\n".join(text_of(result))


def test_a_share_of_the_points(machine):
    def scenario(m):
        raise Failure("at most 3", 4, share=0.4)

    result = judged(machine, scenario)
    assert (result.status, result.got) == ("failed", 2)


def test_another_machine_from_the_beginning_on(at_step_6):
    """While this one stands still, and goes on afterwards."""
    before = at_step_6.instructions()
    with at_step_6.again(append="selftest=none pkmap_tables=2") as fresh:
        fresh.run_to("report_memory")
        assert fresh.variable("pkmap_slots") == 2 * at_step_6.variable("pkmap_slots")
    assert at_step_6.instructions() == before
    at_step_6.finish()
    with at_step_6.again() as fresh:
        fresh.run_to("report_boot_information")


def test_a_failure_says_what_was_expected_and_seen(machine):
    def scenario(m):
        raise Failure("three", 4, "count again", ("counter",))

    result = judged(machine, scenario)
    assert (result.status, result.got, result.expected, result.seen) == ("failed", 0, "three", "4")
    assert "[5] kmap" in result.log


def test_a_panic_is_told_with_what_was_expected_instead(machine):
    def scenario(m):
        with expecting("the load returns", "which address?"):
            m.load(0xFE123000)

    result = judged(machine, scenario)
    assert (result.status, result.expected, result.hint) == (
        "panic",
        "the load returns",
        "which address?",
    )


def test_what_is_not_written_is_told_as_that(machine):
    """Whatever the scenario expected, the place to look is that function."""
    panic = GuestPanic("lab 1: bootmem_free is not written yet (labs/1/README.md)", where=("main",))

    def scenario(_):
        with expecting("the load returns", "which address?", ("bootmem_init",)):
            raise panic

    result = judged(machine, scenario)
    assert (result.status, result.where) == ("panic", ("bootmem_free",))
    assert result.hint == WRITE_IT


def test_a_scenario_that_cannot_go_on_earns_nothing(machine):
    result = judged(machine, lambda m: {}["nothing"])
    assert (result.status, result.got) == ("not judged", 0)
