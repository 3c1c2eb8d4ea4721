"""What does CPython's asyncio do with the kit's programs? A driver that plays them.

It speaks the kit's protocol on its standard streams:

    anyloop check --driver 'python3 conformance/drivers/asyncio.py' --known conformance/drivers/known.toml

    --watcher NAME   the child watcher: one of those that `--list` prints; the interpreter's own if
                     none is named
    --uvloop         uvloop's loops in the place of asyncio's
    --patience MS    how long a run may take in which nothing happens
    --list           print the watchers that this interpreter has, and end
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

if sys.argv[1:2] == ["--kid"]:
    # A child of the driver needs little, and starts the sooner.
    sys.path.insert(0, HERE)
    from anyloop_driver.kid import be_kid

    be_kid(sys.argv[2], int(sys.argv[3]))

# This file has the name of what it drives. Python puts its folder first, where it would be found.
sys.path[:] = [place for place in sys.path if os.path.abspath(place or os.curdir) != HERE] + [HERE]


def main():
    """Says what there is, or plays."""
    import argparse
    import gc
    import threading

    from anyloop_driver import subject
    from anyloop_driver.player import play
    from anyloop_driver.wire import drive

    known = subject.watchers()
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--watcher", choices=known)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--patience", type=int, default=os.environ.get("ANYLOOP_PATIENCE_MS", 5000), metavar="MS")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        print("\n".join(known) or subject.NO_WATCHERS)
        return
    judged = subject.Subject(os.path.abspath(__file__), options.watcher, options.uvloop)
    # Threads of the threaded watcher fail (B25). To say so, Python opens their sources, and those
    # descriptors would be taken for the watcher's.
    threading.excepthook = lambda failed: None
    # Garbage is collected between plays, so that nothing is dropped by chance in the middle of one.
    gc.disable()
    gc.collect()
    gc.freeze()
    drive(judged, options.patience / 1000, lambda *program: play(judged, *program))


if __name__ == "__main__":
    main()
