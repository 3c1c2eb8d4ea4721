/* How is a program taken apart? As `conformance/src/text.rs` says: steps are separated by white space
 * or semicolons, `//` begins a comment, and a body stands in braces. */

#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper than any sensible program, shallower than the stack. */
#define DEEPEST 64

#define BLANK " \t\r\n;"

/* The operands of each step, in the order in which they are written: a label, a reference to one, a
 * kid, a time, the name of a loop or a policy, a scene, a plan, a body. */
static const struct {
    const char *name, *operands;
    enum word word;
    const char *lacking;
} WORDS[] = {
    {"soon", "lb", SOON, NULL},
    {"at", "tlb", AT, NULL},
    {"never", "lb", NEVER, NULL},
    {"touchy", "lb", TOUCHY, NULL},
    {"cancel", "r", CANCEL, NULL},
    {"foreign", "r", LACKING, "handles without their loop"},
    {"scope", "r", LACKING, "guards"},
    {"handler", "", LACKING, "exception handlers"},
    {"fragile", "", LACKING, "exception handlers"},
    {"burn", "t", BURN, NULL},
    {"spin", "lr", SPIN, NULL},
    {"stop", "", STOP, NULL},
    {"run", "", RUN, NULL},
    {"other", "", OTHER, NULL},
    {"close", "", CLOSE, NULL},
    {"panic", "", LACKING, "panics"},
    {"thread", "lb", THREAD, NULL},
    {"join", "", JOIN, NULL},
    {"post", "lb", POST, NULL},
    {"interrupt", "", INTERRUPT, NULL},
    {"task", "lb", LACKING, "tasks"},
    {"until", "lb", LACKING, "tasks"},
    {"yield", "", LACKING, "tasks"},
    {"sleep", "t", LACKING, "tasks"},
    {"park", "", LACKING, "tasks"},
    {"await", "r", LACKING, "tasks"},
    {"wake", "r", LACKING, "tasks"},
    {"detach", "r", LACKING, "tasks"},
    {"taskscope", "r", LACKING, "tasks"},
    {"abort", "r", LACKING, "tasks"},
    {"store", "n", LACKING, "policies"},
    {"clear", "", LACKING, "policies"},
    {"ask", "", LACKING, "policies"},
    {"ambient", "", LACKING, "policies"},
    {"new", "n", LACKING, "policies"},
    {"failing", "b", LACKING, "policies"},
    {"keep", "", LACKING, "contexts"},
    {"elsewhere", "b", LACKING, "policies"},
    {"set", "p", LACKING, "policies"},
    {"reset", "", LACKING, "policies"},
    {"lookup", "", LACKING, "policies"},
    {"guard", "pb", LACKING, "policies"},
    {"unguard", "", LACKING, "policies"},
    {"watcher", "", LACKING, "child watchers"},
    {"setwatcher", "n", LACKING, "child watchers"},
    {"unsetwatcher", "", LACKING, "child watchers"},
    {"refuse", "", LACKING, "child watchers"},
    {"child", "kx", CHILD, NULL},
    {"end", "k", END, NULL},
    {"ended", "k", ENDED, NULL},
    {"sigstop", "k", SIGSTOP_, NULL},
    {"sigcont", "k", SIGCONT_, NULL},
    {"watch", "klb", WATCH, NULL},
    {"heed", "", HEED, NULL},
    {"ignore", "", IGNORE, NULL},
    {"block", "", LACKING, "a mask of signals"},
    {"jolt", "", LACKING, "a look at what the signal interrupts"},
    {"scarce", "b", LACKING, "child watchers"},
    {"adopt", "", LACKING, "child watchers"},
    {"claim", "k", LACKING, "child watchers"},
    {"bracket", "b", LACKING, "child watchers"},
    {"takeover", "nkl", LACKING, "child watchers"},
    {"unwatch", "k", LACKING, "child watchers"},
    {"steal", "k", LACKING, "child watchers"},
    {"alien", "lb", LACKING, "child watchers"},
    {"closewatcher", "", LACKING, "child watchers"},
    {"attach", "n", LACKING, "child watchers"},
    {"unattach", "", LACKING, "child watchers"},
    {"program", "lsx", LACKING, "program"},
    {"probe", "", LACKING, "capabilities"},
    {"discard", "", DISCARD, NULL},
    {"abandon", "", LACKING, "loops that end by being dropped"},
    {"turn", "t", LACKING, "steps that wait for so long and no longer"},
    {"fork", "", LACKING, "loops that notice forks"},
    {"onsignal", "glb", LACKING, "handlers of signals"},
    {"unsignal", "g", LACKING, "handlers of signals"},
    {"raise", "g", LACKING, "handlers of signals"},
    {"also", "g", LACKING, "handlers of signals"},
};

struct parser {
    const char *at;
    char *why;
    size_t room;
};

/* The length of the next token, a brace or all up to white space or a separator, which begins at
 * `at` then; 0 at the end. */
static size_t peek(struct parser *parser)
{
    for (;;) {
        parser->at += strspn(parser->at, BLANK);
        if (strncmp(parser->at, "//", 2) != 0)
            break;
        parser->at += strcspn(parser->at, "\n");
    }
    if (*parser->at == '{' || *parser->at == '}')
        return 1;
    return strcspn(parser->at, BLANK "{}");
}

static int expected(struct parser *parser, const char *what)
{
    size_t length = peek(parser);
    if (length == 0)
        snprintf(parser->why, parser->room, "expected %s, but the text ends", what);
    else
        snprintf(parser->why, parser->room, "expected %s, not `%.*s`", what,
                 (int)(length < 40 ? length : 40), parser->at);
    return -1;
}

static bool is(struct parser *parser, size_t length, const char *word)
{
    return length == strlen(word) && strncmp(parser->at, word, length) == 0;
}

/* A number up to `most` behind `prefix`, which is a character, or 0 for none. */
static int number(struct parser *parser, char prefix, uint32_t most, const char *what, uint32_t *value)
{
    size_t length = peek(parser), from = prefix != 0;
    uint64_t sum = 0;
    if (length <= from || (prefix != 0 && *parser->at != prefix))
        return expected(parser, what);
    for (size_t digit = from; digit < length; digit++) {
        char next = parser->at[digit];
        if (next < '0' || next > '9')
            return expected(parser, what);
        sum = sum * 10 + (uint64_t)(next - '0');
        if (sum > most)
            return expected(parser, what);
    }
    parser->at += length;
    *value = (uint32_t)sum;
    return 0;
}

static int one_of(struct parser *parser, const char *one, const char *other, const char *what)
{
    size_t length = peek(parser);
    if (!is(parser, length, one) && !is(parser, length, other))
        return expected(parser, what);
    parser->at += length;
    return 0;
}

/* One of the words of a list. */
static int word_of(struct parser *parser, const char *const *words, const char *what)
{
    size_t length = peek(parser);
    while (*words != NULL && !is(parser, length, *words))
        words++;
    if (*words == NULL)
        return expected(parser, what);
    parser->at += length;
    return 0;
}

/* What a loop can go through with a program. */
static const char *const SCENES[] = {
    "awaited", "outlived", "line",     "flood",  "filter",   "talk",    "deaf",
    "signalled", "late",   "killed",   "detached", "orphaned", "untold", "inactive",
    "missing", "nowhere",  "given",    "merged", "piped",    "null",    NULL,
};

/* The signals, and what is none. */
static const char *const SIGNALS[] = {"usr1", "usr2", "chld", "kill", "segv", "zero", "huge", NULL};

static int steps(struct parser *parser, struct body *body, int depth);

static int inner(struct parser *parser, struct body *body, int depth)
{
    if (!is(parser, peek(parser), "{"))
        return 0;
    if (depth == DEEPEST)
        return expected(parser, "no deeper body");
    parser->at++;
    if (steps(parser, body, depth + 1) != 0)
        return -1;
    if (!is(parser, peek(parser), "}"))
        return expected(parser, "a step or }");
    parser->at++;
    return 0;
}

static int operand(struct parser *parser, char kind, struct step *step, int depth)
{
    switch (kind) {
    case 'l':
        return number(parser, '#', UINT32_MAX, "a label like #3", &step->label);
    case 'r':
        return number(parser, '#', UINT32_MAX, "a label like #3", &step->of);
    case 'k':
        return number(parser, '%', UINT32_MAX, "a child like %1", &step->kid);
    case 't':
        return number(parser, 0, UINT32_MAX, "a number", &step->time);
    case 'n':
        return one_of(parser, "a", "b", "a or b");
    case 'p':
        return one_of(parser, "p", "q", "p or q");
    case 's':
        return word_of(parser, SCENES, "a scene like awaited");
    case 'g':
        return word_of(parser, SIGNALS, "a signal like usr1");
    case 'x':
        step->by_signal = is(parser, peek(parser), "signal");
        if (one_of(parser, "exit", "signal", "exit or signal") != 0)
            return -1;
        return number(parser, 0, 255, "a number up to 255", &step->code);
    default:
        return inner(parser, &step->body, depth);
    }
}

static int steps(struct parser *parser, struct body *body, int depth)
{
    for (size_t length; (length = peek(parser)) != 0 && *parser->at != '}';) {
        size_t known = 0, count = sizeof WORDS / sizeof *WORDS;
        while (known < count && !is(parser, length, WORDS[known].name))
            known++;
        if (known == count)
            return expected(parser, "a step");
        parser->at += length;
        /* Doubled whenever it is a power of two, so that no room needs to be kept. */
        if ((body->count & (body->count - 1)) == 0) {
            size_t room = body->count == 0 ? 1 : body->count * 2;
            struct step *more = realloc(body->steps, room * sizeof *more);
            if (more == NULL)
                return expected(parser, "less, as there is no memory");
            body->steps = more;
        }
        struct step *step = &body->steps[body->count++];
        *step = (struct step){.word = WORDS[known].word, .lacking = WORDS[known].lacking};
        for (const char *kind = WORDS[known].operands; *kind != 0; kind++)
            if (operand(parser, *kind, step, depth) != 0)
                return -1;
    }
    return 0;
}

int program_read(const char *text, struct body *program, char *why, size_t room)
{
    struct parser parser = {text, why, room};
    *program = (struct body){NULL, 0};
    if (steps(&parser, program, 0) == 0 && peek(&parser) == 0)
        return 0;
    if (peek(&parser) != 0 && *parser.at == '}' && *why == 0)
        expected(&parser, "a step");
    program_free(program);
    return -1;
}

void program_free(struct body *program)
{
    for (size_t at = 0; at < program->count; at++)
        program_free(&program->steps[at].body);
    free(program->steps);
    *program = (struct body){NULL, 0};
}
