"""What does this interpreter's asyncio have, and what does it lack?"""

import asyncio
import logging
import os
import platform
import sys
import warnings

# What no version of asyncio has.
LACKS = (
    ("handle", "handles are objects, which nobody numbers"),
    ("cancel.answer", "Handle.cancel() gives no answer"),
    ("cancel.foreign", "a handle knows its loop and is never given to another"),
    ("cancel.scope", "there is no guard that cancels a callback"),
    ("future.scope", "there is no guard that cancels a task"),
    ("context", "asyncio stores nothing per context; threading.local and contextvars are Python's own"),
    ("capability", "there are no capabilities to ask for: methods raise NotImplementedError"),
    ("child.takeover", "the driver has children on one loop only"),
    ("child.blocked", "the driver blocks no signals"),
    ("child.unchanged", "only closed watchers refuse, and drop what is pending: child.close tells of that"),
    ("child.unseen", "Python repeats a system call that is interrupted, and has no errno"),
    ("reaper", "no watcher tells of children that nobody has registered; the fast one keeps them to itself"),
    ("process", "the driver plays no scenes with programs: asyncio's have streams and transports of their own"),
    ("source", "the driver plays no sources yet"),
    ("signal", "the driver sets no signal handlers: asyncio has one wake-up descriptor for all loops"),
    ("step", "a host can take no steps: _run_once() is private"),
    ("fork.ends", "the driver ends a child inside of the callback that forked"),
    ("fork.watcher", "the driver asks an inherited watcher for nothing but to remove, and to close"),
    ("fork.reports", "the driver starts no children in forked ones"),
    ("fork.drops", "what a forked child drops is up to its garbage collector, which the child does not live to see"),
    ("close.abandoned", "what other threads use is the loop itself, so whoever holds it holds the loop"),
    ("wake.owner", "asyncio does not say on which thread a loop lives"),
    ("policy.guard", "there is no guard; whoever sets the policy puts it back by hand"),
    ("policy.former", "set_event_loop_policy() gives nothing back"),
)

# The watchers, by the names that the command line has for them.
WATCHERS = {
    "threaded": "ThreadedChildWatcher",
    "safe": "SafeChildWatcher",
    "fast": "FastChildWatcher",
    "multi": "MultiLoopChildWatcher",
    "pidfd": "PidfdChildWatcher",
}

NO_WATCHERS = "public child watchers were removed in CPython 3.14 (gh-120804)"
NO_LOOP_BY_ITSELF = "a policy makes no loop by itself: since CPython 3.14 (gh-126353), and in uvloop"
NO_POLICIES = "policies were removed in CPython 3.16 (gh-127949)"


def quietly(section, *arguments):
    """Does something that recent versions warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return section(*arguments)


def watchers():
    """The names of the watchers that this interpreter has and that work on this system."""
    found = []
    for name, title in WATCHERS.items():
        if quietly(getattr, asyncio, title, None) is not None and (name != "pidfd" or has_pidfds()):
            found.append(name)
    return found


def has_pidfds():
    """Whether this system gives pidfds."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def default_watcher():
    """The name of the watcher that the default policy makes."""
    made = quietly(lambda: asyncio.get_event_loop_policy().get_child_watcher())
    quietly(asyncio.set_event_loop_policy, None)
    return next(name for name, title in WATCHERS.items() if title == type(made).__name__)


class Subject:
    """Who is judged: a loop and a watcher, with policies around them."""

    def __init__(self, script, watcher=None, uvloop=False):
        # What a child of the driver is started from.
        self.script = script
        # What asyncio logs is evidence, and no news for the terminal.
        logging.getLogger("asyncio").disabled = True
        self.base = self.find_policy(uvloop)
        self.has_policies = self.base is not None
        known = watchers()
        self.has_watchers = self.has_policies and bool(known) and not uvloop
        self.watcher_class = None
        self.lacks = list(LACKS)
        loop = "uvloop" if uvloop else "selector"
        self.name = f"asyncio-{platform.python_version()}/{loop}"
        if uvloop:
            import uvloop as other

            self.name = f"uvloop-{other.__version__}/{self.name.split('/')[0]}"
        if self.has_watchers:
            name = watcher or default_watcher()
            # The policy makes its own by itself, unless it is told otherwise.
            if watcher is not None:
                self.watcher_class = quietly(getattr, asyncio, WATCHERS[name])
            self.name += f"+{name}"
            if name == "fast":
                self.lacks.append(("child.refused", "FastChildWatcher refuses no registration"))
        else:
            why = "uvloop watches children by itself" if uvloop else NO_WATCHERS
            self.lacks += [("child", why), ("policy.watcher", why)]
        if not self.has_policies:
            self.lacks.append(("policy", NO_POLICIES))
        elif uvloop or sys.version_info >= (3, 14):
            self.lacks += [(rule, NO_LOOP_BY_ITSELF) for rule in ("policy.outer", "policy.error", "policy.retry")]

    @staticmethod
    def find_policy(uvloop):
        """The class of policies to start from; None if there are none."""
        if uvloop:
            import uvloop as other

            return other.EventLoopPolicy
        return quietly(getattr, asyncio, "DefaultEventLoopPolicy", None)

    @staticmethod
    def is_bound(watcher):
        """Whether a watcher tells the loop that it is attached to, and not the one that runs when a
        child is registered."""
        bound = ["SafeChildWatcher", "FastChildWatcher"]
        if sys.version_info < (3, 12):
            bound.append("PidfdChildWatcher")
        return type(watcher).__name__ in bound

    def policies(self, seat):
        """The policies `p` and `q` of a play."""
        if not self.has_policies:
            return Factory(seat), None
        return told_policy(self.base, self.watcher_class)(seat), self.base()

    def idle_watchers(self, seat):
        """Two watchers that watch nothing."""
        if not self.has_watchers:
            return []
        idle = idle_watcher()
        return [idle(seat, number) for number in range(2)]


class Factory:
    """What stands for the policy `p` where there are none: it makes loops, and keeps one."""

    def __init__(self, seat):
        self.seat = seat

    def new_event_loop(self):
        return self.seat.factory(asyncio.new_event_loop)

    def set_event_loop(self, loop):
        asyncio.set_event_loop(loop)

    def get_event_loop(self):
        return asyncio.get_event_loop()

    def close_watcher(self):
        pass


def told_policy(base, watcher_class):
    """A class of policies whose factory and setter tell that they are used."""

    class Told(base):
        def __init__(self, seat):
            super().__init__()
            self.seat = seat

        def new_event_loop(self):
            return self.seat.factory(super().new_event_loop)

        def set_event_loop(self, loop):
            self.seat.setter(super().set_event_loop, loop)

        def close_watcher(self):
            """Closes the watcher that was made, at the end of the play."""
            watcher = getattr(self, "_watcher", None)
            if watcher is not None:
                watcher.close()

    if watcher_class is not None:

        def _init_watcher(self):
            if self._watcher is None:
                self._watcher = watcher_class()

        Told._init_watcher = _init_watcher
    return Told


def idle_watcher():
    """A class of watchers that watch nothing, and tell when they are attached."""

    class Idle(quietly(getattr, asyncio, "AbstractChildWatcher")):
        def __init__(self, seat, number):
            self.seat = seat
            self.number = number
            self.active = True

        def add_child_handler(self, pid, callback, *args):
            raise NotImplementedError("children")

        def remove_child_handler(self, pid):
            return False

        def attach_loop(self, loop):
            self.seat.attached(self.number, loop)

        def is_active(self):
            return self.active

        def close(self):
            self.active = False

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    return Idle
