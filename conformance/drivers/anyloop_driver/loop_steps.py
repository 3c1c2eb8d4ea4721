"""What do the steps about callbacks and runs do?"""

import time
import weakref

from .outcome import Planned, message, result_of
from .steps import Steps

# How often `spin` schedules itself at most: somewhat more than the rule about fairness allows.
SPINS = 1100

# One unit of the language, in seconds and in nanoseconds.
UNIT = 1e-4
UNIT_NANOS = 100_000

# As far as a clock of 64 bits of nanoseconds goes, but one.
FAR = (2**64 - 2) / 1e9

# The label of no callback.
NOBODY = 0

# As many callbacks of the other loop as a short program has.
OTHERS = 12


def refusal(error):
    """Why a loop did not take a callback; other exceptions are none of that."""
    if str(error) == "Event loop is closed":
        return "closed"
    if str(error).startswith("Non-thread-safe operation"):
        return "wrong-context"
    raise error


class Payload:
    """What a callback does that the loop was given; it tells when it is dropped instead.

    Python drops what nobody refers to at once, so this is as exact as a destructor.
    """

    def __init__(self, player, label, body, touchy=False, first=None):
        self.player = player
        self.record = player.record
        self.label = label
        self.body = body
        self.touchy = touchy
        self.first = first
        self.called = False
        player.waiting.add(label)

    def __call__(self):
        self.call(self.first)

    def call(self, first=None):
        """Does `first` and takes the steps."""
        player = self.player
        self.called = True
        player.waiting.discard(self.label)
        if player.is_stray():
            return
        self.record.event("started", label=self.label)
        try:
            # On another thread the breach is on record, and nothing more is done.
            if self.record.is_home():
                player.enter()
                try:
                    player.look()
                    if first is not None:
                        first()
                    for step in self.body:
                        if step.word == "panic":
                            player.panic(self.label)
                        else:
                            player.step(step)
                finally:
                    player.leave_inside()
        finally:
            self.record.quietly("ended", label=self.label)
            self.over()

    def over(self):
        """Nobody waits for it any more."""
        self.player.registered.discard(self.label)
        self.record.release("callback", self.label)

    def __del__(self):
        if self.called or self.record.closed or self.player.is_fork:
            return
        self.player.waiting.discard(self.label)
        self.record.quietly("dropped", label=self.label)
        if self.touchy:
            self.player.touched(self.label)
        self.over()


class Counted:
    """A callback of the other loop, which is counted when it runs."""

    def __init__(self):
        self.ran = 0

    def __call__(self):
        self.ran += 1


class LoopSteps(Steps):
    def prepare(self):
        # A handle that is held holds its callback, which a number would not: hence weakly.
        self.handles = {}
        self.deadlines = {}
        # Callbacks that were neither called nor dropped, and those that a watcher holds.
        self.waiting = set()
        self.registered = set()
        self.other = None
        self.lent_descriptors = 0
        self.counted = Counted()
        self.exception_handlers = 0

    def tidy(self):
        self.close_other()

    def close_other(self):
        """Closes the other loop, if there is one."""
        if self.other is not None:
            self.other.close()
            self.other = None

    def step_soon(self, step):
        self.schedule(step.label, "soon", Payload(self, step.label, step.body))

    def step_touchy(self, step):
        self.schedule(step.label, "soon", Payload(self, step.label, step.body, touchy=True))

    def step_at(self, step):
        when = self.epoch + step.time * UNIT
        self.deadlines[step.label] = when
        how = f"at:{self.nanos(when)}"
        self.schedule(step.label, how, Payload(self, step.label, step.body), when)

    def step_never(self, step):
        # Both kinds of far deadline come up, half of the time each.
        when = float("inf") if step.label % 2 == 0 else self.epoch + FAR
        self.schedule(step.label, "never", Payload(self, step.label, step.body), when)

    def schedule(self, label, how, payload, when=None):
        """Schedules, and writes down what came of it."""
        self.record.event("asking", label=label, how=how)
        if how != "never":
            self.record.hold("callback", label)
        reason = None
        try:
            if when is None:
                handle = self.loop.call_soon(payload)
            else:
                handle = self.loop.call_at(when, payload)
        except RuntimeError as error:
            reason = refusal(error)
        # Its drop is to be told after what came of it.
        if reason is None:
            self.handles[label] = weakref.ref(handle)
            self.record.event("accepted", label=label)
        else:
            self.record.event("refused", label=label, reason=reason)

    def step_post(self, step):
        self.post(step.label, Payload(self, step.label, step.body))

    def post(self, label, payload):
        """Schedules as other threads do, on whatever thread."""
        self.record.event("asking", label=label, how="post")
        self.record.hold("callback", label)
        reason = None
        try:
            self.loop.call_soon_threadsafe(payload)
        except RuntimeError as error:
            reason = refusal(error)
        if reason is None:
            self.record.event("accepted", label=label)
        else:
            self.record.event("refused", label=label, reason=reason)

    def step_cancel(self, step):
        if step.of in self.handles:
            self.record.event("cancelling", label=step.of)
            self.record.event("cancelled", label=step.of, answer=self.cancel(step.of))

    def cancel(self, label):
        """Cancels a callback. asyncio does not answer; what is said here is whether there was
        something to cancel, and the handle says that it is cancelled."""
        handle = self.handles[label]()
        if handle is None:
            return False
        waiting = label in self.waiting and not handle.cancelled()
        handle.cancel()
        return waiting and handle.cancelled()

    def step_handler(self, _):
        self.set_handler(False)

    def step_fragile(self, _):
        self.set_handler(True)

    def set_handler(self, broken):
        """Has the loop's exception handler tell of the planned panics, and panic itself if it is to
        be broken."""
        record = self.record
        self.exception_handlers += 1
        handler = self.exception_handlers
        record.event("handler-set", handler=handler, broken=broken)

        def tell(_loop, context):
            raised = context.get("exception")
            if isinstance(raised, Planned) and raised.label != NOBODY:
                record.event("reported", label=raised.label, handler=handler)
                if broken:
                    raise Planned(NOBODY)

        self.loop.set_exception_handler(tell)

    def step_burn(self, step):
        self.record.event("burning")
        self.burn(self.loop.time() + step.time * UNIT)
        self.record.event("burned", time=step.time * UNIT_NANOS)

    def burn(self, until):
        """Keeps the loop busy until that time."""
        while self.loop.time() < until:
            pass

    def step_spin(self, step):
        def first():
            due = self.deadlines.get(step.of)
            if due is not None:
                self.burn(due)
                self.spin_on(step.label, SPINS)
            elif step.of in self.registered and self.record.holds("callback", step.of):
                self.record.event("spun", label=step.label)
                self.spin_for(step.of, time.monotonic() + self.watchdog.patience / 2)

        self.schedule(step.label, "soon", Payload(self, step.label, (), first=first))

    def spin_on(self, label, left):
        """Schedules itself until the timer has run or has been starved."""
        if left == 0 or self.record.is_idle():
            return

        def again():
            if self.is_fork:
                return
            self.record.event("spun", label=label)
            self.spin_on(label, left - 1)

        try:
            self.loop.call_soon(again)
        except RuntimeError:
            # On a closed loop it comes back, and that is the end of it.
            pass

    def spin_for(self, of, deadline):
        """Schedules itself until the child's end was told that `of` waits for, or should have been."""
        if self.is_fork or of not in self.registered:
            return
        if time.monotonic() > deadline:
            self.record.event("starved", label=of)
            return
        try:
            self.loop.call_soon(self.spin_for, of, deadline)
        except RuntimeError:
            pass

    def step_stop(self, _):
        self.stop()

    def step_close(self, _):
        self.close()

    def close(self):
        """Closes the loop, or attempts to."""
        self.record.event("closing")
        result = self.closing()
        self.record.event("closed", result=result)
        self.look()

    def closing(self):
        """What closing the loop comes to."""
        try:
            self.loop.close()
        except RuntimeError as error:
            if str(error) != "Cannot close a running event loop":
                raise
            return "running"
        return "ok"

    def touched(self, label):
        """The capture of a `touchy` callback calls the loop while it is dropped."""
        self.record.quietly("touching", label=label)
        touch = {"panic": None, "accepted": False, "cancelled": False, "closed": None}
        try:
            self.touch(label, touch)
        except Exception as error:
            touch["panic"] = message(error)
        self.record.quietly("touched", label=label, **touch)

    def touch(self, label, touch):
        handle = self.handles[label]() if label in self.handles else None
        self.loop.time()
        self.loop.is_closed()
        if handle is not None:
            cancelled_before = handle.cancelled()
            handle.cancel()
            touch["cancelled"] = not cancelled_before
        for ask in (
            lambda: self.loop.call_soon(nothing).cancel(),
            lambda: self.loop.call_at(self.epoch + FAR, nothing).cancel(),
            lambda: self.loop.call_soon_threadsafe(nothing),
        ):
            try:
                ask()
                touch["accepted"] = True
            except RuntimeError as error:
                refusal(error)
        # An idle loop would really be closed by it.
        if self.loop.is_running() or self.loop.is_closed():
            touch["closed"] = self.closing()

    def poke(self):
        """Does what has to be harmless on a closed loop."""
        cancelled, panic = False, None
        try:
            self.loop.stop()
            self.remote_stop()
            self.loop.time()
            self.loop.is_running()
            for label in list(self.handles):
                cancelled |= self.cancel(label)
        except Exception as error:
            panic = message(error)
        self.record.quietly("poked", panic=panic, cancelled=cancelled)

    def other_loop(self):
        """The other loop of the same policy, made when it is first needed."""
        if self.other is None:
            before = self.descriptors()
            self.other = self.booth.seat.p.new_event_loop()
            # It has opened what it needs, which is not the watcher's.
            self.lent_descriptors = self.descriptors() - before
            for _ in range(OTHERS):
                self.other.call_soon(self.counted)
        return self.other

    def step_other(self, _):
        """Runs the other loop for one turn, or attempts to from inside a callback."""
        other = self.other_loop()
        before = self.counted.ran
        # So that it comes back if it is not refused.
        other.stop()
        if self.inside:
            self.attempt(True, lambda: (result_of(other.run_forever), self.counted.ran - before))
        else:
            other.run_forever()


def nothing():
    """A callback that does nothing."""
