/* In what order are the steps taken, and when is a run over? As in `conformance/src/play`: where the
 * two could differ, that one is right. The player ends runs: it counts what can still happen, and
 * stops the loop when nothing is left, unless the program was faster.
 *
 * libuv does not say whether a loop runs or is closed, so the player remembers. A loop that was closed
 * is memory that nothing may be asked any more: what the player says of it comes from the player, and
 * the rules about it are lacking. */

#include "player.h"

#include "kids.h"

#include <stdlib.h>

/* How often the loop is run again at the end, as long as something is left. */
#define LAST_RUNS 64

#define NANOS_A_MILLI 1000000

void (*player_again)(void);

void *player_allocate(size_t size)
{
    void *place = calloc(1, size);
    lp_must(place == NULL ? UV_ENOMEM : 0, "a play");
    return place;
}

/* Nanoseconds since the start of the play, on the loop's clock. */
int64_t player_now(struct player *player)
{
    if (!record_is_home() || player->closed)
        return -1;
    return (int64_t)(uv_now(&player->lp.uv) - player->epoch) * NANOS_A_MILLI;
}

void player_see_remote(struct player *player)
{
    bool open = lp_is_open(&player->lp);
    EVENT(player, "remote-saw owner=%s closed=%s", record_is_home() ? "yes" : "no", open ? "no" : "yes");
}

void player_look(struct player *player)
{
    const char *state = player->running ? "running" : player->closed ? "closed" : "idle";
    EVENT(player, "saw state=%s current=%s", state, player->running ? "this" : "none");
    player_see_remote(player);
}

void player_stop(struct player *player)
{
    EVENT(player, "stop");
    if (!player->closed)
        lp_stop(&player->lp);
}

/* Something is not waited for any more. If it was the last, the run has no reason to go on. */
void player_release(struct player *player)
{
    if (!record_release(&player->record))
        return;
    if (record_is_home()) {
        player_stop(player);
    } else {
        EVENT(player, "stop");
        lp_post_stop(&player->lp);
    }
}

void player_give_up(struct player *player)
{
    atomic_store(&player->gave_up, true);
    lp_post_stop(&player->lp);
}

static void set_running(struct player *player, bool running)
{
    uv_mutex_lock(&player->record.lock);
    player->record.running = running;
    uv_mutex_unlock(&player->record.lock);
}

void player_run(struct player *player)
{
    if (player->inside > 0) {
        player_attempt(player, false);
        return;
    }
    if (player->given_up)
        return;
    player_look(player);
    set_running(player, true);
    if (record_is_idle(&player->record) && !player->closed)
        player_stop(player);
    EVENT(player, "enter");
    player_again();
    if (!player->closed) {
        player->running = true;
        lp_run(&player->lp);
        player->running = false;
    }
    set_running(player, false);
    if (atomic_exchange(&player->gave_up, false)) {
        player->given_up = true;
        EVENT(player, "stalled");
    }
    EVENT(player, "exit result=%s", player->closed ? "error:closed" : "returned");
    player_look(player);
    player_join(player);
}

/* Attempts a nested run. libuv does not say whether it refuses, and it does not. */
void player_attempt(struct player *player, bool other)
{
    uint32_t before = player->others;
    EVENT(player, "attempting other=%s", other ? "yes" : "no");
    lp_run_nested(other ? player->other : &player->lp);
    EVENT(player, "attempted other=%s result=returned ran=%u", other ? "yes" : "no", player->others - before);
    player_look(player);
}

void player_close_other(struct player *player)
{
    if (player->other == NULL)
        return;
    lp_must(lp_close(player->other), "uv_loop_close");
    lp_free(player->other);
    free(player->other);
    player->other = NULL;
}

void player_close(struct player *player)
{
    int error = 0;
    EVENT(player, "closing");
    if (player->inside > 0) {
        error = lp_close_in_callback(&player->lp);
    } else if (!player->closed) {
        player->closing = true;
        error = lp_close(&player->lp);
        player->closing = false;
    }
    player->closed |= error == 0;
    EVENT(player, "closed result=%s", error == 0 ? "ok" : "running");
    player_look(player);
}

/* A moment for which the run lasts. */
struct moment {
    struct work work;
    struct player *player;
    bool over;
};

static void end_moment(struct work *work)
{
    ((struct moment *)work)->over = true;
    player_release(((struct moment *)work)->player);
}

static void forget_moment(struct work *work)
{
    free(work);
}

void player_run_for(struct player *player, uint64_t millis)
{
    struct moment *moment = player_allocate(sizeof *moment);
    *moment = (struct moment){.work = {.run = end_moment, .gone = forget_moment}, .player = player};
    record_hold(&player->record);
    lp_at(&player->lp, &moment->work, uv_now(&player->lp.uv) + millis);
    player_run(player);
}

void player_join(struct player *player)
{
    while (player->threads != NULL) {
        struct thread *thread = player->threads;
        player->threads = thread->next;
        lp_must(uv_thread_join(&thread->thread), "uv_thread_join");
        free(thread);
    }
}

/* Runs until nothing is left to wait for, closes, and looks at the closed loop. */
static void finish(struct player *player)
{
    for (int last = 0; last < LAST_RUNS; last++) {
        player_join(player);
        /* Each time: some are started in the last runs. */
        kids_end(player);
        if (player->given_up || (last > 0 && (record_is_idle(&player->record) || player->closed)))
            break;
        player_run(player);
    }
    kids_count(player);
    player_close(player);
    player_look(player);
    kids_account(player);
    signal_account(player);
}

struct player *player_open(FILE *tell)
{
    struct player *player = player_allocate(sizeof *player);
    record_open(&player->record, tell);
    player->home = uv_thread_self();
    lp_open(&player->lp);
    player->epoch = uv_now(&player->lp.uv);
    return player;
}

void player_play(struct player *player, const struct body *program)
{
    for (size_t at = 0; at < program->count; at++) {
        player_again();
        player_step(player, &program->steps[at]);
    }
    player_again();
    finish(player);
    player_join(player);
    lp_must(player->closed ? 0 : UV_EBUSY, "uv_loop_close");
    player_close_other(player);
}

void player_free(struct player *player)
{
    while (player->callbacks != NULL) {
        struct callback *callback = player->callbacks;
        player->callbacks = callback->next;
        free(callback);
    }
    lp_free(&player->lp);
    record_free(&player->record);
    free(player);
}
