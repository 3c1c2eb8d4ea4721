"""How do asyncio's child watchers do? `WATCHER OTHERS LENGTH CHILD` prints the numbers.

As in nursery/src/lib.rs, step by step; asyncio registers a child while it spawns it.
"""

import asyncio
import os
import resource
import signal
import sys
import time
import warnings

FIRST = 3
LONGEST = 60


class Protocol(asyncio.SubprocessProtocol):
    def __init__(self, told):
        self.told = told

    def connection_made(self, transport):
        self.transport = transport

    def process_exited(self):
        self.told.put_nowait(self.transport.get_returncode())


class Meter:
    def __init__(self):
        self.spawning = [0, 0]
        self.start = self.all()

    @staticmethod
    def all():
        return time.process_time_ns(), time.monotonic_ns()

    @staticmethod
    def own():
        return time.thread_time_ns(), time.monotonic_ns()

    async def without(self, work):
        before = self.own()
        await work
        self.spawning = [sum + after - before for sum, after, before in zip(self.spawning, self.own(), before)]

    def each(self, operations):
        now = self.all()
        return [(now[of] - self.start[of] - self.spawning[of]) / operations for of in (0, 1)]


def proc(file, what):
    with open(f"/proc/self/{file}") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(what))


def memory():
    return proc("smaps_rollup", "Anonymous:") * 1024


async def main(others, length, child):
    told = asyncio.Queue()
    gate, gate_of_others = os.pipe(), os.pipe()

    async def spawn(gate):
        loop = asyncio.get_running_loop()
        await loop.subprocess_exec(lambda: Protocol(told), child, stdin=gate[0], stdout=None, stderr=None)

    def send(gate, number):
        code = (number * 7 + 1) % 256
        os.write(gate[1], bytes([code]))
        return code

    async def once(meter, number):
        await meter.without(spawn(gate))
        sent = send(gate, number)
        code = await told.get()
        if code != sent:
            sys.exit(f"child {number} ended with {code} and not {sent}")

    signal.alarm(LONGEST)
    for number in range(FIRST):
        await once(Meter(), number)
    empty = memory()
    for _ in range(others):
        await spawn(gate_of_others)
    full, threads = memory(), proc("status", "Threads:")

    signal.alarm(LONGEST)
    meter = Meter()
    for number in range(length):
        await once(meter, number)
    cpu, wall = meter.each(length)

    signal.alarm(LONGEST)
    meter = Meter()
    sent = sum(send(gate_of_others, number) for number in range(others))
    codes = sum([await told.get() for _ in range(others)])
    if codes != sent:
        sys.exit("the others ended with the wrong codes")
    together, _ = meter.each(max(others, 1))
    per_child = (full - empty) / max(others, 1)
    print(f"cpu {cpu}\nwall {wall}\ntogether {together}\nmemory {per_child}\nthreads {threads}")


warnings.simplefilter("ignore", DeprecationWarning)
kind, others, length, child = sys.argv[1:]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
watcher = getattr(asyncio, f"{kind}ChildWatcher")()
watcher.attach_loop(loop)
asyncio.set_child_watcher(watcher)
loop.run_until_complete(main(int(others), int(length), child))
