"""The benchmarks: that a boot prints every key, the same twice; and the tables, the file and the
comparison made of it.
"""

import re

import pytest

import bench
import boots
import figures
import linux_kernels
import tables
from qemu import FAIL, PASS, Machine, run

BOTH = pytest.mark.parametrize("kernel", ["2level", "pae"])


def boot(kernel, build, what, cpus=1, memory="3G", more=""):
    append = f"bench{what} {more}".strip()
    return run(
        Machine(kernel, memory=memory, smp=str(cpus), append=append, extra=list(boots.EXACT)), build
    )


# ---- Boots ----


@BOTH
def test_two_runs_print_the_same_digits(kernel, build):
    first, second = (boot(kernel, build, "=quick") for _ in range(2))
    assert first.status == PASS, first.final_report
    assert first.text == second.text


@BOTH
def test_every_key_with_a_target_is_measured(kernel, build):
    for cpus, variant in {(goal.cpus, goal.variant) for goal in tables.TARGETS}:
        if variant == ".user":
            continue  # below
        wanted = {
            goal.key for goal in tables.TARGETS if (goal.cpus, goal.variant) == (cpus, variant)
        }
        wanted |= {"calib.loop1000000", "kmap.million"}
        ended = boot(
            kernel,
            build,
            "=quick," + ",".join(sorted(wanted)),
            cpus,
            more=bench.LAZY if variant else "",
        )
        assert ended.status == PASS, ended.final_report
        measured = figures.parse(ended.text)
        assert measured.tag == f"tarn.{kernel}.smp{cpus}{variant}"
        assert all(measured.value(key) for key in wanted), ended.final_report
        assert measured.figures["calib.loop1000000"].mean == pytest.approx(2, abs=0.01)


@BOTH
def test_every_key_of_programs_with_a_target_is_measured(kernel, build, tmp_path):
    measured = boots.every(bench.boots_of_programs(kernel, "user"), build, tmp_path, jobs=1)
    measured = measured[f"tarn.{kernel}.smp1.user"]
    for goal in (goal for goal in tables.TARGETS if goal.variant == ".user"):
        value = measured.value(goal.key)
        most = goal.most[tables.KERNELS.index(kernel)]
        assert value and value <= most, f"{goal.key}: {value} instructions, at most {most}"


def test_the_end_is_the_last_line_and_no_test_runs(build):
    ended = boot("2level", build, "=calib.empty")
    assert ended.status == PASS, ended.final_report
    assert ended.text.rstrip().split("\n")[-1] == "BENCH-END tarn.2level.smp1"
    assert "\n1..0\n" in ended.text
    # What was chosen, and the whole of the form.
    line = r"^BENCH tarn\.2level\.smp1 calib\.empty 100000 \d+ 1000 \d+( \w+=\d+\.\d{3})+$"
    assert re.search(line, ended.text, re.M), ended.text
    assert figures.parse(ended.text).keys() == ["calib.empty"]


def test_tests_run_too_if_asked_for(build):
    ended = boot("2level", build, "=calib.empty", more="selftest=lib")
    assert (
        re.search(r"^ok 1 - lib\.", ended.text, re.M) and ended.status == PASS
    ), ended.final_report
    assert ended.text.rstrip().endswith("BENCH-END tarn.2level.smp1")


def test_unknown_keys_are_named_with_the_list(build):
    ended = boot("2level", build, "=nosuch,calib.empty,kmapp")
    assert ended.status == FAIL, ended.final_report
    for word in ("nosuch", "kmapp"):
        assert f"command line: bench={word} ignored" in ended.text
    assert "\n  kmap.pair_wrap\n" in ended.text
    assert figures.parse(ended.text).keys() == ["calib.empty"]


def test_until_leaves_no_room(build):
    """Figures that were asked for and not had are a failure."""
    ended = boot("2level", build, "", more="until=5", memory="64M")
    assert (
        "bench: nothing is measured" in ended.text and "BENCH" not in ended.text
    ), ended.final_report
    assert ended.status == FAIL, ended.final_report


def test_a_small_machine_leaves_out_what_it_cannot(build):
    ended = boot("2level", build, "=quick", memory="48M")
    assert ended.status == PASS, ended.final_report
    measured = figures.parse(ended.text)
    assert measured.infos["kmap.pair_wrap"] == "left out: too little high memory"
    assert measured.infos["page.o9.kernel.bulk_free"] == "left out: too little memory"
    assert measured.value("page.o0.kernel.pair") and measured.ended


def test_events_are_counted(build):
    """On four CPUs a full flush is four flushes and three interrupts; a pair of atomic maps one
    invlpg.
    """
    ended = boot(
        "2level", build, "=quick,tlb.flush_all_cpus,kmap_atomic.pair,kmap.pair_wrap", cpus=4
    )
    measured = figures.parse(ended.text).figures
    # An idle CPU may make then a flush that was pending from before.
    assert measured["tlb.flush_all_cpus"].events["full_flushes"] == pytest.approx(4000, abs=4)
    assert measured["tlb.flush_all_cpus"].events["ipis"] == 3000
    assert measured["kmap_atomic.pair"].events["invlpg"] >= 1000
    assert measured["kmap.pair_wrap"].events["rounds"] > 0


def test_curves(build):
    ended = boot("2level", build, "=quick,curves.kmap_cpus,curves.call_cpus", cpus=2)
    assert figures.parse(ended.text).keys() == [
        f"curves.{name}_cpus.{n}" for name in ("call", "kmap") for n in (1, 2)
    ]


# ---- Reading ----

LOG = """
[    1.5] BENCH t.2level.smp1 kmap.pair_wrap 1000 0x30d40 100 19000 ipis=2.900 rounds=0.966\r
DIST t.2level.smp1 kmap.each n=10 min=1 p50=2 p90=3 p99=4 max=500
INFO t.2level.smp1 ipi.single_cpu1 left out: one CPU
BENCH-END t.2level.smp1
"""


def test_lines_are_read():
    read = figures.parse(LOG)
    assert (read.tag, read.ended, read.value("kmap.pair_wrap"), read.value("kmap.each")) == (
        "t.2level.smp1",
        True,
        200,
        500,
    )
    assert read.figures["kmap.pair_wrap"].events == {"ipis": 2.9, "rounds": 0.966}
    assert read.infos == {"ipi.single_cpu1": "left out: one CPU"}
    assert read.value("nothing") is None and not figures.parse(LOG.replace("BENCH-END", "")).ended


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "BENCH t key 0 0 0 0",
        "BENCH t key 1 2",
        "BENCH t key a b c d",
        "BENCH t key 1 2 3 4 ipis",
        "DIST t key n=1 max=many",
    ],
)
def test_damaged_lines_are_named(bad):
    with pytest.raises(figures.BadLine):
        figures.parse(bad)


def test_a_run_survives_its_file(tmp_path):
    read = figures.parse(LOG)
    figures.save([read], tmp_path / "run.json")
    assert figures.load(tmp_path / "run.json") == {read.tag: read}


# ---- Tables ----


def made(tag, **means):
    return figures.Run(
        tag,
        {
            key.replace("__", "."): figures.Figure(100, int(mean * 100), 100, 1)
            for key, mean in means.items()
        },
    )


def test_a_target_without_a_figure_of_linux_is_drawn_without_one():
    for kernel in range(len(tables.KERNELS)):
        found = dict(zip([goal.key for goal in tables.TARGETS], tables.linux_figures(kernel)))
        assert found["user.syscall_null"] == 338 and found["user.signal_wait"] == 0


def test_targets_are_judged():
    runs = {
        "tarn.2level.smp1": made(
            "tarn.2level.smp1", kmap__pair_wrap=201, kmap__pair_hit=70, kmap__pair_64free=299
        ),
        "tarn.pae.smp1": made("tarn.pae.smp1", pt__pgd_pair=399),
    }
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells]
        for line in tables.targets_table(runs).split("\n")
        if len(cells := line.split("|")) > 5
    }
    assert rows["kmap.pair_wrap"][3:6] == ["201.0", "200.0", "ABOVE"]
    assert rows["kmap.pair_hit"][5] == "stretch" and rows["kmap.pair_64free"][5] == "ok"
    assert rows["pt.pgd_pair"][3] == "-" and rows["pt.pgd_pair"][6:9] == ["399.0", "400.0", "ok"]
    assert tables.above_target(runs) == ["2level kmap.pair_wrap"]


MILLION = pytest.mark.parametrize(
    "variant, key, rounds, ipis, verdict",
    [
        ("", "kmap.million", 0.976, 2.94, "ok"),
        ("", "kmap.million", 0.979, 2.94, "ok"),
        ("", "kmap.million", 0.981, 2.94, "ABOVE"),
        ("", "kmap.million", 0.976, 3.0, "ABOVE"),
        (".tables7", "kmap.million", 0.140, 0.42, "ok"),
        (".tables7", "kmap.million", 0.141, 0.46, "ABOVE"),
        (".lazy", "kmap.million_switching", 15.6, 0.03, "ok"),
        (".lazy", "kmap.million_switching", 15.6, 0.04, "ABOVE"),
    ],
)


@MILLION
def test_rounds_are_judged(variant, key, rounds, ipis, verdict):
    run = figures.Run(
        f"tarn.2level.smp4{variant}",
        {key: figures.Figure(1000000, 1, 1, 1, {"rounds": rounds, "ipis": ipis})},
    )
    row = tables.rounds_table({run.tag: run}).split("\n")[2]
    assert row.rstrip(" |").endswith(verdict) and f" {rounds * 1000:.0f} " in row, row


def test_a_table_is_markdown():
    assert tables.table(["key", "n"], [["a", 1]]) == "| key |   n |\n|-----|----:|\n| a   |   1 |"


# ---- Comparing ----


def one(mean, **more):
    return {"t": made("t", kmap__pair_hit=mean, **more)}


def test_growth_is_named():
    text, grew = tables.diff_text(one(100, a=5), one(110, a=4))
    assert (
        grew
        and "grew: t kmap.pair_hit: 100.0 -> 110.0 (+10.0 %)" in text
        and "1 grew, 1 shrank" in text
    )


def test_the_worst_growth_comes_first():
    text, _ = tables.diff_text(one(100, a=10), one(110, a=30))
    assert text.index("t a:") < text.index("t kmap.pair_hit:")


def test_no_growth_passes():
    assert tables.diff_text(one(100), one(100.2)) == (
        "1 values compared: 0 grew, 0 shrank, 0 keys are gone",
        False,
    )
    assert not tables.diff_text(one(100), one(90, b=1))[1]


def test_what_is_gone_or_cannot_be_compared_fails():
    assert tables.diff_text(one(100, a=1), one(100)) == (
        "gone: t a\n1 values compared: 0 grew, 0 shrank, 1 keys are gone",
        True,
    )
    assert tables.diff_text({}, one(1))[1]


def test_more_interrupts_are_growth():
    old, new = one(100), one(100)
    old["t"].figures["kmap.pair_hit"].events = {"ipis": 3.0}
    new["t"].figures["kmap.pair_hit"].events = {"ipis": 6.0}
    text, grew = tables.diff_text(old, new)
    assert grew and "kmap.pair_hit ipis/1000: 3.0 -> 6.0" in text


# ---- Beside Linux ----


def test_ratios():
    ours = {
        "tarn.2level.smp1": made(
            "tarn.2level.smp1", kmap__pair_wrap=100, kmap__pair_hit=100, own=1, calib__empty=2
        )
    }
    theirs = {
        "linux.2level.smp1": made(
            "linux.2level.smp1", kmap__pair_wrap=400, kmap__pair_hit=100, other=1, calib__empty=2
        )
    }
    text = bench.linux_text(ours, theirs)
    assert re.search(r"\| kmap\.pair_wrap +\| +100\.0 \| +400\.0 \| +4\.00 \|", text), text
    assert (
        re.search(r"\| geometric mean .* 2\.00 \|", text)
        and "over the 2 figures that have a target: 2.00" in text
    )
    assert "own" not in text and "calib" not in text


def test_initramfs_is_a_cpio_archive():
    archive = linux_kernels.initramfs({"init": b"abcde"})
    assert archive == linux_kernels.initramfs({"init": b"abcde"}) and len(archive) % 4 == 0
    assert archive.count(b"070701") == 6 and b"TRAILER!!!\0" in archive
    at = archive.index(b"init\0")
    head = archive[at - 110 : at]
    assert int(head[54:62], 16) == 5 and int(head[94:102], 16) == 5
    assert archive[at + 6 : at + 11] == b"abcde"


def test_linux_is_measured_again_when_something_changes(monkeypatch):
    before = linux_kernels.digest()
    assert linux_kernels.digest() == before
    monkeypatch.setattr(linux_kernels, "LEAN", "mitigations=auto")
    assert linux_kernels.digest() != before
