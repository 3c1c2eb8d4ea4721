"""How is a child started and steered? By pipes: it says hello once it runs, and carries out its
plan when it is told to.

The module subprocess is not used: it collects children that it has started, behind the back of
whoever watches them.
"""

import os
import select
import signal
import sys
import time

HELLO = b"anyloop\n"

# The exit codes of a child that nobody gave an order, and of one that its own signal did not end.
ABANDONED = 120
SPARED = 121

# How long the system may take for what is certain to happen.
CERTAIN = 2.0

RUNNING, ZOMBIE, GONE = "running", "zombie", "gone"


def be_kid(how, number):
    """Is a child: this never returns."""
    os.write(1, HELLO)
    if not os.read(0, 1):
        os._exit(ABANDONED)
    if how == "exit":
        os._exit(number)
    try:
        signal.signal(number, signal.SIG_DFL)
    except (OSError, ValueError):
        pass
    os.kill(os.getpid(), number)
    os._exit(SPARED)


def wait_until(patience, done):
    """Asks again and again, and says whether it was answered with yes in time.

    For what no call of the system waits for: that somebody else collects a child.
    """
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.0002)
    return True


class Kid:
    """A child of the driver."""

    def __init__(self, script, plan):
        order_end, self.orders = os.pipe()
        hello, hello_end = os.pipe()
        how, number = plan
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", script, "--kid", how, str(number)],
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, order_end, 0),
                    (os.POSIX_SPAWN_DUP2, hello_end, 1),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                # Python ignores these, and children inherit that.
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError:
            os.close(self.orders)
            raise
        else:
            os.close(hello_end)
            hello_end = None
            said = b""
            while len(said) < len(HELLO) and select.select([hello], [], [], CERTAIN)[0]:
                part = os.read(hello, len(HELLO))
                if not part:
                    break
                said += part
            if said != HELLO:
                self.drop()
                raise OSError(f"a child said {said!r} in the place of hello")
        finally:
            os.close(order_end)
            os.close(hello)
            if hello_end is not None:
                os.close(hello_end)

    def order(self):
        """Orders it to carry out its plan."""
        try:
            os.write(self.orders, b"!")
        except BrokenPipeError:
            pass

    def look(self, options):
        """What the system says about it; None if nothing, or if it is gone."""
        try:
            return os.waitid(os.P_PID, self.pid, options)
        except ChildProcessError:
            return None

    def state(self):
        """Whether it has ended, and was collected."""
        try:
            end = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:
            return GONE
        return RUNNING if end is None else ZOMBIE

    def send(self, number):
        """Sends a signal, but never to a process that got the number after this child had gone."""
        if self.state() == RUNNING:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass

    def suspend(self):
        """Stops it, and waits until it has stopped."""
        self.send(signal.SIGSTOP)
        options = os.WSTOPPED | os.WEXITED | os.WNOWAIT | os.WNOHANG
        wait_until(CERTAIN / 20, lambda: self.look(options) is not None or self.state() == GONE)

    def resume(self):
        """Lets it go on."""
        self.send(signal.SIGCONT)

    def await_end(self):
        """Waits until it has ended, collected or not, without collecting it."""
        return wait_until(CERTAIN, lambda: self.state() != RUNNING)

    def await_collected(self, patience):
        """Waits until somebody has collected it."""
        return wait_until(patience, lambda: self.state() == GONE)

    def collect(self):
        """Waits for its end and collects it; None if somebody else has."""
        self.await_end()
        end = self.look(os.WEXITED | os.WNOHANG)
        if end is None:
            return None
        if end.si_code == os.CLD_EXITED:
            return f"exited:{end.si_status}"
        return f"{'dumped' if end.si_code == os.CLD_DUMPED else 'signaled'}:{end.si_status}"

    def drop(self):
        """Ends and collects it, if nobody has."""
        self.send(signal.SIGKILL)
        wait_until(CERTAIN, lambda: self.state() != RUNNING)
        self.look(os.WEXITED | os.WNOHANG)
        os.close(self.orders)


def status_of(returncode):
    """A return code of asyncio in the words of the kit. For an unknown end, asyncio says 255."""
    return f"exited:{returncode}" if returncode >= 0 else f"signaled:{-returncode}"
