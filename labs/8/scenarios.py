"""Lab 8: messages, judged by what calls return, when, and in which order.

What the threads call the host decides (partners.py), and it reads what has arrived: registers in
the threads' frames, words in their message pages.  The tests stand in exchange.py, waiting.py and
transfers.py; here is the one of all together.
"""

import random

from .exchange import FIFO, answers, once, order, receiver_waits, sender_waits, server, words
from .model import Model
from .scene import Scene
from .transfers import direct, faults, items, let_go, no_slot, notes
from .waiting import deaths, polls, time_outs

__all__ = [
    "words",
    "sender_waits",
    "receiver_waits",
    "order",
    "answers",
    "once",
    "server",
    "polls",
    "time_outs",
    "deaths",
    "no_slot",
    "notes",
    "items",
    "direct",
    "let_go",
    "faults",
    "mix",
]

OPERATIONS = 200
MIXED = "no message is lost, doubled, or taken by another thread than the first that waits; " + FIFO


def mix(m):
    """Six threads at two endpoints; a model says which calls return, and with what."""
    stage, rng = Scene(m, "A B C D E Z"), random.Random(m.seed)
    second = stage.endpoint(stage.all[0])
    at = {p.name: (stage.at[p.name], stage.to_endpoint(p, second)) for p in stage.all}
    slots = {p.name: [stage.reply_slot(p) for _ in range(3)] for p in stage.all}
    model = Model(2, {name: set(mine) for name, mine in slots.items()})
    with stage.about(MIXED, "ipc.c", "reply.c", "endpoint.h"):
        for _ in range(OPERATIONS):
            operation(stage, model, rng, at)
            stage.rest()
            expect_model(stage, model)


def operation(stage, model, rng, at):
    """By a thread that is free; the last one never waits, so that there always is one."""
    free = [p for p in stage.all if p.name not in model.waiting]
    partner = rng.choice(free)
    name, index, say = partner.name, rng.randrange(2), stage.fresh(rng.choice((2, 2, 4)))
    polls_ = partner is stage.all[-1] or rng.random() < 0.2
    timeout = stage.poll if polls_ else None
    owed = sorted(model.owed[name])
    if owed and rng.random() < 0.6:
        slot, receives = rng.choice(owed), rng.random() < 0.5
        endpoint = at[name][index] if receives else 0
        stage.reply(partner, slot, endpoint, say=say, timeout=timeout)
        model.replies(name, slot, index if receives else None, say, polls_)
    elif rng.random() < 0.5:
        slot = min(model.free_slots(name), default=0)
        stage.receive(partner, at[name][index], slot, timeout)
        model.receives(name, index, slot, polls_)
    elif polls_ or rng.random() < 0.3:
        stage.send(partner, at[name][index], say=say, timeout=timeout)
        model.sends(name, index, say, False, polls_)
    else:
        stage.call(partner, at[name][index], say=say)
        model.sends(name, index, say, True, False)


def expect_model(stage, model):
    returned, model.returned = model.returned, {}
    for partner in stage.all:
        if partner.name in returned:
            error, say = returned[partner.name]
            stage.expect(partner, stage.layout[error] if error else 0, say=say)
        elif partner.name in model.waiting:
            stage.expect_waits(partner)
