/* What do the steps do that are not about a single callback? They run other loops, start threads, and
 * look at what a loop leaves behind; whatever else there is in the language is lacking, and says so. */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "kids.h"

/* As many callbacks of the other loop as a short program has. */
#define OTHERS 12

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
            lp_soon(player->other, &player_small(player, count_other)->work);
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
        player_post(player, step);
        break;
    case STOP:
        EVENT(player, "stop");
        lp_post_stop(&player->lp);
        break;
    case BURN:
        player_burn((uint64_t)step->time * UNIT);
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
    lp_at(&lp, &leaving[1].work, UINT64_MAX);
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
        player_ask(player, step);
        break;
    case POST:
        player_post(player, step);
        break;
    case CANCEL:
        player_cancel(player, step->of);
        break;
    case BURN:
        EVENT(player, "burning");
        player_burn((uint64_t)step->time * UNIT);
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
    case HEED:
    case IGNORE:
        signal_step(player, step);
        break;
    case INTERRUPT:
        /* Only threads do that. */
        break;
    case LACKING:
        EVENT(player, "lacking what=\"%s\"", step->lacking);
        break;
    }
}
