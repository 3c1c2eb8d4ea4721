/* What is remembered of a play? Its events, as lines, and how much is still waited for. */

#ifndef ANYLOOP_RECORD_H
#define ANYLOOP_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

/* Any thread may write to it. */
struct record {
    uv_mutex_t lock;
    /* Where each event is said as soon as it happens, if it is. */
    FILE *tell;
    char *text;
    size_t length, room;
    /* Threads seen, the loop's own included. */
    uint32_t contexts;
    /* How many callbacks and threads are waited for. */
    uint32_t held;
    /* Whether the loop runs, so that it is to be stopped when nothing is waited for any more. */
    bool running;
};

void record_open(struct record *record, FILE *tell);
void record_free(struct record *record);

/* The calling thread is a new one. The loop's own needs not say so. */
void record_enter(struct record *record);

/* Whether the calling thread is the loop's. */
bool record_is_home(void);

/* Writes an event down: its time in nanoseconds, or a negative one if it cannot be told. */
void record_event(struct record *record, int64_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what was not said at once. Nobody may write meanwhile. */
void record_say(struct record *record, FILE *to);

/* The run is not over before all that is held is released; `release` says whether it is to end. */
void record_hold(struct record *record);
bool record_release(struct record *record);
bool record_is_idle(struct record *record);

#endif
