"""The invariants of objects and handles, of threads in calls, and of run queues that can be judged
from outside (among 53 to 69).
"""

import collections

from kernelview import locks, objects, threads
from kernelview.user import tasks

NUMBERS = (55, 56, 57, 60, 61, 62, 64, 65, 66, 68)


# ---- Objects, handles, threads: objects_lock ----


class World:
    """Every object, read once."""

    def __init__(self, machine):
        self.machine = machine
        self.tasks = tasks.all_tasks(machine)
        self.threads = tasks.all_user_threads(machine)
        self.endpoints = tasks.all_endpoints(machine)
        self.notifications = tasks.all_notifications(machine)
        self.by_task = {task.address: task for task in self.tasks}
        self.by_thread = {thread.address: thread for thread in self.threads}
        self.handles = [h for task in self.tasks for h in tasks.handles_of(machine, task)]
        self.system = machine.var("system_object")

    def things(self):
        return self.tasks + self.threads + self.endpoints + self.notifications

    def headers(self):
        """Every struct object by its address."""
        found = {thing.address_of("object"): thing.object for thing in self.things()}
        return found | {self.system.address: self.system}

    def thread(self, thread):
        return tasks.thread_words(self.machine, thread)


def check_objects(machine, report, _frames):
    if locks.held(machine, "objects_lock", report, "objects and threads in calls", NUMBERS):
        return
    world = World(machine)
    if not world.tasks:
        return
    for judge in (
        check_counts,
        check_ended,
        check_queues,
        check_waiting,
        check_replies,
        check_partners,
        check_timeouts,
        check_bound,
        check_lists,
        check_charged,
    ):
        judge(world, report)


def check_counts(world, report):
    """55: what an object counts is what leads to it."""
    machine = world.machine
    headers, reply = world.headers(), machine.constants["RIGHT_REPLY"]
    handles, receivers = collections.Counter(), collections.Counter()
    for handle in world.handles:
        report.look(55)
        leads = handle.raw.object
        if leads not in headers:
            words = f"slot {handle.slot} of task {handle.task.number} leads to {leads:#010x}"
            report.broken(55, f"{words}, where no object is")
        handles[leads] += 1
        receivers[leads] += bool(handle.raw.rights & machine.constants["RIGHT_RECEIVE"])
        if handle.raw.rights & reply and leads not in {
            t.address_of("object") for t in world.threads
        }:
            report.broken(
                55, f"slot {handle.slot} of task {handle.task.number} answers no thread's call"
            )
    known = known_holds(world)
    for address, header in headers.items():
        for what, counted, found in (
            ("handles", header.handles, handles[address]),
            ("receive handles", header.receivers, receivers[address]),
        ):
            if counted != found:
                words = tasks.object_words(machine, address)
                report.broken(55, f"{words} counts {counted} {what}, there are {found}")
        if header.holds < known[address]:
            words = tasks.object_words(machine, address)
            report.broken(55, f"{words} counts {header.holds} holds, {known[address]} are known")


def known_holds(world):
    """Those that other objects have; calls under way have more."""
    holds = collections.Counter()
    for thread in world.threads:
        if thread.waits_for:
            holds[thread.waits_for] += 1
        if tasks.ran_once(thread) and thread.task in world.by_task and joined(thread):
            holds[world.by_task[thread.task].address_of("object")] += 1
    for task in world.tasks:
        if tasks.is_listed(task) and not task.reaped:
            holds[task.address_of("object")] += 1
            for companion in filter(None, (task.pager, task.on_end)):
                holds[companion] += 1
    for notification in world.notifications:
        holds[notification.address_of("object")] += bool(notification.bound)
    return holds


def joined(thread):
    return thread.in_task.next != thread.address_of("in_task")


def check_ended(world, report):
    """56"""
    for task in world.tasks:
        if not tasks.is_listed(task) and task.object.dead:
            report.look(56)
            if task.account.used:
                report.broken(
                    56, f"task {task.number} has ended, its account is {task.account.used} bytes"
                )


def queues(world):
    """Each queue: object, the states of those that may wait there, threads."""
    for endpoint in world.endpoints:
        waiting = tasks.queued(world.machine, endpoint, "queue")
        yield endpoint, ("SEND", "RECV"), waiting
    for notification in world.notifications:
        yield notification, ("NOTE",), tasks.queued(world.machine, notification, "waiters")


def check_queues(world, report):
    """57, 60: who stands in a queue waits there; all for the same."""
    for thing, allowed, waiting in queues(world):
        report.look(57)
        states = {tasks.state_of(thread) for thread in waiting}
        words = tasks.object_words(world.machine, thing.address_of("object"))
        if len(states & set(allowed)) > 1:
            report.broken(57, f"{words} queues {' and '.join(sorted(states))}")
        for thread in waiting:
            report.look(60)
            if tasks.state_of(thread) not in allowed:
                report.broken(
                    60,
                    f"{world.thread(thread)} is in {tasks.state_of(thread)}, and in the queue of {words}",
                )
            if thread.waits_for != thing.address_of("object"):
                other = tasks.object_words(world.machine, thread.waits_for)
                report.broken(
                    60, f"{world.thread(thread)} is in the queue of {words}, and waits for {other}"
                )


def check_waiting(world, report):
    """60: who waits stands in one queue; nobody else does."""
    places = collections.Counter(t.address for _, _, waiting in queues(world) for t in waiting)
    for thread in world.threads:
        report.look(60)
        state, wanted = tasks.state_of(thread), 0
        if state in ("SEND", "RECV", "NOTE"):
            wanted = 1
        if places[thread.address] != wanted:
            report.broken(
                60, f"{world.thread(thread)} is in {state}, and in {places[thread.address]} queues"
            )
        if thread.waits_for and state in ("RUN", "REPLY"):
            report.broken(60, f"{world.thread(thread)} is in {state}, and holds what it waits for")


def check_replies(world, report):
    """61: a call is answered once, by one handle."""
    answers = collections.Counter()
    for handle in world.handles:
        if not tasks.is_reply(world.machine, handle):
            continue
        report.look(61)
        where = f"slot {handle.slot} of task {handle.task.number}"
        thread = next(
            (t for t in world.threads if t.address_of("object") == handle.raw.object), None
        )
        if not thread:
            continue
        if handle.number > thread.call_number:
            report.broken(
                61,
                f"{where} answers call {handle.number} of {world.thread(thread)}, whose last is {thread.call_number}",
            )
        elif handle.number == thread.call_number:
            answers[thread.address] += 1
            if tasks.state_of(thread) not in ("REPLY", "ACTIVE", "PASSIVE"):
                report.broken(
                    61,
                    f"{where} answers the call of {world.thread(thread)}, which is in {tasks.state_of(thread)}",
                )
    for thread in world.threads:
        if tasks.state_of(thread) == "REPLY" and answers[thread.address] != 1:
            report.broken(
                61,
                f"{world.thread(thread)} waits for an answer, {answers[thread.address]} handles give it",
            )


def check_partners(world, report):
    """62"""
    for thread in world.threads:
        state = tasks.state_of(thread)
        moving = state in ("ACTIVE", "PASSIVE")
        if moving or thread.partner:
            report.look(62)
        if moving != bool(thread.partner):
            words = "has none" if moving else "has a partner"
            report.broken(62, f"{world.thread(thread)} is in {state}, and {words}")
            continue
        partner = world.by_thread.get(thread.partner)
        if moving and (not partner or partner.partner != thread.address):
            report.broken(62, f"{world.thread(thread)} is in {state}, its partner has another")
        elif moving and {state, tasks.state_of(partner)} != {"ACTIVE", "PASSIVE"}:
            report.broken(62, f"{world.thread(thread)} and its partner are both in {state}")


def is_pending(timeout):
    return timeout.node.next != timeout.address_of("node")


def check_timeouts(world, report):
    """64"""
    for thread in world.threads:
        report.look(64)
        if is_pending(thread.timeout) and tasks.state_of(thread) == "RUN":
            report.broken(64, f"{world.thread(thread)} waits for nothing, and has a time-out")
    for notification in world.notifications:
        if is_pending(notification.timer) and notification.object.dead:
            report.broken(64, f"notification {notification.address:#010x} is dead, and has a timer")


def check_bound(world, report):
    """65"""
    by_address = {n.address: n for n in world.notifications}
    pairs = [(t, by_address.get(t.bound), t.bound) for t in world.threads]
    pairs += [(n, world.by_thread.get(n.bound), n.bound) for n in world.notifications]
    for thing, other, leads in pairs:
        if not leads:
            continue
        report.look(65)
        words = tasks.object_words(world.machine, thing.address_of("object"))
        if not other or other.bound != thing.address:
            report.broken(65, f"{words} is bound to what is not bound to it")
        elif thing.object.dead:
            report.broken(65, f"{words} is dead, and bound")


def check_lists(world, report):
    """66: a task's threads."""
    for task in world.tasks:
        report.look(66)
        listed = world.machine.list_objects(
            task.address_of("threads"), "struct user_thread", "in_task"
        )
        if len(listed) != task.threads_alive:
            report.broken(
                66,
                f"task {task.number} counts {task.threads_alive} threads, {len(listed)} are listed",
            )
        for thread in listed:
            state = tasks.state_of(thread)
            if thread.task != task.address:
                report.broken(66, f"{world.thread(thread)} is in the list of task {task.number}")
            if thread.thread.priority != thread.base_priority and state != "ACTIVE":
                report.broken(
                    66,
                    f"{world.thread(thread)} is in {state} with priority {thread.thread.priority}, "
                    f"its own is {thread.base_priority}",
                )


def check_charged(world, report):
    """68: objects and the task that is charged for them."""
    machine, owned = world.machine, {}
    for task in world.tasks:
        for node in machine.list_nodes(task.address_of("owned")):
            owned[node - objects.layout("struct object")["owned"][0]] = task
    for task in world.tasks:  # charged to themselves
        owned.pop(task.address_of("object"), None)
    for thing in world.endpoints + world.notifications:
        report.look(68)
        address = thing.address_of("object")
        words, task = tasks.object_words(machine, address), owned.pop(address, None)
        if thing.object.charged != (task.address if task else 0):
            charged = tasks.task_words(machine, thing.object.charged)
            listed = f"task {task.number}" if task else "no task"
            report.broken(68, f"{words} is charged to {charged}, and in the list of {listed}")
    for address, task in owned.items():
        report.broken(68, f"task {task.number} lists {address:#010x}, where no such object is")


# ---- Run queues: their locks ----


def check_run_queues(machine, report, _frames):
    """63"""
    moving = {"finish_switch", "make_ready", "sched_move", "lock_queue_of"}
    everyone = threads.all_threads(machine)
    listed = collections.Counter()
    for cpu in machine.cpu_numbers:
        queue = machine.percpu("run_queue", cpu)
        if locks.taken(queue.lock):
            owner = f"it is held by CPU {queue.lock.owner}"
            report.leave(f"the run queue of CPU {cpu}", (63,), owner)
            return
        if queue.current:
            report.look(63)
            check_run_queue(machine, report, cpu, queue, listed)
    if any(thread.running_on and threads.functions(thread) & moving for thread in everyone):
        report.leave("threads that are ready", (63,), "a CPU is moving one")
        return
    for thread in everyone:
        if thread.state == "ready" and not thread.idle and listed[thread.address] != 1:
            words = f"thread {thread.name} ({thread.address:#010x}) is ready"
            report.broken(63, f"{words}, and in {listed[thread.address]} queues")


def check_run_queue(machine, report, cpu, queue, listed):
    first = objects.layout("struct run_queue")["ready"][0] + queue.address
    for priority in range(len(queue.ready)):
        found = machine.list_objects(first + 8 * priority, "struct thread", "node")
        if bool(found) != bool(queue.ready_mask >> priority & 1):
            report.broken(
                63,
                f"CPU {cpu}: {len(found)} threads of priority {priority} are ready, the mask is {queue.ready_mask:#x}",
            )
        for thread in found:
            listed[thread.address] += 1
            said = (threads.STATES.get(thread.state), thread.priority, thread.cpu)
            if said != ("ready", priority, cpu):
                report.broken(
                    63,
                    f"thread {thread.address:#010x} is ready on CPU {cpu} with priority {priority}, "
                    f"and says {said[0]}, priority {said[1]}, CPU {said[2]}",
                )


CHECKS = [  # as those of check.py
    ("objects and threads in calls", NUMBERS, "mem_map", check_objects),
    ("run queues", (63,), "kernel_pgd", check_run_queues),
]
