"""Objects and handles of the model."""

SEND, RECEIVE, MANAGE, GRANT = 1, 2, 4, 8
ALL = 15


class Object:
    kind = None

    def __init__(self):
        self.dead = False
        self.handles = 0
        self.receivers = 0


class System(Object):
    kind = "system"


class Endpoint(Object):
    kind = "endpoint"

    def __init__(self, creator):
        super().__init__()
        self.creator = creator
        self.queue = []  # all in SEND or all in RECV


class Notification(Object):
    kind = "notification"

    def __init__(self, creator):
        super().__init__()
        self.creator = creator
        self.bits = 0
        self.waiters = []
        self.bound = None  # thread
        self.due = None  # bit that its timer will raise soon
        self.timer_bit = 0


class Task(Object):
    kind = "task"

    def __init__(self, space, slots, max_prio, number):
        super().__init__()
        self.space = space
        self.slots = slots
        self.max_prio = max_prio
        self.number = number
        self.table = {}
        self.threads = []
        self.pager = None
        self.pager_badge = 0
        self.on_end = None
        self.on_end_bit = 0
        self.has_io = False
        # What it has made and ends with it: endpoints, notifications, tasks of which no thread has
        # been started.
        self.owned = []
        self.creator = None

    def stands_alone(self):
        if self.creator:
            self.creator.owned.remove(self)
            self.creator = None

    def is_free(self, slot):
        return 0 < slot < self.slots and slot not in self.table


class Thread(Object):
    kind = "thread"

    def __init__(self, task, prio, worker=None):
        super().__init__()
        self.task = task
        self.prio = prio
        self.worker = worker  # its number; None: never runs
        self.started = worker is not None
        self.stopped = False
        self.state = "RUN"  # SEND REPLY RECV NOTE
        self.waits_for = None
        self.short = False  # its time-out ends soon
        self.number = 0  # of its call
        self.bound = None  # notification
        self.message_at = None
        # Of the call under way:
        self.calls = False
        self.message = None
        self.badge = 0
        self.places = []
        self.reply_slot = 0
        self.mask = 0
        self.held = None  # an answer that waits for START


class Handle:
    __slots__ = ("object", "rights", "badge", "number")

    def __init__(self, target, rights, badge=0, number=None):
        self.object = target
        self.rights = rights
        self.badge = badge
        self.number = number  # of the call, in a reply handle

    @property
    def is_reply(self):
        return self.number is not None
