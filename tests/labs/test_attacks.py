"""Answers that want points without the work.  Each runs, and earns nothing in the test that asks."""

import pytest

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


@pytest.mark.parametrize("name", ATTACKS)
def test_earns_nothing(teacher, name):
    lab1 = teacher(1)
    where = lab1.hand_in(bootmem=lambda _: ATTACKS[name])
    report = lab1.grade(where, "zeroed", "aligned", "lowest_at_goal", "handover", "figures")
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


def test_the_host_is_not_seen(teacher, tmp_path):
    """In the sandbox, where the compiler runs: nothing of the host but /usr and what it is given."""
    from grader import sandbox
    import subprocess

    secret = tmp_path / "secret"
    secret.write_text("x")
    seen = subprocess.run(
        [
            *sandbox.prefix(),
            "sh",
            "-c",
            f"ls {secret} /home /root /work; cat /etc/passwd; echo > /usr/x",
        ],
        capture_output=True,
        text=True,
    )
    assert not seen.stdout and seen.returncode, seen.stdout
