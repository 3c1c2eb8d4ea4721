"""In what order are the steps taken, and when is a run over?

The player ends runs: it counts what can still happen, and stops the loop when nothing is left,
unless the program was faster. Such a stop is an ordinary event of the history.
"""

import asyncio
import gc
import os
import threading
import warnings

from .child_steps import ChildSteps
from .fork_step import ForkStep
from .life_steps import LifeSteps
from .loop_steps import LoopSteps
from .outcome import Planned, result_of, state_of, words
from .policy_steps import Booth, PolicySteps, Seat
from .record import Quoted, Record
from .signal_step import SignalStep
from .steps import LAST_RUNS
from .task_steps import TaskSteps
from .thread_steps import ThreadSteps

def play(subject, steps, watchdog, tell=None):
    """Plays a program on a new loop of the subject, and gives the lines of its history."""
    record = Record(tell)
    open_before = descriptors()
    with warnings.catch_warnings():
        # What asyncio warns of is evidence, and no news for the terminal.
        warnings.simplefilter("ignore")
        try:
            player = Player(subject, record, watchdog)
        except Exception as error:
            record.event("no-loop", why=Quoted(words(error)))
            return record.finish()
        watchdog.watch(player)
        try:
            player.play(steps)
        finally:
            watchdog.watch(None)
            lines = record.finish()
            player.tidy_up()
            player.__dict__.clear()
            # What is dropped only by the collector is dropped here, and not in the next play.
            gc.collect()
    # What asyncio leaves open is on record, and must not add up.
    for left in descriptors() - open_before:
        close(left)
    return lines


def descriptors():
    """The descriptors that are open. The listing itself takes one, which is not open any more."""
    return {int(name) for name in os.listdir("/dev/fd")}


def close(descriptor):
    """Closes a descriptor, if it is open."""
    try:
        os.close(descriptor)
    except OSError:
        pass


class Player(LoopSteps, ThreadSteps, TaskSteps, PolicySteps, ChildSteps, SignalStep, LifeSteps, ForkStep):
    """Takes the steps of one program."""

    def __init__(self, subject, record, watchdog):
        self.subject = subject
        self.record = record
        self.watchdog = watchdog
        # How many callbacks and polls of the loop's thread are under way.
        self.inside = 0
        # Whether a nested run is being attempted: if it succeeds, it must come to an end.
        self.attempting = False
        self.given_up = False
        # Set by the watchdog: patience is at its end.
        self.gave_up = False
        # In a forked child: nothing is played here, and nothing recorded.
        self.is_fork = False
        self.strays = 0
        self.loop = None
        self.steps = {
            name[len("step_"):]: getattr(self, name) for name in dir(self) if name.startswith("step_")
        }
        for mixin in type(self).__mro__[1:-1]:
            mixin.prepare(self)
        seat = Seat(self)
        self.loop = seat.p.new_event_loop()
        self.epoch = self.loop.time()
        record.clock = self.now
        record.at_rest = self.rest
        self.booth = Booth(seat, self.loop)

    def nanos(self, time):
        """A time of the loop's clock, in nanoseconds since the start of the play."""
        return max(0, round((time - self.epoch) * 1e9))

    def now(self):
        """Nanoseconds since the start of the play."""
        return self.nanos(self.loop.time())

    def play(self, steps):
        """Takes the steps, and what follows every program."""
        self.set_handler(False)
        for step in steps:
            self.watchdog.again()
            self.careful(self.step, step)
        self.watchdog.again()
        self.careful(self.finish)

    def careful(self, section, *arguments):
        """Does something with the loop outside of every callback; an exception is the loop's own."""
        try:
            section(*arguments)
        except Exception as error:
            self.record.quietly("failed", panic=Quoted(words(error)))

    def finish(self):
        """Runs until nothing is left to wait for, closes, and looks at the closed loop."""
        self.end_kids()
        for last in range(LAST_RUNS):
            self.join()
            if self.given_up or (last > 0 and (self.record.is_idle() or self.loop.is_closed())):
                break
            self.run()
        self.count_descriptors()
        self.close()
        self.poke()
        self.look()
        self.account_for_kids()
        self.account_for_the_signal()

    def step(self, step):
        """Takes one step, wherever it stands. Those that are taken by whoever has the step, such as
        a task, are not known here."""
        take = self.steps.get(step.word)
        if take is not None:
            take(step)

    def take(self, body):
        """Takes the steps of a body."""
        for step in body:
            self.step(step)

    def look(self):
        """Writes down what the loop and the thread say about the loop."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            current = "none"
        else:
            current = "this" if running is self.loop else "other"
        self.record.event("saw", state=state_of(self.loop), current=current)
        self.see_remote()

    def see_remote(self):
        """Writes down what whoever is on another thread can see. That asyncio does not say whose
        thread this is, is a lack."""
        self.record.event("remote-saw", owner=self.record.is_home(), closed=self.loop.is_closed())

    def stop(self):
        """Stops the loop, on its thread."""
        self.record.event("stop")
        self.loop.stop()

    def remote_stop(self):
        """Stops the loop from whatever thread."""
        try:
            self.loop.call_soon_threadsafe(self.loop.stop)
        except RuntimeError:
            # It is closed, and stopped for good.
            pass

    def rest(self):
        """Nothing is left to wait for."""
        if self.record.is_home():
            self.stop()
        else:
            self.record.event("stop")
            self.remote_stop()

    def give_up(self):
        """The patience is at its end. On the watchdog's thread."""
        self.gave_up = True
        self.remote_stop()

    def step_run(self, _):
        self.run()

    def run(self):
        """Runs the loop, or attempts to from inside a callback."""
        self.run_by(None, self.loop.run_forever)

    def run_by(self, until, run):
        """Runs the loop with `run`, and waits for the threads afterwards."""
        if self.inside:
            self.attempt(False, lambda: (result_of(run), 0))
            return None
        if self.given_up:
            return None
        self.look()
        self.record.running = True
        if until is None and self.record.is_idle() and not self.loop.is_closed():
            self.stop()
        self.record.event("enter", until=until)
        self.watchdog.again()
        result = result_of(run)
        self.record.running = False
        if self.gave_up:
            self.gave_up = False
            self.given_up = True
            self.record.event("stalled")
        self.inside = 0
        self.record.event("exit", result=result)
        self.look()
        self.join()
        return result

    def attempt(self, other, run):
        """Attempts a nested run."""
        self.record.event("attempting", other=other)
        before, self.attempting = self.attempting, True
        result, ran = run()
        self.attempting = before
        self.record.event("attempted", other=other, result=result, ran=ran)
        self.look()

    def enter(self):
        """Marks the start of a callback or a poll on the loop's thread."""
        self.inside += 1
        if self.attempting:
            # The nested run was not refused. It would wait for what can only happen after it.
            self.loop.stop()

    def leave_inside(self):
        """Marks its end."""
        self.inside = max(0, self.inside - 1)

    def is_stray(self):
        """Counts a callback or a poll, if it begins in a forked child, and says whether it does."""
        self.strays += self.is_fork
        return self.is_fork

    def panic(self, label):
        """Takes the step `panic`, which only callbacks and tasks have."""
        self.record.event("panicking", label=label)
        raise Planned(label)

    def tidy_up(self):
        """Gives back what the play leaves behind. The history is over."""
        tidy = [mixin.tidy.__get__(self) for mixin in type(self).__mro__[1:-1]] + [self.booth.close]
        if not self.loop.is_running():
            tidy.append(self.loop.close)
        for part in tidy:
            try:
                part()
            except Exception:
                # What is broken by now was judged before.
                pass
        for thread in threading.enumerate():
            # Threads of a watcher end with the children that they wait for.
            if thread.name.startswith("asyncio-waitpid-") or thread.name.startswith("waitpid-"):
                thread.join(2)
