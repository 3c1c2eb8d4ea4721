"""How does the driver speak with the kit, and what if a play hangs?

The protocol is described in `conformance/src/protocol/mod.rs`.
"""

import os
import sys
import threading
import time

from .program import ProgramError, parse

VERSION = 1

# How a process ends whose play hangs, as the kit's own does.
HUNG = 3


class Wire:
    """The driver's end of the pipe. Whatever else prints goes to the standard error."""

    def __init__(self):
        self.lock = threading.Lock()
        self.out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)

    def say(self, line):
        """Says a line, at once."""
        with self.lock:
            self.out.write(line + "\n")
            self.out.flush()

    def say_all(self, lines):
        """Says many lines."""
        with self.lock:
            self.out.write("".join(line + "\n" for line in lines))
            self.out.flush()


class Watchdog:
    """Watches a play: one that hangs is asked to stop, and one that does not is told to the kit.

    It sleeps until the patience is at its end and looks then whether that was put off meanwhile,
    so that a play that does not hang is not disturbed.
    """

    def __init__(self, wire, patience):
        self.wire = wire
        self.patience = patience
        self.condition = threading.Condition()
        self.play = None
        self.deadline = 0.0
        self.given_up = False
        threading.Thread(target=self._keep_watch, name="watchdog", daemon=True).start()

    def watch(self, play):
        """From now on it is this play, or none, that is watched."""
        with self.condition:
            self.play = play
            self.again()
            self.condition.notify()

    def again(self):
        """The patience starts anew."""
        self.deadline = time.monotonic() + self.patience
        self.given_up = False

    def _keep_watch(self):
        with self.condition:
            while True:
                if self.play is None:
                    self.condition.wait()
                    continue
                left = self.deadline - time.monotonic()
                if left > 0:
                    self.condition.wait(left)
                elif self.given_up:
                    self._give_up()
                else:
                    self.given_up = True
                    self.deadline = time.monotonic() + self.patience
                    self.play.give_up()

    def _give_up(self):
        # A lock may be held by what hangs. Nothing is written any more, so none is needed.
        if self.play.record.tell is None:
            self.wire.out.write("".join(line + "\n" for line in list(self.play.record.lines)))
        self.wire.out.write("hung\n")
        self.wire.out.flush()
        os._exit(HUNG)


def drive(subject, patience, play):
    """Greets the kit, and answers until it has nothing more to say.

    `play` is given the steps of a program, the watchdog, and what tells an event at once, or None;
    it returns the lines of the history.
    """
    wire = Wire()
    wire.say(f"anyloop {VERSION} {subject.name}")
    for what, why in subject.lacks:
        wire.say(f"lacks {what} {why}")
    wire.say(f"patience {round(patience * 1000)}")
    wire.say("ready")
    watchdog = Watchdog(wire, patience)
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        asked, _, text = line.strip().partition(" ")
        if asked == "patience" and text.isdigit():
            watchdog.patience = int(text) / 1000
            continue
        if asked not in ("play", "trace"):
            wire.say(f"// not understood: {asked}")
            continue
        try:
            steps = parse(text)
        except ProgramError as error:
            wire.say_all([f"// {error}", "end"])
            continue
        told = play(steps, watchdog, wire.say if asked == "trace" else None)
        wire.say_all(told + ["end"] if asked == "play" else ["end"])
