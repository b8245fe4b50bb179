"""The reference model of the calls, written from the design and the documents.

Model.call() makes one call of one thread and everything that follows from it; `done` then says
which threads have returned, and with what.  Each error that fits a refused call is accepted, since
no document orders them: a refused call changes nothing.
"""
from memory import Refused
from messages import Messages
from object_calls import ObjectCalls
from other_calls import OtherCalls


class Model(Messages, ObjectCalls, OtherCalls):
    def make(self, thread, name, arguments, page):
        """The call alone, and what follows from it at once."""
        thread.state = "CALL"
        try:
            getattr(self, name)(thread, page, **arguments)
        except Refused as refused:
            if thread not in self.done:
                self.returns(thread, *refused.errors, **getattr(refused, "registers", {}))

    def call(self, thread, name, arguments, page=None):
        """page: Message and places of the caller's message page."""
        self.done = {}
        self.make(thread, name, arguments, page)
        if self.time_matters():
            self.time_passes()
            return True
        return False
