"""How is it said how something ended?"""

import asyncio

from .record import Quoted, quoted

# What asyncio says when it refuses to run, and what the kit calls that.
REFUSALS = (
    ("Event loop is closed", "closed"),
    ("This event loop is already running", "already-running"),
    ("this event loop is already running", "already-running"),
    ("Cannot run the event loop while another loop is running", "nested"),
    ("Event loop stopped before Future completed", "stopped"),
)


class Planned(Exception):
    """What the step `panic` raises."""

    def __init__(self, label):
        super().__init__(f"the planned panic of #{label}")
        self.label = label


def words(error):
    """What an exception says, and what it is."""
    return str(error) if isinstance(error, Planned) else f"{type(error).__name__}: {error}"


def result_of(run):
    """How a run ended, in the words of the kit."""
    try:
        output = run()
    except RuntimeError as error:
        for said, reason in REFUSALS:
            if str(error).startswith(said):
                return f"error:{reason}"
        return with_words("panicked", words(error))
    except OSError as error:
        return f"error:os:{error.errno}"
    except asyncio.CancelledError as error:
        return with_words("failed", words(error))
    except Exception as error:
        return with_words("panicked", words(error))
    return "returned" if output is None else f"output:{output}"


def with_words(word, text):
    """A word, a colon, and a text between quotes."""
    return f"{word}:{quoted(text)}"


def message(error):
    """What went wrong, as a field of an event."""
    return Quoted(words(error))


def state_of(loop):
    """What a loop says of itself."""
    return "running" if loop.is_running() else "closed" if loop.is_closed() else "idle"
