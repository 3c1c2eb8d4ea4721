/* What does the player need of a loop, and which calls of libuv is that? */

#ifndef ANYLOOP_LP_H
#define ANYLOOP_LP_H

#include <stdbool.h>
#include <uv.h>

/* The handles that can stand for `call_soon`. */
enum soon { SOON_ASYNC, SOON_IDLE, SOON_TIMER };

/* What a loop is to do, once. The memory is the caller's, as libuv wants it. */
struct work {
    /* What libuv has of it; nothing, if it came through the remote half. */
    union {
        uv_handle_t handle;
        uv_async_t async;
        uv_idle_t idle;
        uv_timer_t timer;
        uv_process_t process;
    } uv;
    void (*run)(struct work *);
    /* The loop does not need it any more: the memory may be given back. */
    void (*gone)(struct work *);
    /* Whether it was run. */
    bool called;
    /* How the process ended, if it waited for one. */
    int64_t status;
    int signal;
    /* The next one that came through the remote half. */
    struct work *next;
};

/* A loop, and how other threads reach it. */
struct lp {
    uv_loop_t uv;
    /* Whether the next end of a run is due to a stop. */
    bool stopped;
    uv_async_t bell;
    /* Of all that follows. */
    uv_mutex_t lock;
    struct work *first, **last;
    bool open;
};

/* Chosen once, before there are loops. */
extern enum soon lp_how_soon;

/* Ends the process unless `error` is 0: the driver cannot do without. */
void lp_must(int error, const char *what);

/* Makes a loop in memory that stays where it is. */
void lp_open(struct lp *lp);

/* `call_soon`, and `call_at` at a time of the loop's clock, in ms. */
void lp_soon(struct lp *lp, struct work *work);
void lp_at(struct lp *lp, struct work *work, uint64_t deadline);

/* Starts a process, and runs the work when that has ended. Gives 0 or an error of libuv. */
int lp_spawn(struct lp *lp, struct work *work, const uv_process_options_t *options);

/* Whether it waited to run, and never will. */
bool lp_cancel(struct work *work);

/* Runs until it is stopped, or tries to where a run is under way. */
void lp_run(struct lp *lp);
void lp_run_nested(struct lp *lp);
void lp_stop(struct lp *lp);

/* Gives 0 or an error of libuv. In a callback it is refused. */
int lp_close(struct lp *lp);
int lp_close_in_callback(struct lp *lp);

/* On any thread: `call_soon`, which is false if the loop is closed, and `stop`. */
bool lp_post(struct lp *lp, struct work *work);
void lp_post_stop(struct lp *lp);
bool lp_is_open(struct lp *lp);

/* Gives back what is left of a closed loop. No thread may use it any more. */
void lp_free(struct lp *lp);

#endif
