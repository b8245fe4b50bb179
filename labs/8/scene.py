"""Threads and an endpoint, as the scenarios of lab 8 have them."""

from .partners import Stage

MARK = 0xDEAD0000  # what stands in a message page before


class Scene(Stage):
    """Some threads and an endpoint, to which each has handles."""

    def __init__(self, m, names):
        super().__init__(m)
        self.all = [self.partner(name) for name in names.split()]
        self.ep = self.endpoint(self.all[0])
        self.at = {p.name: self.to_endpoint(p, self.ep) for p in self.all}

    def sends(self, partner, say=(), **more):
        self.send(partner, self.at[partner.name], say=say, **more)
        self.rest()

    def calls(self, partner, say=(), **more):
        self.call(partner, self.at[partner.name], say=say, **more)
        self.rest()

    def receives(self, partner, reply=0, **more):
        self.receive(partner, self.at[partner.name], reply, **more)
        self.rest()

    def replies(self, partner, reply, say=(), receive=False, **more):
        endpoint = self.at[partner.name] if receive else 0
        self.reply(partner, reply, endpoint, say=say, **more)
        self.rest()

    def reply_slot(self, partner):
        return next(partner.slots)

    @property
    def poll(self):
        return self.layout["TIMEOUT_POLL"]
