"""What does a task do? It takes its steps one after the other, and tells when it is polled and
woken.

What is a poll in the kit's words is a step of a coroutine here: `send` resumes it, and so does
`throw` if what it awaits has failed. A coroutine whose own task was cancelled is unwound by
`throw`, which is how asyncio drops it; none of its steps is taken then.
"""

import asyncio
import collections.abc
import weakref

from .loop_steps import UNIT, UNIT_NANOS
from .outcome import Planned
from .steps import Steps

# How often a future is run again that was stopped early.
TRIES = 16


class Traced(collections.abc.Coroutine):
    """A coroutine that takes the steps of a body, and tells all that happens to it."""

    def __init__(self, player, label, body):
        self.player = player
        self.record = player.record
        self.label = label
        self.inner = player.take_steps(label, body)
        self.over = False
        player.alive.add(label)
        player.traced.add(self)

    def send(self, value):
        return self.poll(self.inner.send, value)

    def throw(self, kind, value=None, traceback=None):
        error = kind if value is None else value
        if self.label in self.player.cancelled and not self.player.is_fork:
            try:
                return self.inner.throw(error)
            finally:
                self.drop()
        return self.poll(self.inner.throw, error)

    def close(self):
        self.inner.close()
        self.drop()

    def __await__(self):
        return self

    def poll(self, resume, value):
        """Resumes the steps."""
        player, record, label = self.player, self.record, self.label
        if player.is_stray():
            return None
        record.hold("poll", label)
        record.release("wake", label)
        record.event("polled", label=label)
        ended = True
        player.enter()
        try:
            player.look()
            waits_for = resume(value)
            ended = False
            if label in player.sleeping:
                tell_when_set(waits_for, weakref.ref(player), label)
            return waits_for
        except StopIteration:
            record.event("finished", label=label)
            raise StopIteration(label) from None
        finally:
            player.leave_inside()
            record.event("poll-ended", label=label)
            if ended:
                self.drop()
            record.release("poll", label)

    def drop(self):
        """The steps are over, or never to be taken: all that they held is free."""
        if self.over or self.record.closed or self.player.is_fork:
            return
        self.over = True
        player, label = self.player, self.label
        player.alive.discard(label)
        player.parked.pop(label, None)
        self.record.quietly("future-dropped", label=label)
        # Whoever awaits it is woken by that.
        for other in player.awaited_by.pop(label, ()):
            player.woken(other)
        for token in ("wake", "sleep", "abort"):
            self.record.release(token, label)

    def __del__(self):
        self.drop()


def tell_when_set(future, player, label):
    """Has the future that a sleep waits for tell when it wakes its task."""
    set_result = type(future).set_result

    def tell(result, future=weakref.ref(future)):
        player().woken(label)
        set_result(future(), result)

    future.set_result = tell


class TaskSteps(Steps):
    def prepare(self):
        # The tasks that can still be awaited or cancelled.
        self.tasks = {}
        # Coroutines that are there, and the futures that the parked ones wait for.
        self.alive = set()
        self.parked = {}
        # Who sleeps, who awaits whom, and whose task was cancelled.
        self.sleeping = set()
        self.awaits = {}
        self.awaited_by = {}
        self.cancelled = set()
        self.traced = weakref.WeakSet()

    def tidy(self):
        for traced in list(self.traced):
            traced.inner.close()
        self.tasks.clear()

    def step_task(self, step):
        label = step.label
        self.record.event("spawning", label=label)
        traced = Traced(self, label, step.body)
        self.record.hold("wake", label)
        refused = False
        try:
            self.tasks[label] = self.loop.create_task(traced)
        except RuntimeError as error:
            if str(error) != "Event loop is closed":
                raise
            refused = True
        if refused:
            self.record.event("task-refused", label=label)
            traced.close()
        else:
            self.record.event("spawned", label=label)

    def step_until(self, step):
        label = step.label
        traced = Traced(self, label, step.body)
        self.record.hold("wake", label)
        if self.inside or self.given_up or self.loop.is_closed():
            self.run_by(label, lambda: self.loop.run_until_complete(traced))
            traced.close()
            return
        task = None

        def run():
            # A coroutine that is stopped early can be run again only by its task.
            nonlocal task
            task = task or self.loop.create_task(traced)
            return self.loop.run_until_complete(task)

        for _ in range(TRIES):
            if self.run_by(label, run) != "error:stopped" or self.record.is_idle():
                break

    def step_wake(self, step):
        self.wake(step.of)

    def wake(self, label):
        """Wakes a task that is parked, on whatever thread."""
        future = self.parked.pop(label, None)
        if future is None:
            return
        self.woken(label)
        try:
            if self.record.is_home():
                set_once(future)
            else:
                self.loop.call_soon_threadsafe(set_once, future)
        except RuntimeError:
            # The loop is closed, and polls nothing any more.
            pass

    def woken(self, label):
        """A task is about to be polled again."""
        with self.record.lock:
            if label not in self.alive or self.is_fork:
                return
            self.record.hold("wake", label)
            self.record.event("woken", label=label)

    def step_abort(self, step):
        task = self.tasks.pop(step.of, None)
        if task is None:
            return
        self.record.event("aborting", label=step.of)
        if step.of in self.alive:
            self.record.hold("abort", step.of)
        # asyncio cancels what a cancelled task awaits, too.
        label = step.of
        while label is not None and label not in self.cancelled:
            self.cancelled.add(label)
            label = self.awaits.get(label)
        try:
            task.cancel()
        except RuntimeError as error:
            if str(error) != "Event loop is closed":
                raise

    def step_taskscope(self, _):
        self.record.lacking("guards that cancel a task")

    def step_detach(self, step):
        task = self.tasks.pop(step.of, None)
        if task is not None:
            self.record.event("detaching", label=step.of, finished=task.done())

    async def take_steps(self, label, body):
        """Takes the steps of a task."""
        for step in body:
            if step.word == "yield":
                self.woken(label)
                await asyncio.sleep(0)
            elif step.word == "park":
                future = self.parked[label] = self.loop.create_future()
                await future
                del future
            elif step.word == "sleep":
                await self.sleep(label, step.time)
            elif step.word == "await":
                await self.await_task(label, step.of)
            elif step.word == "panic":
                self.panic(label)
            else:
                self.step(step)

    async def sleep(self, label, time):
        due = self.now() + time * UNIT_NANOS
        self.record.event("sleeping", label=label, due=due)
        self.record.hold("sleep", label)
        if time == 0:
            self.woken(label)
        else:
            self.sleeping.add(label)
        try:
            await asyncio.sleep(time * UNIT)
        finally:
            self.sleeping.discard(label)
        self.record.event("slept", label=label, due=due, failed=False)
        self.record.release("sleep", label)

    async def await_task(self, label, of):
        task = self.tasks.pop(of, None)
        if task is None:
            return
        self.record.event("joining", label=label, of=of)
        if of == label:
            # asyncio refuses what could never be over.
            await self.loop.create_future()
        self.awaits[label] = of
        if not task.done():
            self.awaited_by.setdefault(of, []).append(label)
        try:
            result = await task
        except asyncio.CancelledError:
            if label in self.cancelled:
                raise
            result = "cancelled"
        except Planned:
            result = "panicked"
        finally:
            self.awaits.pop(label, None)
        self.record.event("joined", label=label, of=of, result=result)


def set_once(future):
    """Wakes whoever waits for a future, unless somebody else has."""
    if not future.done():
        future.set_result(None)
