/* Which handles of libuv are a callback that runs once? libuv has no `call_soon`, no remote half and
 * no closing of a loop with all that waits on it, so each of them is a shim here. There is no queue
 * in front of libuv but the one that libuv asks for, and no turn but libuv's.
 *
 * call_soon   A handle for each callback, which is closed when its callback begins. By default that is
 *             a uv_async_t that is sent to once: its callback is called in the next poll, once, in
 *             the order in which they were made. `--soon idle` takes a uv_idle_t, whose callback
 *             is called in the next iteration, and `--soon timer` a uv_timer_t with a time-out of
 *             zero, of which the documentation promises the same.
 * call_at     A uv_timer_t. Time-outs are relative to uv_now() and whole milliseconds. The driver adds
 *             the one and rounds up the other, so that nothing is early by the loop's own clock.
 * cancel      uv_close(), if uv_is_active() says that the handle still waits. That is the answer, too.
 *             The memory of a handle belongs to the loop until its close callback (documentation
 *             of uv_close()), so that is where a callback is dropped.
 * child       uv_spawn(), and its exit callback.
 * remote half One uv_async_t, and a queue, since several sends may be one call (documentation of
 *             uv_async_send()). It is refused from the moment when the handle is closed, after which it
 *             must not be sent to. A stop is work in the queue, since uv_stop() is for the loop's thread.
 * run         uv_run(UV_RUN_DEFAULT). The remote half is an active handle, so that a run lasts.
 * close       uv_loop_close() refuses while there are handles. Outside of callbacks they are all closed
 *             then, as the documentation tells users to, and the loop run until they are. */

#include "lp.h"

#include <stdio.h>
#include <stdlib.h>

/* How often closing is begun anew, since what was dropped made new handles. */
#define CLOSINGS 64

enum soon lp_how_soon = SOON_ASYNC;

void lp_must(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(error));
    exit(1);
}

static void on_closed(uv_handle_t *handle)
{
    struct work *work = (struct work *)handle;
    work->gone(work);
}

static void on_due(struct work *work)
{
    work->called = true;
    /* First, so that it is over for whoever asks while it runs. */
    uv_close(&work->uv.handle, on_closed);
    work->run(work);
}

static void on_async(uv_async_t *async)
{
    on_due((struct work *)async);
}

static void on_idle(uv_idle_t *idle)
{
    on_due((struct work *)idle);
}

static void on_timer(uv_timer_t *timer)
{
    on_due((struct work *)timer);
}

void lp_soon(struct lp *lp, struct work *work)
{
    work->called = false;
    switch (lp_how_soon) {
    case SOON_ASYNC:
        lp_must(uv_async_init(&lp->uv, &work->uv.async, on_async), "uv_async_init");
        lp_must(uv_async_send(&work->uv.async), "uv_async_send");
        break;
    case SOON_IDLE:
        lp_must(uv_idle_init(&lp->uv, &work->uv.idle), "uv_idle_init");
        lp_must(uv_idle_start(&work->uv.idle, on_idle), "uv_idle_start");
        break;
    case SOON_TIMER:
        lp_must(uv_timer_init(&lp->uv, &work->uv.timer), "uv_timer_init");
        lp_must(uv_timer_start(&work->uv.timer, on_timer, 0, 0), "uv_timer_start");
        break;
    }
}

void lp_at(struct lp *lp, struct work *work, uint64_t deadline)
{
    uint64_t now = uv_now(&lp->uv);
    work->called = false;
    lp_must(uv_timer_init(&lp->uv, &work->uv.timer), "uv_timer_init");
    lp_must(uv_timer_start(&work->uv.timer, on_timer, deadline > now ? deadline - now : 0, 0),
            "uv_timer_start");
}

static void on_exit_(uv_process_t *process, int64_t status, int signal)
{
    struct work *work = (struct work *)process;
    work->status = status;
    work->signal = signal;
    on_due(work);
}

int lp_spawn(struct lp *lp, struct work *work, const uv_process_options_t *options)
{
    uv_process_options_t told = *options;
    told.exit_cb = on_exit_;
    work->called = false;
    return uv_spawn(&lp->uv, &work->uv.process, &told);
}

bool lp_cancel(struct work *work)
{
    if (!uv_is_active(&work->uv.handle))
        return false;
    uv_close(&work->uv.handle, on_closed);
    return true;
}

/* All that came through the remote half so far. */
static struct work *take(struct lp *lp)
{
    uv_mutex_lock(&lp->lock);
    struct work *first = lp->first;
    lp->first = NULL;
    lp->last = &lp->first;
    uv_mutex_unlock(&lp->lock);
    return first;
}

static void on_bell(uv_async_t *bell)
{
    struct lp *lp = bell->data;
    for (struct work *work = take(lp), *next; work != NULL; work = next) {
        next = work->next;
        work->called = true;
        work->run(work);
        work->gone(work);
    }
}

static void on_bell_closed(uv_handle_t *bell)
{
    for (struct work *work = take(bell->data), *next; work != NULL; work = next) {
        next = work->next;
        work->gone(work);
    }
}

void lp_open(struct lp *lp)
{
    lp_must(uv_loop_init(&lp->uv), "uv_loop_init");
    lp_must(uv_mutex_init(&lp->lock), "uv_mutex_init");
    lp_must(uv_async_init(&lp->uv, &lp->bell, on_bell), "uv_async_init");
    lp->bell.data = lp;
    lp->first = NULL;
    lp->last = &lp->first;
    lp->stopped = false;
    lp->open = true;
}

bool lp_post(struct lp *lp, struct work *work)
{
    work->called = false;
    work->next = NULL;
    /* Held until it is sent: nobody closes the handle meanwhile. */
    uv_mutex_lock(&lp->lock);
    bool open = lp->open;
    if (open) {
        *lp->last = work;
        lp->last = &work->next;
        lp_must(uv_async_send(&lp->bell), "uv_async_send");
    }
    uv_mutex_unlock(&lp->lock);
    return open;
}

bool lp_is_open(struct lp *lp)
{
    uv_mutex_lock(&lp->lock);
    bool open = lp->open;
    uv_mutex_unlock(&lp->lock);
    return open;
}

/* A stop that was posted. */
struct stop {
    struct work work;
    struct lp *lp;
};

static void stop_run(struct work *work)
{
    lp_stop(((struct stop *)work)->lp);
}

static void stop_gone(struct work *work)
{
    free(work);
}

void lp_post_stop(struct lp *lp)
{
    struct stop *stop = calloc(1, sizeof *stop);
    lp_must(stop == NULL ? UV_ENOMEM : 0, "a stop");
    *stop = (struct stop){.work = {.run = stop_run, .gone = stop_gone}, .lp = lp};
    if (!lp_post(lp, &stop->work))
        free(stop);
}

void lp_stop(struct lp *lp)
{
    lp->stopped = true;
    uv_stop(&lp->uv);
}

void lp_run(struct lp *lp)
{
    uv_run(&lp->uv, UV_RUN_DEFAULT);
    lp->stopped = false;
}

/* Whether libuv refuses is all that there is to see, so it is to come back at once. It takes the stop
 * of the run around it with it, which is given back: what else is seen is not to be about this call,
 * which the documentation forbids. */
void lp_run_nested(struct lp *lp)
{
    uv_stop(&lp->uv);
    uv_run(&lp->uv, UV_RUN_DEFAULT);
    if (lp->stopped)
        uv_stop(&lp->uv);
}

static void close_one(uv_handle_t *handle, void *data)
{
    struct lp *lp = data;
    if (uv_is_closing(handle))
        return;
    if (handle != (uv_handle_t *)&lp->bell) {
        uv_close(handle, on_closed);
        return;
    }
    uv_mutex_lock(&lp->lock);
    lp->open = false;
    uv_mutex_unlock(&lp->lock);
    uv_close(handle, on_bell_closed);
}

int lp_close(struct lp *lp)
{
    int error = uv_loop_close(&lp->uv);
    for (int closings = 0; error == UV_EBUSY && closings < CLOSINGS; closings++) {
        uv_walk(&lp->uv, close_one, lp);
        uv_run(&lp->uv, UV_RUN_DEFAULT);
        error = uv_loop_close(&lp->uv);
    }
    return error;
}

int lp_close_in_callback(struct lp *lp)
{
    return uv_loop_close(&lp->uv);
}

void lp_free(struct lp *lp)
{
    uv_mutex_destroy(&lp->lock);
}
