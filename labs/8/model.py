"""What the contract says of messages: endpoints with names for threads."""


class Model:
    """`waiting`: names of threads whose calls have not returned.  `returned`: {name: (error,
    words)} of those that have since somebody looked.  `owed`: {server: {slot: caller}}.
    """

    def __init__(self, endpoints, slots):
        self.queue = [[] for _ in range(endpoints)]  # (name, "send", "call" or "receive", what)
        self.waiting, self.returned = set(), {}
        self.slots, self.owed = slots, {name: {} for name in slots}

    def free_slots(self, name):
        return self.slots[name] - set(self.owed[name])

    def returns(self, name, error="", say=None):
        self.waiting.discard(name)
        self.returned[name] = (error, say)

    def first(self, index, receivers):
        """Who has waited longest, if it is one of these."""
        line = self.queue[index]
        return line[0] if line and (line[0][1] == "receive") == receivers else None

    def sends(self, name, index, say, calls, polls):
        self.waiting.add(name)
        while self.first(index, True):
            receiver, _, slot = self.queue[index].pop(0)
            if self.delivered(name, receiver, slot, say, calls):
                return
        if polls:
            self.returns(name, "EAGAIN")
        else:
            self.queue[index].append((name, "call" if calls else "send", say))

    def delivered(self, sender, receiver, slot, say, calls):
        """False: the receiver has no room for the right to answer."""
        if calls and not slot:
            self.returns(receiver, "ENOSLOT")
            return False
        self.returns(receiver, "", say)
        if calls:
            self.owed[receiver][slot] = sender
        else:
            self.returns(sender)
        return True

    def receives(self, name, index, slot, polls):
        self.waiting.add(name)
        if found := self.first(index, False):
            sender, kind, say = found
            if self.delivered(sender, name, slot, say, kind == "call"):
                self.queue[index].pop(0)
        elif polls:
            self.returns(name, "EAGAIN")
        else:
            self.queue[index].append((name, "receive", slot))

    def replies(self, name, slot, index, say, polls):
        """And receives at an endpoint, unless `index` is None."""
        self.returns(self.owed[name].pop(slot), "", say)
        if index is None:
            self.returns(name)
        else:
            self.receives(name, index, slot, polls)
