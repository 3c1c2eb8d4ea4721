/* What do the steps do? Those about callbacks, threads, and what a loop leaves behind; whatever else
 * there is in the language is lacking, and says so. */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "kids.h"

/* How often `spin` schedules itself at most: somewhat more than the rule about fairness allows. */
#define SPINS 1100

/* One unit of the language, in nanoseconds. */
#define UNIT 100000

/* As many callbacks of the other loop as a short program has. */
#define OTHERS 12

/* Far deadlines: the last millisecond, and as far as a clock of 64 bits of nanoseconds goes. */
#define LAST UINT64_MAX
#define FAR (UINT64_MAX / 1000000)

/* The deadline of a timer in ms of the loop's clock, not before it is due. */
static uint64_t deadline_of(struct player *player, uint64_t due)
{
    return player->epoch + due / 1000000 + (due % 1000000 > 0);
}

/* Keeps the thread busy. uv_now() stands still meanwhile, so this looks at another clock. */
static void burn(uint64_t nanos)
{
    uint64_t start = uv_hrtime();
    while (uv_hrtime() - start < nanos)
        continue;
}

static void run_callback(struct work *work);
static void drop_callback(struct work *work);

struct callback *player_callback(struct player *player, const struct step *step)
{
    struct callback *callback = player_allocate(sizeof *callback);
    callback->work.run = run_callback;
    callback->work.gone = drop_callback;
    callback->player = player;
    callback->label = step->label;
    callback->body = &step->body;
    callback->touchy = step->word == TOUCHY;
    callback->until = step->word == SPIN ? step->of : 0;
    uv_mutex_lock(&player->record.lock);
    callback->next = player->callbacks;
    player->callbacks = callback;
    uv_mutex_unlock(&player->record.lock);
    return callback;
}

/* The last callback of that label that was given a handle. */
static struct callback *find(struct player *player, uint32_t label)
{
    uv_mutex_lock(&player->record.lock);
    struct callback *callback = player->callbacks;
    while (callback != NULL && (callback->label != label || !callback->named))
        callback = callback->next;
    uv_mutex_unlock(&player->record.lock);
    return callback;
}

/* Nobody waits for it any more. */
static void over(struct callback *callback)
{
    if (callback->held) {
        callback->held = false;
        player_release(callback->player);
    }
}

/* Work of which nobody keeps the memory: it does nothing, or is a turn of `spin`. */
struct small {
    struct work work;
    struct player *player;
    uint32_t label, left;
};

static void run_nothing(struct work *work)
{
    (void)work;
}

static void free_small(struct work *work)
{
    free(work);
}

static struct small *new_small(struct player *player, void (*run)(struct work *))
{
    struct small *small = player_allocate(sizeof *small);
    small->work.run = run;
    small->work.gone = free_small;
    small->player = player;
    return small;
}

static void spin_on(struct player *player, uint32_t label, uint32_t left);

static void spin_again(struct work *work)
{
    struct small *small = (struct small *)work;
    EVENT(small->player, "spun label=#%" PRIu32, small->label);
    spin_on(small->player, small->label, small->left - 1);
}

/* Schedules itself until the timer has run or has been starved. */
static void spin_on(struct player *player, uint32_t label, uint32_t left)
{
    if (left == 0 || record_is_idle(&player->record))
        return;
    struct small *again = new_small(player, spin_again);
    again->label = label;
    again->left = left;
    lp_soon(&player->lp, &again->work);
}

static void run_callback(struct work *work)
{
    struct callback *callback = (struct callback *)work;
    struct player *player = callback->player;
    EVENT(player, "started label=#%" PRIu32, callback->label);
    player->inside++;
    player_look(player);
    if (callback->kid != NULL)
        kids_told(player, callback);
    struct callback *timer = callback->until == 0 ? NULL : find(player, callback->until);
    if (timer != NULL && timer->timed) {
        uint64_t now = (uint64_t)player_now(player);
        burn(timer->due > now ? timer->due - now : 0);
        spin_on(player, callback->label, SPINS);
    }
    for (size_t at = 0; at < callback->body->count; at++)
        player_step(player, &callback->body->steps[at]);
    player->inside--;
    QUIETLY(player, "ended label=#%" PRIu32, callback->label);
    over(callback);
}

/* What the capture of a `touchy` callback does while it is dropped. */
static void touch(struct callback *callback)
{
    struct player *player = callback->player;
    bool accepted = false, cancelled = false;
    const char *closed = "";
    QUIETLY(player, "touching label=#%" PRIu32, callback->label);
    if (!player->closed) {
        cancelled = callback->named && lp_cancel(&callback->work);
        struct small *soon = new_small(player, run_nothing), *at = new_small(player, run_nothing),
                     *post = new_small(player, run_nothing);
        lp_soon(&player->lp, &soon->work);
        lp_at(&player->lp, &at->work, FAR);
        accepted = lp_cancel(&soon->work) | lp_cancel(&at->work);
        if (lp_post(&player->lp, &post->work))
            accepted = true;
        else
            free(post);
        /* An idle loop would really be closed by it. In a close callback the handles that were just made
         * are there, so that it is refused, and not the loop taken away from under uv_run(). */
        if (player->running || player->closing)
            closed = lp_close_in_callback(&player->lp) == 0 ? " closed=ok" : " closed=running";
    }
    QUIETLY(player, "touched label=#%" PRIu32 " accepted=%s cancelled=%s%s", callback->label,
            accepted ? "yes" : "no", cancelled ? "yes" : "no", closed);
}

static void drop_callback(struct work *work)
{
    struct callback *callback = (struct callback *)work;
    if (work->called)
        return;
    callback->dropped = true;
    QUIETLY(callback->player, "dropped label=#%" PRIu32, callback->label);
    if (callback->touchy)
        touch(callback);
    over(callback);
}

void player_hold(struct callback *callback)
{
    if (callback->held)
        return;
    callback->held = true;
    record_hold(&callback->player->record);
}

/* `soon` and its like, on the loop's thread. */
static void ask(struct player *player, const struct step *step)
{
    struct callback *callback = player_callback(player, step);
    uint64_t due = (uint64_t)step->time * UNIT;
    if (step->word == AT)
        EVENT(player, "asking label=#%" PRIu32 " how=at:%" PRIu64, step->label, due);
    else
        EVENT(player, "asking label=#%" PRIu32 " how=%s", step->label, step->word == NEVER ? "never" : "soon");
    if (step->word != NEVER)
        player_hold(callback);
    if (player->closed) {
        EVENT(player, "refused label=#%" PRIu32 " reason=closed", step->label);
        drop_callback(&callback->work);
        return;
    }
    callback->named = true;
    callback->timed = step->word == AT;
    callback->due = due;
    if (step->word == AT)
        lp_at(&player->lp, &callback->work, deadline_of(player, due));
    else if (step->word == NEVER)
        /* Both kinds of far deadline come up, half of the time each. */
        lp_at(&player->lp, &callback->work, step->label % 2 == 0 ? LAST : FAR);
    else
        lp_soon(&player->lp, &callback->work);
    EVENT(player, "accepted label=#%" PRIu32, step->label);
}

/* `post`, on any thread. */
static void post(struct player *player, const struct step *step)
{
    struct callback *callback = player_callback(player, step);
    EVENT(player, "asking label=#%" PRIu32 " how=post", step->label);
    player_hold(callback);
    if (lp_post(&player->lp, &callback->work)) {
        EVENT(player, "accepted label=#%" PRIu32, step->label);
    } else {
        EVENT(player, "refused label=#%" PRIu32 " reason=closed", step->label);
        drop_callback(&callback->work);
    }
}

static void cancel(struct player *player, uint32_t label)
{
    struct callback *callback = find(player, label);
    if (callback == NULL)
        return;
    EVENT(player, "cancelling label=#%" PRIu32, label);
    bool answer = lp_cancel(&callback->work);
    EVENT(player, "cancelled label=#%" PRIu32 " answer=%s", label, answer ? "yes" : "no");
}

static void count_other(struct work *work)
{
    ((struct small *)work)->player->others++;
}

/* Runs the other loop for one turn, or attempts to from inside of a callback. */
static void run_other(struct player *player)
{
    if (player->other == NULL) {
        player->other = player_allocate(sizeof *player->other);
        lp_open(player->other);
        for (int at = 0; at < OTHERS; at++)
            lp_soon(player->other, &new_small(player, count_other)->work);
    }
    if (player->inside > 0) {
        player_attempt(player, true);
    } else {
        lp_stop(player->other);
        lp_run(player->other);
    }
}

static void thread_step(struct player *player, const struct step *step)
{
    switch (step->word) {
    case SOON:
    case POST:
        post(player, step);
        break;
    case STOP:
        EVENT(player, "stop");
        lp_post_stop(&player->lp);
        break;
    case BURN:
        burn((uint64_t)step->time * UNIT);
        break;
    case INTERRUPT:
        EVENT(player, "interrupting");
        pthread_kill(player->home, SIGURG);
        break;
    default:
        break;
    }
}

static void be_thread(void *data)
{
    struct thread *thread = data;
    struct player *player = thread->player;
    record_enter(&player->record);
    player_see_remote(player);
    for (size_t at = 0; at < thread->step->body.count; at++)
        thread_step(player, &thread->step->body.steps[at]);
    player_release(player);
}

static void start_thread(struct player *player, const struct step *step)
{
    struct thread *thread = player_allocate(sizeof *thread);
    *thread = (struct thread){.player = player, .step = step, .next = player->threads};
    player->threads = thread;
    record_hold(&player->record);
    lp_must(uv_thread_create(&thread->thread, be_thread, thread), "uv_thread_create");
}

/* What waits on a loop that goes, and counts what becomes of it. */
struct leaving {
    struct work work;
    int *ran, *dropped;
};

static void run_leaving(struct work *work)
{
    ++*((struct leaving *)work)->ran;
}

static void drop_leaving(struct work *work)
{
    if (!work->called)
        ++*((struct leaving *)work)->dropped;
}

static void stop_leaving(uv_timer_t *timer)
{
    uv_stop(timer->loop);
    uv_close((uv_handle_t *)timer, NULL);
}

/* Lets another loop live for a moment, and closes it. */
static void discard(struct player *player)
{
    struct lp lp;
    struct leaving leaving[4];
    uv_timer_t timer;
    int ran = 0, dropped = 0;
    bool idle = player->inside == 0;
    int before = idle ? kids_descriptors(player) : 0;
    lp_open(&lp);
    if (idle) {
        /* It waits for something, so that it opens what it needs. */
        lp_must(uv_timer_init(&lp.uv, &timer), "uv_timer_init");
        lp_must(uv_timer_start(&timer, stop_leaving, 1, 0), "uv_timer_start");
        lp_run(&lp);
    }
    for (int at = 0; at < 4; at++)
        leaving[at] = (struct leaving){{.run = run_leaving, .gone = drop_leaving}, &ran, &dropped};
    lp_soon(&lp, &leaving[0].work);
    lp_at(&lp, &leaving[1].work, LAST);
    lp_must(lp_post(&lp, &leaving[2].work) ? 0 : UV_EINVAL, "uv_async_send");
    lp_must(lp_close(&lp), "uv_loop_close");
    if (idle)
        QUIETLY(player, "loop-descriptors closed=yes before=%d after=%d", before,
                kids_descriptors(player));
    QUIETLY(player, "gone closed=yes waiting=3 dropped=%d ran=%d", dropped, ran);
    bool refuses = !lp_post(&lp, &leaving[3].work);
    QUIETLY(player, "remote-left closed=%s refuses=%s", lp_is_open(&lp) ? "no" : "yes", refuses ? "yes" : "no");
    lp_free(&lp);
}

void player_step(struct player *player, const struct step *step)
{
    switch (step->word) {
    case SOON:
    case AT:
    case NEVER:
    case TOUCHY:
    case SPIN:
        ask(player, step);
        break;
    case POST:
        post(player, step);
        break;
    case CANCEL:
        cancel(player, step->of);
        break;
    case BURN:
        EVENT(player, "burning");
        burn((uint64_t)step->time * UNIT);
        EVENT(player, "burned time=%" PRIu64, (uint64_t)step->time * UNIT);
        break;
    case STOP:
        player_stop(player);
        break;
    case RUN:
        player_run(player);
        break;
    case OTHER:
        run_other(player);
        break;
    case CLOSE:
        player_close(player);
        break;
    case THREAD:
        start_thread(player, step);
        break;
    case JOIN:
        /* Inside of a callback it would keep the loop from what the thread waits for. */
        if (player->inside == 0)
            player_join(player);
        break;
    case DISCARD:
        discard(player);
        break;
    case CHILD:
    case END:
    case ENDED:
    case SIGSTOP_:
    case SIGCONT_:
    case WATCH:
        kids_step(player, step);
        break;
    case INTERRUPT:
        /* Only threads do that. */
        break;
    case LACKING:
        EVENT(player, "lacking what=\"%s\"", step->lacking);
        break;
    }
}
