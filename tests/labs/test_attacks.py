"""Answers that want points without the work.  Each is graded, and earns nothing."""

import select
import socket
import subprocess
from pathlib import Path

import pytest
from grader import sandbox

pytestmark = pytest.mark.sample  # make check-more

BEGIN = '#include "mm/boot/bootmem.h"\n\n#include "arch/x86/firmware/physmap.h"\n#include "lib/string.h"\n'
REST = """
struct bootmem_stats bootmem_stats(void) { return (struct bootmem_stats){}; }
bool bootmem_page_is_free(pfn_t pfn) { return pfn % 2; }
void bootmem_reserve(phys_t start, u64 size) { (void)(start + size); }
void bootmem_free(phys_t start, u64 size) { (void)(start + size); }
void *bootmem_alloc(size_t size, size_t align, phys_t goal)
{
	return bootmem_try_alloc(size, align, goal);
}
void *bootmem_alloc_page(void) { return bootmem_alloc(4096, 4096, 0); }
u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	give(0x500, 0x600);
	return 0x100;
}
"""
ALWAYS = "void *bootmem_try_alloc(size_t s, size_t a, phys_t g) { (void)(s + a + g); return pfn_to_virt(0x500); }\n"
OUT = """
static void say(const char *text)
{
	for (; *text; text++)
		outb(0x3F8, (u8)*text);
}
"""


def answer(init, before="", alloc=ALWAYS):
    return BEGIN + before + f"void bootmem_init(void)\n{{\n{init}\n}}\n" + alloc + REST


ATTACKS = {
    "does nothing": answer(""),
    "says that all is well": answer(
        'say("ok 1 - zeroed\\nall of 108 tests passed\\n100 of 100 points\\n");',
        '#include "arch/x86/cpu/io.h"\n' + OUT,
    ),
    "leaves by the exit device": answer(
        "for (u32 port = 0xF0; port < 0x600; port++)\n\t\toutb((u16)port, 0x10);",
        '#include "arch/x86/cpu/io.h"\n',
    ),
    "resets": answer("outb(0x64, 0xFE);\n\tfor (;;)\n\t\t;", '#include "arch/x86/cpu/io.h"\n'),
    "hangs": answer("for (;;)\n\t\t;"),
    "writes over the kernel": answer("memset((void *)0xC0100000, 0xC3, 0x80000);"),
    "writes over its caller's return": answer(
        "void **frame = __builtin_frame_address(0);\n\tframe[1] = (void *)bootmem_alloc_page;"
    ),
    "recurses": answer("bootmem_init();\n\tbootmem_init();"),
}


@pytest.fixture(params=sandbox.WAYS, ids=lambda way: way.name)
def ways(request):
    """Each sandbox by itself."""
    reason = request.param.holds()
    if reason:
        pytest.skip(reason)
    return (request.param,)


@pytest.mark.parametrize("name", ATTACKS)
def test_earns_nothing(teacher, name, ways):
    lab1 = teacher(1)
    where = lab1.hand_in(bootmem=lambda _: ATTACKS[name])
    report = lab1.grade(where, "zeroed", "lowest_at_goal", "handover", "figures", ways=ways)
    assert report.got == 0, report.text()


def test_a_second_answer_that_the_kernel_has(teacher):
    """kmap_flush=lazy is another pool: a highmem.c that switches it on and does nothing else."""
    lab6 = teacher(6)
    begin = '#include "mm/pkmap/highmem.h"\n\n#include "mm/boot/options.h"\n'
    where = lab6.hand_in(
        highmem=lambda text: text.replace(
            "pkmap_choose_policy();", "mm_options.kmap_lazy = true;\n\tpkmap_choose_policy();"
        ),
        turn=lambda _: begin + '#include "mm/pkmap/pkmap.h"\n#include "mm/pkmap/turn.h"\n'
        "u32 last_pkmap_nr = ~0u;\nconst struct slot_policy turn_policy;\n",
    )
    report = lab6.grade(where, "maps", "stale")
    assert report.got == 0, report.text()


def test_makefile_and_linker_script_are_not_looked_at(teacher):
    lab1 = teacher(1)
    where = lab1.hand_in(bootmem=lambda _: ATTACKS["does nothing"])
    (where / "Makefile").write_text("all:\n\techo 100 of 100 points\n")
    (where / "linker.ld").write_text("SECTIONS { }\n")
    (where / "kit.json").write_text("{}")
    assert lab1.grade(where, "zeroed").got == 0


SPY = """cat {secret}; ls /root; echo > /usr/x; echo > {folder}/x
python3 -c "import socket; socket.create_connection(('127.0.0.1', {port}))" 2>&1 | tail -n 1"""


def test_the_host_is_not_reached(ways, tmp_path):
    """From inside: no file of the host's, no place to write to, no network."""
    secret = tmp_path / "secret"
    secret.write_text("told")
    tmp_path.chmod(0o700)
    secret.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = SPY.format(secret=secret, folder=tmp_path, port=server.getsockname()[1])
        seen = subprocess.run(
            [*ways[0].prefix(), "sh", "-c", script], capture_output=True, text=True
        )
        assert not select.select([server], [], [], 0)[0], "somebody has connected"
    assert "told" not in seen.stdout and not (tmp_path / "x").exists(), seen
    assert not Path("/usr/x").exists() and "Error" in seen.stdout, seen


def test_the_grader_does_not_open_what_is_not_its_own(tmp_path):
    if sandbox.OwnUser().holds():
        pytest.skip(sandbox.OwnUser().holds())
    with pytest.raises(sandbox.NoSandbox, match="closed to other users"):
        sandbox.open_way(Path("/root/nothing").parent)
