"""What does a driver in Python consist of? All but the loop that is judged.

file             answers
---------------  -----------------------------------------------------------------------
program.py       how is a program taken apart?
record.py        what is remembered of a play, and how is it written down?
wire.py          how does the driver speak with the kit, and what if a play hangs?
player.py        in what order are the steps taken, and when is a run over?
loop_steps.py    what do the steps about callbacks and runs do?
thread_steps.py  what does a thread do?
task_steps.py    what does a task do?
outcome.py       how is it said how something ended?
steps.py         what is common to the parts of the player?
policy_steps.py  what do the steps about policies do?
child_steps.py   what do the steps about children do?
life_steps.py    what does a loop leave behind?
fork_step.py     what does a forked child try?
kid.py           how is a child started and steered?
subject.py       what does this interpreter's asyncio have, and what does it lack?

It is a port of the kit's own player, in `conformance/src/play`: where the two could differ, that
one is right. It needs the standard library of CPython 3.8 or later, and nothing else.
"""
