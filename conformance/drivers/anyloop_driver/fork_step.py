"""What does a forked child try? Whatever it must not be able to do with what it inherits, and what
it must be able to do by itself.

The child takes no step of the program and records nothing: the threads of the parent are not
there, and neither is whoever holds a lock. It fills in a form, and sends that to the parent.
"""

import asyncio
import os
import select
import signal
import time

from .loop_steps import UNIT
from .outcome import state_of, words
from .record import Quoted
from .steps import Steps

# How a forked child ends whose job has told what it had to.
TOLD = 0

# What stands in a form that nobody has filled in.
NOTHING = {
    "current": "none",
    "state": "idle",
    "asked": "none",
    "ambient": "none",
    "run": "wrong-process",
    "closed": "wrong-process",
    "soon": "wrong-process",
    "post": "wrong-process",
    "ran": 0,
}


class ForkStep(Steps):
    def step_fork(self, _):
        # What is there is fetched before, so that the child has the parent's.
        watcher = None
        if self.any_watched:
            watcher = self.booth.seat.p.get_child_watcher()
        # A child that hangs is a verdict of its own, and not the run's fault.
        self.watchdog.again()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.be_fork(watcher, writer)
        os.close(writer)
        try:
            told = read_until(reader, time.monotonic() + self.watchdog.patience / 2)
        finally:
            os.close(reader)
        self.watchdog.again()
        lost, form = self.read_form(told, *await_fork(pid, told is None))
        self.record.event("forked", lost=lost, **form)

    def read_form(self, told, ended_well):
        """Why the child did not tell, or what it told."""
        if told is None:
            return Quoted("did not come to an end"), NOTHING
        if not ended_well:
            return Quoted("died"), NOTHING
        form = dict(line.split("=", 1) for line in told.decode().splitlines())
        if set(NOTHING) - set(form):
            return Quoted("ended before it had told"), NOTHING
        if "fresh" in form:
            form["fresh"] = Quoted(form["fresh"])
        return None, form

    def be_fork(self, watcher, writer):
        """Is the child: this never returns."""
        status = 1
        try:
            self.is_fork = True
            form = self.try_all(watcher)
            text = "".join(f"{name}={value}\n" for name, value in form.items())
            os.write(writer, text.encode())
            status = TOLD
        finally:
            os._exit(status)

    def try_all(self, watcher):
        """Fills in the form."""
        form = {}
        try:
            running = asyncio.get_running_loop()
            form["current"] = "this" if running is self.loop else "other"
        except RuntimeError:
            form["current"] = "none"
        form["state"] = state_of(self.loop)
        form["asked"] = self.heritage(self.booth.seat.p.get_event_loop)
        form["ambient"] = self.heritage(asyncio.get_event_loop)

        def run():
            # What stops a run stands first, so that one that is not refused comes back.
            self.loop.stop()
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.loop.run_forever()

        form["run"] = reply(run)
        form["soon"] = reply(lambda: self.loop.call_soon(int))
        form["post"] = reply(lambda: self.loop.call_soon_threadsafe(int))
        try:
            self.meddle(watcher)
        except Exception:
            # Answers do not matter, what it does to the parent does.
            pass
        form["closed"] = reply(self.loop.close)
        try:
            fresh = self.begin_anew()
        except Exception as error:
            fresh = f"it panicked: {words(error)}"
        form["ran"] = self.strays
        if fresh is not None:
            form["fresh"] = fresh.replace("\n", " ")
        return form

    def heritage(self, ask):
        """Where the loop comes from that a policy gives."""
        try:
            loop = ask()
        except RuntimeError as error:
            return "none" if str(error).startswith("There is no current event loop") else "failed"
        except Exception:
            return "failed"
        return "inherited" if any(known is loop for _, known in self.booth.loops) else "fresh"

    def meddle(self, watcher):
        """Tidies up what is the parent's."""
        for weak in list(self.handles.values()):
            handle = weak()
            if handle is not None:
                handle.cancel()
        if watcher is not None:
            for state in self.kids.values():
                watcher.remove_child_handler(state.kid.pid)
            watcher.close()

    def begin_anew(self):
        """Makes a loop, stores it, has it run one callback of each kind, and closes it."""
        policy = self.booth.seat.p
        loop = policy.new_event_loop()
        policy.set_event_loop(loop)
        if policy.get_event_loop() is not loop:
            return "it was stored, and another was given"
        ran = set()

        def fire():
            ran.add("timer")
            loop.stop()

        loop.call_soon(ran.add, "soon")
        loop.call_soon_threadsafe(ran.add, "post")
        loop.call_later(UNIT, fire)
        loop.run_forever()
        if len(ran) != 3:
            return "it did not run all callbacks"
        loop.close()
        return None


def reply(ask):
    """What came of something that has to be refused. Whoever asked Python has what he gave."""
    try:
        ask()
    except RuntimeError:
        return "refused"
    except Exception:
        return "panicked"
    return "done"


def read_until(reader, deadline):
    """Reads to the end; None if that does not come in time."""
    told = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        if not select.select([reader], [], [], left)[0]:
            continue
        part = os.read(reader, 4096)
        if not part:
            return told
        told += part


def await_fork(pid, hangs):
    """Whether the child ended well. It ends now; a watcher that collects whatever it finds may have
    been faster."""
    try:
        if hangs and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return (True,)
    return (status == TOLD,)
