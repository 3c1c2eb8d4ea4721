"""What handles the signal of a child's end, as the program wants it and at the end?"""

import signal

from .kid import wait_until
from .steps import Steps


class SignalStep(Steps):
    def prepare(self):
        # Whether the program has its own idea of what handles the signal.
        self.handled = False
        self.ends = 0
        for word in ("block", "jolt", "scarce"):
            self.steps[word] = lambda _: self.record.lacking("what only the system can tell")
        if not self.subject.has_watchers:
            for word in ("heed", "ignore"):
                self.steps[word] = lambda _: self.record.lacking("child watchers")

    def count_end(self, *_):
        self.ends += 1

    def step_heed(self, _):
        self.handle("counted", self.count_end)

    def step_ignore(self, _):
        self.handle("ignored", signal.SIG_IGN)

    def step_onsignal(self, _):
        self.record.lacking("handlers of signals")

    step_unsignal = step_raise = step_also = step_onsignal

    def handle(self, how, handler):
        # Later, it would take the signal away from a watcher that listens, and the watcher could not know.
        if self.kids or self.used_watchers or not self.record.is_home():
            self.record.lacking("another handler while there are children")
            return
        signal.signal(signal.SIGCHLD, handler)
        self.ends = 0
        self.handled = True
        self.record.event("handling", how=how)

    def account_for_the_signal(self):
        """Looks at what handles the signal when all is over, and leaves it as it was before the program."""
        if not self.handled:
            return
        handler = signal.getsignal(signal.SIGCHLD)
        known = {signal.SIG_DFL: "default", signal.SIG_IGN: "ignored", self.count_end: "counted"}
        how = known.get(handler, "other")
        if how != "ignored" and any(state.ordered for state in self.kids.values()):
            wait_until(self.kid_patience(), lambda: self.ends > 0)
        self.record.quietly("handled", how=how, calls=self.ends)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
