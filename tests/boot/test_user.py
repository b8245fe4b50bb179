"""Programs: what root starts, how they end, and the in-system tests (user/test)."""

import io
import re
import struct
import tarfile

import pytest

import lines
from locks import check_nesting
from qemu import FAIL, PASS, Boot, Machine, have_grub, of_program, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])
ENDED = re.compile(r"^root: (\S+) ended with status (\d+)$", re.M)
need_grub = pytest.mark.skipif(not have_grub(), reason="no GRUB for the PC on this machine")


def run_program(build, value, kernel="2level", loader="kernel", options="", **machine):
    append = f'selftest=none run="{value}" {options}'
    return run(Machine(kernel, loader, append=append, programs=True, **machine), build)


def ended(boot):
    """Name and status of the program, once."""
    found = ENDED.findall(boot.text)
    assert len(found) == 1, boot.final_report
    return found[0][0], int(found[0][1])


@BOTH
@pytest.mark.parametrize("loader", ["kernel", pytest.param("iso", marks=need_grub)])
def test_hello(kernel, loader, build):
    boot = run_program(build, "hello", kernel, loader)
    assert "\nHello from user mode\n" in boot.text, boot.final_report
    assert ended(boot) == ("hello", 0) and boot.status == PASS, boot.final_report


@pytest.mark.parametrize("loader", ["kernel", pytest.param("iso", marks=need_grub)])
def test_arguments(loader, build):
    r"""A word with a blank: -append 'run="args one \"two three\""' and GRUB's own quoting."""
    boot = run_program(build, r"args one \"two three\"", loader=loader)
    assert re.findall(r"^args: (\d) '(.*)'$", boot.text, re.M) == [
        ("0", "args"),
        ("1", "one"),
        ("2", "two three"),
    ], boot.final_report
    assert ended(boot) == ("args", 3), boot.final_report
    assert boot.status == of_program(3), boot.final_report


@pytest.mark.parametrize("loader", ["kernel", pytest.param("iso", marks=need_grub)])
def test_a_command_line_of_the_shell(loader, build):
    """Signs that GRUB's own language has too reach the shell, between quotes."""
    boot = run_program(build, "seq 20 | wc -l; false || echo a >x && cat < x", loader=loader)
    assert boot.text.endswith("\n20\na\n") and boot.status == PASS, boot.final_report


# The shell knows what the servers hold, root the programs beside them.
@pytest.mark.parametrize(
    "value, said, status",
    [
        ("nosuch", "sh: nosuch: no such program", 127),
        ("user.tar", "sh: user.tar: no such program", 127),
        ("args " + "x " * 40, "root: run= is wrong: it has too many words", 126),
    ],
)
def test_what_cannot_be_started(value, said, status, build):
    boot = run_program(build, value)
    assert said in boot.text and boot.status == of_program(status), boot.final_report


def test_the_clock_at_boot(build):
    """A leap day, as QEMU's clock shows it."""
    boot = run_program(build, "date", extra=["-rtc", "base=2024-02-29T12:34:56,clock=vm"])
    assert re.search(r"^2024-02-29 12:3[4-5]:\d\d UTC$", boot.text, re.M), boot.final_report


@BOTH
def test_text_of_the_log_is_shown(kernel, build):
    """What is said while a task has the console's devices: once, when that task has ended."""
    boot = run_program(build, "test console.two_drivers", kernel)
    said = "# this line stands in the log before a device shows it"
    shown = boot.text.partition("1..1\n")[2].splitlines()
    assert shown[:2] == [said, "ok 1 - console.two_drivers"], boot.final_report
    assert boot.text.count(said) == 1, boot.final_report


# ---- The in-system tests ----

# At least so many; the last one says that every pair of call and error has been seen.
TESTS = 300
LAST = "every error of every call"


def said_of(report, name):
    """What stands before a failed test's line; the report of a long boot leaves it out."""
    before, line, _ = report.partition(f" - {name}\n")
    return "\n".join(before.splitlines()[-8:]) + line


def in_system(boot):
    """Checks each line of TAP: names, numbers without gaps, as many as planned, none failed.  The
    names.
    """
    report = boot.text.rpartition("TAP version 13\n")[2]  # the kernel's own comes before
    plan = lines.TAP_PLAN.match(report)
    assert plan, boot.final_report
    planned = int(plan[1])
    results = lines.TAP_RESULT.findall(report)
    failed = [name for verdict, _, name in results if verdict != "ok"]
    assert not failed, "\n".join(said_of(report, name) for name in failed) + boot.final_report
    assert [int(number) for _, number, _ in results] == list(range(1, planned + 1))
    names = [name for _, _, name in results]
    assert all(names) and len(set(names)) == len(names) >= TESTS, boot.final_report
    assert names[-1] == LAST, boot.final_report
    assert f"\n# {planned} passed, 0 failed\n" in report, boot.final_report
    assert ended(boot) == ("test", 0) and boot.status == PASS, boot.final_report
    return names


def run_in_system(build, kernel, *options, smp="4", memory="256M", **machine):
    append = " ".join(["selftest=none", "run=test", *options])
    boot = run(
        Machine(kernel, append=append, programs=True, smp=smp, memory=memory, **machine), build
    )
    in_system(boot)
    return boot


@BOTH
@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
def test_in_system(kernel, debug, build):
    boot = run_in_system(build, kernel, debug=debug)
    if debug:
        check_nesting(boot, ("maps_lock", "mm->page_table_lock"))


@BOTH
def test_in_system_other_flush_and_cpu(kernel, build):
    """NX, SMEP, SMAP and UMIP, which QEMU's own CPU has not."""
    run_in_system(build, kernel, "kmap_flush=lazy", cpu="max")


@pytest.mark.full
@BOTH
@pytest.mark.parametrize("kind", ["", "poison", "debug"])
@pytest.mark.parametrize("smp", ["1", "2", "4"])
@pytest.mark.parametrize("memory", ["128M", "3G"])
@pytest.mark.parametrize("cpu", ["", "pentium", "max"])
@pytest.mark.parametrize("flush", ["book", "lazy"])
def test_in_system_product(kernel, kind, smp, memory, cpu, flush, build):
    """`make check-user`.  A Pentium has no sysenter; nor has it PAE."""
    if kernel == "pae" and cpu == "pentium":
        return
    kinds = {kind: True} if kind else {}
    run_in_system(build, kernel, f"kmap_flush={flush}", smp=smp, memory=memory, cpu=cpu, **kinds)


@BOTH
def test_no_string_goes_into_the_direct_map(kernel, build):
    """Without large pages the kernel's own tables lead to every frame by an entry like a task's."""
    boot = run_program(build, "test item.string_to_a_frame", kernel, options="nolarge")
    assert ended(boot) == ("test", 0), boot.final_report


def test_a_test_that_fails_is_told(build):
    """A name that begins no test: nothing is planned, and that is no success."""
    boot = run_program(build, "test nosuch")
    said = "\n1..0\n# no test has a name that begins with 'nosuch'\n"
    assert said in boot.text.rpartition("[9]")[2], boot.final_report
    assert ended(boot) == ("test", 2) and boot.status == of_program(2), boot.final_report


# ---- Boot modules that are missing or wrong ----

# What is wrong with a module is said behind its name.
NOT_STARTED = re.compile(
    r"^\[9\] first task: not started: (?:module '.*', (?:as an archive|program root): )?(.+)$",
    re.M,
)
NO_MODULE = "there is no boot module (user.tar)"
NO_ROOT = "no boot module holds the program root"


def make_tar(path, **files):
    """Each file's bytes under its name."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def program_file(build, name):
    with tarfile.open(build / "user.tar") as archive:
        return archive.extractfile(name).read()


def not_started(build, module, kernel="2level"):
    """Why, as the kernel says; once as it idles, once as it ends the machine with a failure."""
    said = []
    with Boot(Machine(kernel, append="selftest=none", module=module), build) as boot:
        boot.wait_for(lines.HOW_TO_LEAVE)
        said += NOT_STARTED.findall(boot.text)
        assert not lines.PANIC.search(boot.text), boot.text
    boot = run(Machine(kernel, append="selftest=none run=hello", module=module), build)
    assert boot.status == FAIL and not lines.PANIC.search(boot.text), boot.final_report
    said += NOT_STARTED.findall(boot.text)
    assert len(said) == 2 and said[0] == said[1], boot.final_report
    return said[0]


def test_examples(build):
    """pair, as the README shows it."""
    boot = run_program(build, "pair")
    assert "pair: 3 doubled is 6\n" in boot.text and boot.status == PASS, boot.final_report


def test_a_program_that_is_never_started_is_a_failure(build):
    for words, said in (
        ("until=8 run=hello", "run: no program is started"),
        ("run=", "command line: run= ignored"),
    ):
        boot = run(Machine(append=f"selftest=none {words}", programs=True), build)
        assert said in boot.text and boot.status == FAIL, boot.final_report


@BOTH
def test_no_module(kernel, build):
    assert not_started(build, None, kernel) == NO_MODULE


def test_module_that_is_no_archive(build, tmp_path):
    """A text, and zeros, which are the end of an archive."""
    module = tmp_path / "module"
    module.write_bytes(b"this is no archive\n" * 1000)
    assert not_started(build, module) == "not of the format ustar"
    module.write_bytes(bytes(8192))
    assert not_started(build, module) == NO_ROOT


def test_archive_without_root(build, tmp_path):
    module = make_tar(tmp_path / "module", hello=program_file(build, "hello"))
    assert not_started(build, module) == NO_ROOT


def put(data, at, form, value):
    data = bytearray(data)
    struct.pack_into(form, data, at, value)
    return bytes(data)


# System V ABI, figures 4-3 and 5-1: e_machine, e_entry, e_phoff, e_phnum; of the first program
# header p_offset, p_vaddr, p_filesz.
MACHINE, ENTRY, HEADERS, COUNT = 18, 24, 28, 44
OFFSET, ADDRESS, IN_FILE = 52 + 4, 52 + 8, 52 + 16


@pytest.mark.parametrize(
    "damage, said",
    [
        (lambda root: b"", "no ELF file"),
        (lambda root: root[:40], "no ELF file"),
        (lambda root: root[:100], "its program headers are not inside the file"),
        (lambda root: root[: len(root) // 2], "a segment is not inside the file"),
        (lambda root: b"\x7fELG" + root[4:], "no ELF file"),
        (lambda root: put(root, MACHINE, "<H", 62), "not for the i386"),
        (
            lambda root: put(root, COUNT, "<H", 0xFFFF),
            "its program headers are not inside the file",
        ),
        (
            lambda root: put(root, HEADERS, "<I", 0xFFFFFFF0),
            "its program headers are not inside the file",
        ),
        (lambda root: put(root, OFFSET, "<I", 0xFFFFF000), "a segment is not inside the file"),
        (
            lambda root: put(root, IN_FILE, "<I", 0xFFFFFFFF),
            "a segment has more bytes in the file than in memory",
        ),
        (lambda root: put(root, ADDRESS, "<I", 0xC0100000), "a segment is not inside user space"),
    ],
)
def test_damaged_root(damage, said, build, tmp_path):
    module = make_tar(tmp_path / "module", root=damage(program_file(build, "root")))
    assert not_started(build, module) == said


def test_damaged_archive(build, tmp_path):
    """A header's checksum is wrong; or the archive is cut in the midst of root."""
    whole = (build / "user.tar").read_bytes()
    module = tmp_path / "module"
    module.write_bytes(put(whole, 0, "<B", whole[0] ^ 1))
    assert not_started(build, module) == "wrong checksum"
    make_tar(module, root=program_file(build, "root"))
    module.write_bytes(module.read_bytes()[:2048])
    assert not_started(build, module) == "larger than the archive"


def test_root_that_faults(build, tmp_path):
    """It has no pager: the kernel says so, and a failure it is."""
    root = program_file(build, "root")
    offset, address = struct.unpack_from("<II", root, OFFSET)
    entry = struct.unpack_from("<I", root, ENTRY)[0] - address + offset
    module = make_tar(tmp_path / "module", root=put(root, entry, "<H", 0x0B0F))  # ud2
    boot = run(Machine(append="selftest=none run=hello", module=module), build)
    assert boot.status == FAIL, boot.final_report
    assert re.search(r"^task 1: exception 6 at 0x[0-9a-f]{8}, .*no pager", boot.text, re.M)
    assert "[9] first task: root has ended" in boot.text, boot.final_report


@pytest.mark.parametrize("words", [1, 2, 7, 20])
def test_exit_status(words, build):
    """args ends with the number of its words."""
    boot = run_program(build, " ".join(["args"] + ["x"] * (words - 1)))
    assert ended(boot) == ("args", words), boot.final_report
    assert boot.status == of_program(words), boot.final_report
