"""Lab 4: the switch, sleep and wake-up, judged by who runs when, with which registers and stack.

What the threads do the host decides, one call at a time (threads.py).  The tests stand in
switch.py, sleep.py and running.py; here is the one of all together.
"""

import random

from grader.verdict import Failure, expecting

from .model import Model
from .running import blocks, context, ends, preempted, slices
from .sleep import first_waiter, not_lost, sleeps, waiter_gone, woken_twice
from .switch import kept, priority, registers, turns
from .threads import ORDER, WAKE, Stage, call

__all__ = [
    "registers",
    "kept",
    "turns",
    "priority",
    "sleeps",
    "not_lost",
    "first_waiter",
    "waiter_gone",
    "woken_twice",
    "preempted",
    "slices",
    "ends",
    "blocks",
    "context",
    "mix",
]

NAMES = "abcdefgh"
TURNS = 12  # of each thread's


def mix(m):
    """Eight threads do at random what they can; a model says who runs next."""
    stage, rng = Stage(m), random.Random(m.seed)
    queues = [stage.queue() for _ in range(2)]
    model = Model(len(queues))

    def program(actor):
        waiter = stage.waiter()
        for _ in range(TURNS):
            expect_next(model, actor)
            what, index = rng.choice(WHAT), rng.randrange(len(queues))
            if what == "sleep":
                model.sleeps(index)
                yield call("wait_enqueue", queues[index], waiter)
                yield call("wait_sleep", waiter)
            elif what.startswith("wake"):
                model.wakes(index, 1 if what == "wake_up_one" else len(NAMES))
                yield call(what, queues[index])
            else:
                model.looks(what)
                yield call(what)
        expect_next(model, actor)
        model.ends()

    for name in NAMES:
        level = 14 + rng.randrange(3)
        model.starts(name, level)
        stage.thread(name, program, level)
    with expecting("eight threads do what they do", MIXED, ("sched.c", "wait.c", "ready.h")):
        finish_mix(stage, model, queues)
    stage.expect_all_ended()


WHAT = ["yield"] * 3 + ["sleep"] * 3 + ["wake_up_one"] * 3 + ["wake_up_all", "cond_resched"]
MIXED = "no thread is lost or run twice; " + ORDER


def finish_mix(stage, model, queues):
    """Whenever all sleep, the idle thread wakes some."""
    while True:
        model.idle_yields()
        stage.rest()
        if model.running is not None:
            raise Failure(
                f"{model.running} runs", "the idle thread, as if nobody were ready", MIXED, ORDERED
            )
        if not any(model.waiting):
            return
        for index, queue in enumerate(queues):
            model.wakes(index, len(NAMES))
            stage.boot("wake_up_all", queue)


ORDERED = ("enqueue", "pick_next", WAKE)


def expect_next(model, actor):
    if model.running != actor.name:
        raise Failure(
            f"{model.running or 'the idle thread'} runs next", f"{actor.name} runs", MIXED, ORDERED
        )
