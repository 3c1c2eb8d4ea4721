"""What is remembered of a play, and how is it written down?

Events are lines, as `conformance/src/history/text.rs` reads them. Beside them stands what the run
is still waited for: the player stops the loop when nothing is left.
"""

import threading

# Fields that hold the label of a callback or a task.
LABELS = frozenset(("label", "of", "by", "until"))


class Quoted(str):
    """Words that are written between quotes."""


def written(name, value):
    """The value of a field as one word."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in LABELS:
        return f"#{value}"
    if name == "kid":
        return f"%{value}"
    if isinstance(value, Quoted):
        return quoted(value)
    return str(value)


def quoted(text):
    """A text as it stands in an event."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


class Record:
    """The record of one play. Any thread may write to it."""

    def __init__(self, tell=None):
        # Taken again by whatever is dropped while it is held.
        self.lock = threading.RLock()
        self.lines = []
        self.tell = tell
        self.tokens = set()
        self.running = False
        # Called when the last token is released while the loop runs.
        self.at_rest = None
        # Gives nanoseconds since the start of the play, on the loop's thread.
        self.clock = None
        self.closed = False
        self.home = threading.get_ident()
        self._threads = threading.local()
        self._threads.number = 0
        self._count = 1

    def is_home(self):
        """Whether the caller is on the loop's thread."""
        return threading.get_ident() == self.home

    def event(self, what, /, **fields):
        """Records what happened, with the time if it can be told here."""
        at = self.clock() if self.clock is not None and self.is_home() else "-"
        self._write(at, what, fields)

    def quietly(self, what, /, **fields):
        """Records without asking the loop for the time: it may be in the middle of something."""
        self._write("-", what, fields)

    def lacking(self, what):
        """Records that a step could not be taken."""
        self.event("lacking", what=Quoted(what))

    def _write(self, at, what, fields):
        with self.lock:
            if self.closed:
                return
            number = getattr(self._threads, "number", None)
            if number is None:
                number = self._threads.number = self._count
                self._count += 1
            parts = [str(at), str(number), what]
            parts += [f"{name}={written(name, value)}" for name, value in fields.items() if value is not None]
            line = " ".join(parts)
            self.lines.append(line)
            if self.tell is not None:
                self.tell(line)

    def hold(self, *token):
        """From now on the run is not over before the token is released."""
        with self.lock:
            self.tokens.add(token)

    def holds(self, *token):
        """Whether the run is not over before the token is released."""
        return token in self.tokens

    def release(self, *token):
        """Nobody waits for the token any more. If it was the last one, the run may end."""
        with self.lock:
            if token not in self.tokens:
                return
            self.tokens.remove(token)
            last = not self.tokens and self.running and not self.closed
        if last:
            self.at_rest()

    def is_idle(self):
        """Whether nothing is waited for."""
        return not self.tokens

    def finish(self):
        """Takes no more, and gives the lines."""
        with self.lock:
            self.closed = True
            return self.lines
