"""What do the steps about policies do, on the thread of the loop and elsewhere?"""

import asyncio
import threading

from .outcome import message, state_of, with_words, words
from .steps import Steps

# What a factory fails with that the program lets fail: too many open files. And a watcher that is
# told to refuse: it is busy.
FACTORY_FAILS = (24, "Too many open files")
WATCHER_REFUSES = (16, "Device or resource busy")


class Seat:
    """The two policies, and two watchers to set. Every thread of a play has the same."""

    def __init__(self, player):
        self.player = player
        self.record = player.record
        self.p, self.q = player.subject.policies(self)
        self.policies = [self.p, self.q]
        self.watchers = player.subject.idle_watchers(self)
        self.loops_met = 0
        # How many steps let the factory of `p` fail.
        self.failing = 0
        # Whether the next attempt to attach one of the kit's watchers fails.
        self.refusing = False
        # What the booths of the threads know of loops.
        self.booths = threading.local()

    def factory(self, make):
        """The outermost factory of `p`: it tells, and fails while it is told to."""
        if self.player.is_fork:
            return make()
        self.record.event("factory")
        if self.failing:
            raise OSError(*FACTORY_FAILS)
        return make()

    def setter(self, store, loop):
        """The outermost setter of `p`."""
        if not self.player.is_fork:
            self.record.event("setter")
        store(loop)

    def attached(self, number, loop):
        """One of the kit's watchers is told to attach to a loop."""
        if self.player.is_fork:
            return
        refused, self.refusing = self.refusing, False
        lp = None if loop is None else self.booths.here.number(loop)[0]
        self.record.event("attached", watcher=number, lp=lp, refused=refused)
        if refused:
            raise OSError(*WATCHER_REFUSES)

    def policy_number(self, policy):
        """The number of a policy: 0 and 1 for `p` and `q`. All that were met are kept, so that no
        later one can be mistaken for one of them."""
        for number, known in enumerate(self.policies):
            if known is policy:
                return number
        self.policies.append(policy)
        return len(self.policies) - 1

    def play(self, body):
        """Takes steps on a thread that has no loop of the play."""
        try:
            asyncio.get_running_loop()
            running = True
        except RuntimeError:
            running = False
        self.record.event("elsewhere-saw", running=running)
        booth = Booth(self, None)
        try:
            booth.take(body)
        except Exception as error:
            self.record.quietly("failed", panic=message(error))
        booth.close()


class Booth:
    """What one thread has: its loops, and the watchers that it met."""

    def __init__(self, seat, own):
        self.seat = seat
        self.record = seat.record
        self.loops = [] if own is None else [(0, own)]
        self.named = {}
        self.watchers = list(seat.watchers)
        self.steps = {
            name[len("step_"):]: getattr(self, name) for name in dir(self) if name.startswith("step_")
        }
        seat.booths.here = self

    def close(self):
        """Closes the loops that were lent. The one that is judged is closed by the program."""
        for number, loop in self.loops:
            if number and not loop.is_running():
                loop.close()
        self.steps = {}

    def take(self, body):
        """Takes the steps that can stand elsewhere, where no player takes them."""
        for step in body:
            take = self.steps.get(step.word)
            if take is not None:
                take(step)

    def number(self, loop):
        """The number of a loop, and whether it was met before."""
        for number, known in self.loops:
            if known is loop:
                return number, True
        self.seat.loops_met += 1
        self.loops.append((self.seat.loops_met, loop))
        return self.seat.loops_met, False

    def given(self, ask):
        """What a policy answers that is asked for a loop."""
        try:
            loop = ask()
        except NotImplementedError:
            return "unsupported"
        except RuntimeError as error:
            if str(error).startswith("There is no current event loop"):
                return "none"
            return failed(error)
        except Exception as error:
            return failed(error)
        if not isinstance(loop, asyncio.AbstractEventLoop):
            return failed(TypeError(f"{loop!r} is no loop"))
        return f"loop:{self.number(loop)[0]}"

    def step_ask(self, _):
        self.record.event("asking-loop", ambient=False)
        self.record.event("gave-loop", ambient=False, given=self.given(self.seat.p.get_event_loop))

    def step_ambient(self, _):
        self.record.event("asking-loop", ambient=True)
        self.record.event("gave-loop", ambient=True, given=self.given(asyncio.get_event_loop))

    def step_new(self, step):
        self.make(step.name)

    def make(self, name):
        """Makes a loop with the factory of `p`."""
        made = []

        def ask():
            made.append(self.seat.p.new_event_loop())
            return made[0]

        met = self.seat.loops_met
        given = self.given(ask)
        if not made:
            self.record.event("made", given=given)
            return None
        number = self.number(made[0])[0]
        seen = number if number <= met else None
        self.record.event("made", given=given, state=state_of(made[0]), seen=seen)
        self.named[name] = (number, made[0])
        return self.named[name]

    def step_store(self, step):
        named = self.named.get(step.name) or self.make(step.name)
        if named is not None:
            self.store(*named)

    def step_clear(self, _):
        self.store(None, None)

    def store(self, number, loop):
        self.record.event("storing", which=number)
        failure = None
        try:
            self.seat.p.set_event_loop(loop)
        except Exception as error:
            failure = message(error)
        self.record.event("stored", which=number, failed=failure)
        for which, known in self.loops:
            self.record.event("store-saw", which=which, state=state_of(known))

    def step_set(self, step):
        self.set(self.seat.p if step.name == "p" else self.seat.q)

    def step_reset(self, _):
        self.set(None)

    def set(self, policy):
        """Puts a policy in force. asyncio does not say which one it was before."""
        number = None if policy is None else self.seat.policy_number(policy)
        asyncio.set_event_loop_policy(policy)
        self.record.event("policy-set", policy=number)
        for which, known in self.loops:
            self.record.event("loop-saw", which=which, state=state_of(known))

    def step_lookup(self, _):
        policy = self.seat.policy_number(asyncio.get_event_loop_policy())
        self.record.event("found", policy=policy)

    def step_guard(self, step):
        self.guarded(step, self.take)

    def guarded(self, step, take):
        """There is no guard, so the steps are taken without one."""
        self.record.lacking("guards of the policy")
        take(step.body)

    def step_failing(self, step):
        self.fail(step, self.take)

    def fail(self, step, take):
        """Takes the steps while the factory of `p` fails."""
        self.seat.failing += 1
        self.record.event("failing", on=True)
        try:
            take(step.body)
        finally:
            self.seat.failing -= 1
            self.record.event("failing", on=False)

    def watcher_number(self, watcher):
        for number, known in enumerate(self.watchers):
            if known is watcher:
                return number
        self.watchers.append(watcher)
        return len(self.watchers) - 1

    def step_watcher(self, _):
        try:
            given = f"loop:{self.watcher_number(self.seat.p.get_child_watcher())}"
        except NotImplementedError:
            given = "unsupported"
        except Exception as error:
            given = failed(error)
        self.record.event("watcher-gave", given=given)

    def step_setwatcher(self, step):
        if self.seat.watchers:
            number = "ab".index(step.name)
            self.set_watcher(number, self.seat.watchers[number])

    def step_unsetwatcher(self, _):
        if self.seat.watchers:
            self.set_watcher(None, None)

    def set_watcher(self, number, watcher):
        self.record.event("watcher-setting", watcher=number)
        failure = None
        try:
            self.seat.p.set_child_watcher(watcher)
        except Exception as error:
            failure = message(error)
        self.record.event("watcher-set", watcher=number, failed=failure)
        for number, known in enumerate(self.watchers):
            self.record.event("watcher-saw", watcher=number, active=known.is_active())

    def step_refuse(self, _):
        self.seat.refusing = True


def failed(error):
    """An answer that is none."""
    return with_words("failed", words(error))


class PolicySteps(Steps):
    """Hands the steps about policies on to what the thread has."""

    def prepare(self):
        for word in (
            "store clear ask ambient new lookup watcher setwatcher unsetwatcher refuse".split()
            if self.subject.has_policies
            else ()
        ):
            self.steps[word] = lambda step, word=word: self.booth.steps[word](step)
        if self.subject.has_policies:
            self.steps.update(
                set=self.put_in_force,
                reset=self.put_in_force,
                guard=lambda step: self.booth.guarded(step, self.take),
                failing=lambda step: self.booth.fail(step, self.take),
            )

    def put_in_force(self, step):
        self.booth.steps[step.word](step)
        self.look()

    def tidy(self):
        self.booth.seat.p.close_watcher()
        if self.subject.has_policies:
            asyncio.set_event_loop_policy(None)
        else:
            asyncio.set_event_loop(None)
