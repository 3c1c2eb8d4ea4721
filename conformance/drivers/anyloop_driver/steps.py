"""What is common to the parts of the player, each of which takes some of the steps?"""

# How often the loop is run again at the end, as long as something is left: more often than a
# program has steps that stop.
LAST_RUNS = 64


class Steps:
    """A part of the player. Its methods `step_…` take the steps of those names."""

    def prepare(self):
        """Makes what the part needs, before there is a loop."""

    def tidy(self):
        """Gives back what the part holds, after the history is over."""
