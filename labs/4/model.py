"""What the contract says of who runs: run queues and wait queues with names for threads."""


class Model:
    """`running`: a name, or None for the idle thread."""

    def __init__(self, queues):
        self.running, self.marked = None, False
        self.priority, self.ready = {}, []  # ready: names, in the order in which they became so
        self.waiting = [[] for _ in range(queues)]

    def starts(self, name, priority):
        self.priority[name] = priority
        self.becomes_ready(name)

    def becomes_ready(self, name):
        self.ready.append(name)
        if self.running and self.priority[name] > self.priority[self.running]:
            self.marked = True

    def next_runs(self):
        """max() takes the first of equals."""
        self.marked = False
        self.running = max(self.ready, key=self.priority.get, default=None)
        if self.running:
            self.ready.remove(self.running)

    def idle_yields(self):
        self.next_runs()

    def looks(self, what):
        if what == "yield" or self.marked:
            self.ready.append(self.running)
            self.next_runs()

    def sleeps(self, index):
        self.waiting[index].append(self.running)
        self.next_runs()

    def wakes(self, index, most):
        woken, self.waiting[index] = self.waiting[index][:most], self.waiting[index][most:]
        for name in woken:
            self.becomes_ready(name)

    def ends(self):
        self.next_runs()
