/* What does a play consist of? A loop, its callbacks and threads, and the record of them. */

#ifndef ANYLOOP_PLAYER_H
#define ANYLOOP_PLAYER_H

#include <stdatomic.h>

#include "lp.h"
#include "program.h"
#include "record.h"

/* One unit of the language, in nanoseconds. */
#define UNIT 100000

/* A callback of the program. It lasts as long as the play, so that it can be cancelled at any time. */
struct callback {
    struct work work;
    struct player *player;
    uint32_t label;
    const struct body *body;
    /* Calls the loop when it is dropped. */
    bool touchy;
    /* Whether the run is waited for it. */
    bool held;
    /* Whether it was given a handle. */
    bool named;
    /* When a timer is due, in nanoseconds since the start of the play. */
    bool timed;
    uint64_t due;
    /* The timer, or the child's end, that a callback of `spin` waits for; 0 if it is none. */
    uint32_t until;
    /* The child whose end it is told of, if it is. */
    struct kid *kid;
    /* Whether it is over without having run. */
    bool dropped;
    struct callback *next;
};

/* Work of which nobody keeps the memory: it does nothing, counts, or is a turn of `spin`. */
struct small {
    struct work work;
    struct player *player;
    uint32_t label, left;
    /* What a turn of `spin` waits for that waits for a child's end, and until when. */
    struct callback *of;
    uint64_t until;
};

/* A thread of the program. */
struct thread {
    uv_thread_t thread;
    struct player *player;
    const struct step *step;
    struct thread *next;
};

struct player {
    struct lp lp;
    /* The loop's clock when the play began, in ms. */
    uint64_t epoch;
    struct record record;
    uv_thread_t home;
    /* What libuv does not know of a loop. */
    bool running, closing, closed;
    /* How many callbacks of the loop's thread are under way. */
    int inside;
    bool given_up;
    /* Set by the watchdog: patience is at its end. */
    atomic_bool gave_up;
    /* Guarded by the lock of the record. */
    struct callback *callbacks;
    struct thread *threads;
    /* Another loop, made when it is first needed, and how many of its callbacks have run. */
    struct lp *other;
    uint32_t others;
    struct kid *kids;
    /* Whether a child was registered, and how many descriptors were open before; 0 if not counted. */
    bool watched;
    /* Whether the program has its own idea of what handles the signal of a child's end. */
    bool handled;
    int descriptors;
};

/* Called when the patience starts anew. */
extern void (*player_again)(void);

/* A play that was not begun. Each event is written to `tell`, if that is not NULL. */
struct player *player_open(FILE *tell);
void player_play(struct player *player, const struct body *program);
void player_free(struct player *player);

/* Asks a play that hangs to come back. On any thread. */
void player_give_up(struct player *player);

/* Writes down what happened, with the time if it can be told here, or without in any case. */
#define EVENT(player, ...) record_event(&(player)->record, player_now(player), __VA_ARGS__)
#define QUIETLY(player, ...) record_event(&(player)->record, -1, __VA_ARGS__)

int64_t player_now(struct player *player);
void player_look(struct player *player);
void player_see_remote(struct player *player);
void player_stop(struct player *player);
void player_run(struct player *player);
void player_attempt(struct player *player, bool other);
void player_join(struct player *player);
void player_release(struct player *player);

/* Takes one step, wherever it stands. */
void player_step(struct player *player, const struct step *step);

void player_close(struct player *player);
void player_close_other(struct player *player);
void *player_allocate(size_t size);

/* Runs the loop for so many ms, even if the program stops it. */
void player_run_for(struct player *player, uint64_t millis);

/* A new callback of the program, on any thread, and waiting for one. */
struct callback *player_callback(struct player *player, const struct step *step);
void player_hold(struct callback *callback);

/* `soon` and its like, and `cancel`, on the loop's thread; `post` on any. */
void player_ask(struct player *player, const struct step *step);
void player_cancel(struct player *player, uint32_t label);
void player_post(struct player *player, const struct step *step);

/* Keeps the thread busy. */
void player_burn(uint64_t nanos);

/* Work that gives its memory back itself. */
struct small *player_small(struct player *player, void (*run)(struct work *));

#endif
