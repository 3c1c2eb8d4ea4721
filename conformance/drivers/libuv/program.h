/* What is a program? Steps, some of which have steps inside: `conformance/src/program.rs`. */

#ifndef ANYLOOP_PROGRAM_H
#define ANYLOOP_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The steps that are taken here. The others are read as well, and lacking. */
enum word {
    SOON, AT, NEVER, TOUCHY, CANCEL, BURN, SPIN, STOP, RUN, OTHER, CLOSE,
    THREAD, JOIN, POST, INTERRUPT, DISCARD,
    CHILD, END, ENDED, SIGSTOP_, SIGCONT_, WATCH, HEED, IGNORE,
    LACKING
};

struct body {
    struct step *steps;
    size_t count;
};

struct step {
    enum word word;
    /* What there is none of, if the step is lacking. */
    const char *lacking;
    /* The callback or thread that it introduces, and the one that it mentions. */
    uint32_t label, of;
    /* In units of 100 us. */
    uint32_t time;
    /* The child that it is about, and how that is to end. */
    uint32_t kid, code;
    bool by_signal;
    struct body body;
};

/* Reads a program. Gives 0, or -1 and in `why` what is wrong with it, in words for people. */
int program_read(const char *text, struct body *program, char *why, size_t room);

/* Gives its memory back. */
void program_free(struct body *program);

#endif
