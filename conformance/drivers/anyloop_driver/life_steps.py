"""What does a loop leave behind when it is closed?

What else these steps are about asyncio lacks: there are no capabilities to ask for, and whoever
holds what other threads use holds the loop, so that it is never dropped while they do.
"""

import threading
import weakref

from .loop_steps import UNIT, refusal
from .steps import Steps


class Leaving:
    """What waits on a loop that goes, and counts whether it ran."""

    ran = 0

    def __call__(self):
        type(self).ran += 1


class LifeSteps(Steps):
    def step_discard(self, _):
        """Lets another loop live for a moment, and closes it."""
        idle = not self.inside
        before = self.descriptors() if idle else None
        loop = self.booth.seat.p.new_event_loop()
        if idle:
            # It waits for something, so that it opens what it needs.
            loop.call_later(UNIT, loop.stop)
            loop.run_forever()
        Leaving.ran = 0
        leaving = [Leaving() for _ in range(3)]
        loop.call_soon(leaving[0])
        loop.call_at(float("inf"), leaving[1])
        loop.call_soon_threadsafe(leaving[2])
        waiting = [weakref.ref(one) for one in leaving]
        leaving.clear()
        loop.close()
        if before is not None:
            after = self.descriptors(before, self.kid_patience())
            self.record.quietly("loop-descriptors", closed=True, before=before, after=after)
        dropped = sum(one() is None for one in waiting)
        self.record.quietly("gone", closed=True, waiting=len(waiting), dropped=dropped, ran=Leaving.ran)
        refuses = False
        try:
            loop.call_soon_threadsafe(threading.get_ident)
        except RuntimeError as error:
            refuses = refusal(error) is not None
        self.record.quietly("remote-left", closed=loop.is_closed(), refuses=refuses)
