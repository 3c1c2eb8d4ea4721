"""What do the steps about children do? The driver starts and steers them, asyncio's watcher watches.

A registration names its loop as asyncio's watchers want it named: it is the loop that the watcher
is attached to, which is done once, before the watcher is first used; or it is the running loop,
and outside of runs it is made to be that for the time of the call.
"""

import asyncio
import os
import weakref

from .kid import Kid, status_of, wait_until
from .loop_steps import UNIT, Payload
from .outcome import Planned, message, words
from .record import Quoted
from .steps import LAST_RUNS, Steps

# How long a run goes on for the sake of a callback that was removed and not dropped.
LINGER = 0.05

# How long it may take at most until a watcher has done what nobody tells us of.
PATIENCE = 2.0

# A process that is there and is not a child of this one.
STRANGER = 1


class State:
    """What became of a child so far, as far as the program knows."""

    def __init__(self, kid):
        self.kid = kid
        self.ordered = False
        self.suspended = False
        # The callback that is registered for it and was not told yet.
        self.watched = None
        # Whether some watcher has told of it, or the driver has collected it.
        self.settled = False


class Tell:
    """What a watcher calls. It holds the payload, and the watcher alone holds it."""

    def __init__(self, player, payload, kid, pid):
        self.player = player
        self.payload = payload
        self.kid = kid
        self.pid = pid

    def __call__(self, pid, returncode):
        payload = self.payload
        payload.call(lambda: self.player.told(payload.label, self.kid, pid == self.pid, status_of(returncode)))


class ChildSteps(Steps):
    def prepare(self):
        self.kids = {}
        # Callbacks that were removed, and that the watcher holds nevertheless.
        self.lingering = []
        # Descriptors that were open before the first child was started.
        self.before = None
        # Whether a registration was accepted.
        self.any_watched = False
        # Children whose registration another thread than the loop's tried to remove.
        self.snatched = set()
        # What a watcher was given for each pid last.
        self.tellers = {}
        self.used_watchers = []
        if not self.subject.has_watchers:
            words_of_this_part = (
                "child end ended sigstop sigcont watch takeover unwatch steal alien closewatcher attach unattach"
                " adopt claim bracket"
            )
            for word in words_of_this_part.split():
                self.steps[word] = lambda _: self.record.lacking("child watchers")

    def tidy(self):
        for state in self.kids.values():
            state.kid.drop()

    def kid_patience(self):
        """How long it may take until a watcher, or a thread of one, has done what it is about to do."""
        return min(PATIENCE, self.watchdog.patience / 2)

    def watcher(self):
        """The watcher of the policy. The first time it is attached to the loop that is judged, as
        `set_event_loop` would do."""
        watcher = self.booth.seat.p.get_child_watcher()
        if not any(used is watcher for used in self.used_watchers):
            self.used_watchers.append(watcher)
            if self.record.is_home() and watcher not in self.booth.seat.watchers:
                watcher.attach_loop(self.loop)
        return watcher

    def step_attach(self, step):
        self.attach(step.name, self.loop if step.name == "a" else self.other_loop())

    def step_unattach(self, _):
        self.attach(None, None)

    def attach(self, which, loop):
        watcher = self.watcher()
        self.record.event("attaching", which=which)
        failure = None
        try:
            watcher.attach_loop(loop)
        except Exception as error:
            failure = message(error)
        self.record.event("attach-done", failed=failure)

    def step_child(self, step):
        if self.before is None and not self.inside:
            self.warm_up()
            self.before = self.descriptors()
        try:
            state = State(Kid(self.subject.script, step.plan))
        except OSError:
            self.record.lacking("children")
            return
        how, number = step.plan
        self.record.event("child-started", kid=step.kid, plan=f"{how}:{number}")
        self.kids[step.kid] = state

    def step_end(self, step):
        self.order(step.kid)

    def order(self, kid):
        state = self.kids.get(kid)
        if state is None or state.ordered:
            return
        state.ordered = True
        # From now on the end can be waited for.
        if state.watched is not None and not state.suspended:
            self.hold_registered(state.watched)
        self.record.event("ordered", kid=kid)
        state.kid.order()

    def step_ended(self, step):
        self.order(step.kid)
        state = self.kids.get(step.kid)
        if state is not None and not state.suspended and state.kid.await_end():
            self.record.event("kid-ended", kid=step.kid)

    def step_sigstop(self, step):
        self.suspend(step.kid, True)

    def step_sigcont(self, step):
        self.suspend(step.kid, False)

    def suspend(self, kid, stop):
        state = self.kids.get(kid)
        # After the order it would be a race with the end.
        if state is None or state.suspended == stop or (stop and state.ordered):
            return
        state.suspended = stop
        if stop:
            state.kid.suspend()
        else:
            if state.watched is not None and state.ordered:
                self.hold_registered(state.watched)
            state.kid.resume()
        self.record.event("suspended", kid=kid, stopped=stop)

    def hold_registered(self, label):
        """Waits for a callback that a watcher has, unless another thread has just removed it."""
        with self.record.lock:
            if label in self.registered:
                self.record.hold("callback", label)

    def step_watch(self, step):
        state = self.kids.get(step.kid)
        if state is not None:
            self.watch(state.kid.pid, step.kid, state, step.label, step.body)

    def step_adopt(self, _):
        self.record.lacking("a watcher that tells of strangers")

    step_claim = step_adopt
    step_bracket = step_adopt

    def step_takeover(self, _):
        self.record.lacking("other loops that have children")

    def step_program(self, _):
        self.record.lacking("program")

    def step_alien(self, step):
        self.watch(STRANGER, None, None, step.label, step.body)

    def watch(self, pid, kid, state, label, body):
        """Registers a child."""
        watcher = self.watcher()
        payload = Payload(self, label, body)
        self.registered.add(label)
        self.record.event("asking", label=label, how="watch")
        self.record.event("watching", label=label, kid=kid, active=watcher.is_active())
        if state is None or (state.ordered and not state.suspended):
            self.record.hold("callback", label)
        # Noted before, since a watcher that is wrong calls back from inside of the registration.
        before = None
        if state is not None:
            before, state.watched = state.watched, label
        former = self.tellers.get(pid, nobody)()
        former_payload = None if former is None else former.payload
        teller = Tell(self, payload, kid, pid)
        del former, payload
        former_teller = self.tellers.get(pid, nobody)
        self.tellers[pid] = weakref.ref(teller)
        refused = None
        try:
            self.register(watcher, pid, teller)
        except Planned:
            raise
        except Exception as error:
            refused = words(error)
        if refused is not None:
            if state is not None:
                state.watched = before
            self.tellers[pid] = former_teller
            self.record.event("watch-refused", label=label, why=Quoted(refused))
            return
        # asyncio hands nothing back. That it gave up the former callback shows all the same.
        if former_payload is not None and former_teller() is None and not former_payload.called:
            self.record.event("displaced", by=label)
        former_payload = None
        self.any_watched = True
        self.record.event("accepted", label=label)

    def register(self, watcher, pid, teller):
        """Registers for the loop that is judged."""
        named = self.inside or self.loop.is_closed() or self.subject.is_bound(watcher)
        if not named:
            asyncio._set_running_loop(self.loop)
        try:
            with watcher:
                watcher.add_child_handler(pid, teller)
        finally:
            if not named:
                asyncio._set_running_loop(None)

    def told(self, label, kid, right, status):
        """The watcher told of an end, in a callback of the loop."""
        self.record.event("told", label=label, kid=kid, right=right, status=status)
        state = self.kids.get(kid)
        if state is None:
            return
        state.settled = True
        if state.watched == label:
            state.watched = None
        self.record.event("zombie", kid=kid, zombie=state.kid.state() == "zombie")

    def step_unwatch(self, step):
        kid = step.kid
        state = self.kids.get(kid)
        if state is None:
            return
        watcher = self.watcher()
        label = state.watched
        # Dropping the callback releases it, wherever that happens.
        if label is not None:
            self.hold_registered(label)
        self.record.event("unwatching", kid=kid)
        answer = bool(watcher.remove_child_handler(state.kid.pid))
        self.record.event("unwatched", kid=kid, answer=answer)
        if label is None:
            return
        if answer:
            state.watched = None
            if self.record.holds("callback", label):
                self.lingering.append(label)
        if answer or not state.ordered or state.suspended:
            self.record.release("callback", label)

    def snatch(self, kid):
        """Removes a registration on another thread than the loop's."""
        state = self.kids.get(kid)
        if state is None:
            return
        watcher = self.booth.seat.p.get_child_watcher()
        self.record.event("snatching", kid=kid)
        self.snatched.add(kid)
        answer = bool(watcher.remove_child_handler(state.kid.pid))
        self.record.event("snatched", kid=kid, answer=answer)

    def step_steal(self, step):
        """Collects a child that has ended; the watcher may have been faster."""
        state = self.kids.get(step.kid)
        if state is not None and state.ordered and not state.suspended and not state.settled:
            self.collect(step.kid, state)

    def collect(self, kid, state):
        status = state.kid.collect()
        state.settled = True
        self.record.quietly("collected", kid=kid, status=status)

    def step_closewatcher(self, _):
        self.watcher()
        self.close_watcher()

    def close_watcher(self):
        """Closes the watcher, on whatever thread."""
        watcher = self.booth.seat.p.get_child_watcher()
        self.record.event("watcher-closing")
        watcher.close()
        self.record.event("watcher-closed")
        self.record.event("active", active=watcher.is_active())

    def end_kids(self):
        """Lets every child end, so that the last runs can be told."""
        for kid in self.kids:
            self.suspend(kid, False)
            self.order(kid)
        # What was removed has until then to be called all the same. Watchers that dropped it need
        # not wait.
        lingering, self.lingering = self.lingering, []
        for label in lingering:
            self.hold_for(LINGER, label)

    def warm_up(self):
        """Has the loop and the watcher open what they need once and for all: that is not counted."""
        self.watcher()
        for _ in range(3):
            self.run_for(UNIT)

    def run_for(self, time):
        """Runs the loop for so long, even if the program stops it."""
        self.hold_for(time, 0)
        for _ in range(LAST_RUNS):
            if self.record.holds("callback", 0) and not self.given_up:
                self.run()

    def hold_for(self, time, label):
        """Lets the run go on for so long, unless the callback comes to its end before."""
        self.record.hold("callback", label)
        try:
            self.loop.call_later(time, self.record.release, "callback", label)
        except RuntimeError:
            self.record.release("callback", label)

    def descriptors(self, wanted=None, patience=0.0):
        """How many descriptors are open, without those that steer the children. As long as there
        are more than wanted it waits: threads that are about to end may hold some."""
        # The listing itself takes one, and so does the steering of each child.
        ours = len(self.kids) + self.lent_descriptors + 1

        def count():
            return len(os.listdir("/dev/fd")) - ours

        if wanted is not None:
            wait_until(patience, lambda: count() <= wanted)
        return count()

    def count_descriptors(self):
        """Counts descriptors, when every child has been told of and the loop is still open."""
        told = self.any_watched and all(
            state.watched is None or state.watched not in self.registered for state in self.kids.values()
        )
        if not told or self.before is None or self.given_up or self.loop.is_closed():
            return
        # It may have been made after the first count.
        self.close_other()
        if self.descriptors() > self.before:
            # What was removed from a callback may be given back in the next turn.
            self.run_for(UNIT)
        after = self.descriptors(self.before, self.kid_patience())
        self.record.quietly("descriptors", before=self.before, after=after)

    def account_for_kids(self):
        """Looks at what became of every child."""
        for kid, state in self.kids.items():
            if kid in self.snatched:
                # By another thread: what it said and did is judged, and the rest is unknown.
                continue
            if state.watched is not None and not state.settled and not self.given_up:
                # The loop was closed first. The watcher has to collect it all the same.
                collected = state.kid.await_collected(self.kid_patience())
                self.record.quietly("collected-by-watcher", kid=kid, collected=collected)
            elif not state.settled:
                self.collect(kid, state)


def nobody():
    """A reference to nothing."""
