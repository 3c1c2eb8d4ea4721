"""How is a program taken apart? As `conformance/src/text.rs` says."""

import re
from collections import namedtuple

# A step: its word, its operands by name, and the steps inside of it.
Step = namedtuple("Step", "word label of kid time name scene signal plan body")
BLANK = Step(None, None, None, None, None, None, None, None, None, ())

# The operands of each step, in the order in which they are written.
OPERANDS = {
    "soon": ("label", "body"),
    "at": ("time", "label", "body"),
    "never": ("label", "body"),
    "touchy": ("label", "body"),
    "cancel": ("of",),
    "foreign": ("of",),
    "scope": ("of",),
    "handler": (),
    "fragile": (),
    "burn": ("time",),
    "spin": ("label", "of"),
    "stop": (),
    "run": (),
    "other": (),
    "close": (),
    "panic": (),
    "thread": ("label", "body"),
    "join": (),
    "post": ("label", "body"),
    "interrupt": (),
    "task": ("label", "body"),
    "until": ("label", "body"),
    "yield": (),
    "sleep": ("time",),
    "park": (),
    "await": ("of",),
    "wake": ("of",),
    "detach": ("of",),
    "taskscope": ("of",),
    "abort": ("of",),
    "store": ("loop",),
    "clear": (),
    "ask": (),
    "ambient": (),
    "new": ("loop",),
    "failing": ("body",),
    "keep": (),
    "elsewhere": ("body",),
    "set": ("policy",),
    "reset": (),
    "lookup": (),
    "guard": ("policy", "body"),
    "unguard": (),
    "watcher": (),
    "setwatcher": ("loop",),
    "unsetwatcher": (),
    "refuse": (),
    "child": ("kid", "plan"),
    "end": ("kid",),
    "ended": ("kid",),
    "sigstop": ("kid",),
    "sigcont": ("kid",),
    "watch": ("kid", "label", "body"),
    "heed": (),
    "ignore": (),
    "block": (),
    "jolt": (),
    "scarce": ("body",),
    "adopt": (),
    "claim": ("kid",),
    "bracket": ("body",),
    "takeover": ("loop", "kid", "label"),
    "unwatch": ("kid",),
    "steal": ("kid",),
    "alien": ("label", "body"),
    "closewatcher": (),
    "attach": ("loop",),
    "unattach": (),
    "probe": (),
    "discard": (),
    "abandon": (),
    "program": ("label", "scene", "plan"),
    "turn": ("time",),
    "fork": (),
    "onsignal": ("signal", "label", "body"),
    "unsignal": ("signal",),
    "raise": ("signal",),
    "also": ("signal",),
}

# What a loop can go through with a program.
SCENES = (
    "awaited outlived line flood filter talk deaf signalled late killed detached orphaned untold inactive missing"
    " nowhere given merged piped null"
).split()

# The signals, and what is none.
SIGNALS = "usr1 usr2 chld kill segv zero huge".split()

TOKEN = re.compile(r"//[^\n]*|[{}]|[^\s{};]+")

# Deeper than any sensible program, shallower than the stack.
DEEPEST = 64


class ProgramError(Exception):
    """A text is no program: what was expected, and what stands there."""


def parse(text):
    """The steps of a program."""
    parser = _Parser(text)
    steps = parser.steps(0)
    if parser.peek():
        raise parser.expected("a step")
    return steps


class _Parser:
    def __init__(self, text):
        self.tokens = [token for token in TOKEN.findall(text) if not token.startswith("//")]
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def expected(self, what):
        found = self.peek()
        return ProgramError(f"expected {what}, not `{found}`" if found else f"expected {what}, but the text ends")

    def steps(self, depth):
        steps = []
        while self.peek() not in ("", "}"):
            word = self.peek()
            if word not in OPERANDS:
                raise self.expected("a step")
            self.take()
            operands = {}
            for operand in OPERANDS[word]:
                name = "name" if operand in ("loop", "policy") else operand
                operands[name] = self.operand(operand, depth)
            steps.append(BLANK._replace(word=word, **operands))
        return tuple(steps)

    def operand(self, operand, depth):
        if operand in ("label", "of"):
            return self.number("#", "a label like #3")
        if operand == "kid":
            return self.number("%", "a child like %1")
        if operand == "time":
            return self.number("", "a number")
        if operand == "loop":
            return self.one_of(("a", "b"), "a or b")
        if operand == "policy":
            return self.one_of(("p", "q"), "p or q")
        if operand == "scene":
            return self.one_of(SCENES, "a scene like awaited")
        if operand == "signal":
            return self.one_of(SIGNALS, "a signal like usr1")
        if operand == "plan":
            how = self.one_of(("exit", "signal"), "exit or signal")
            return how, self.number("", "a number up to 255")
        return self.body(depth)

    def body(self, depth):
        if self.peek() != "{":
            return ()
        if depth == DEEPEST:
            raise self.expected("no deeper body")
        self.take()
        steps = self.steps(depth + 1)
        if self.peek() != "}":
            raise self.expected("a step or }")
        self.take()
        return steps

    def number(self, prefix, what):
        digits = self.peek()[len(prefix):]
        if not self.peek().startswith(prefix) or not (digits.isascii() and digits.isdigit()):
            raise self.expected(what)
        self.take()
        return int(digits)

    def one_of(self, words, what):
        if self.peek() not in words:
            raise self.expected(what)
        return self.take()
