/* What does a callback do that libuv was given, and what when it is dropped instead? It takes its steps,
 * or tells of its end; one that is `touchy` calls the loop even then. */

#include <inttypes.h>
#include <stdlib.h>

#include "kids.h"

/* How often `spin` schedules itself at most: somewhat more than the rule about fairness allows. */
#define SPINS 1100

/* Far deadlines: the last millisecond, and as far as a clock of 64 bits of nanoseconds goes. */
#define LAST UINT64_MAX
#define FAR (UINT64_MAX / 1000000)

/* The deadline of a timer in ms of the loop's clock, not before it is due. */
static uint64_t deadline_of(struct player *player, uint64_t due)
{
    return player->epoch + due / 1000000 + (due % 1000000 > 0);
}

/* uv_now() stands still while a callback runs, so this looks at another clock. */
void player_burn(uint64_t nanos)
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

static void run_nothing(struct work *work)
{
    (void)work;
}

static void free_small(struct work *work)
{
    free(work);
}

struct small *player_small(struct player *player, void (*run)(struct work *))
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
    struct small *again = player_small(player, spin_again);
    again->label = label;
    again->left = left;
    lp_soon(&player->lp, &again->work);
}

/* How long the news of a child's end may take: by a clock that the loop has no hand in. */
#define NEWS UINT64_C(1000000000)

static void spin_for(struct player *player, struct callback *of, uint64_t until);

static void spin_for_again(struct work *work)
{
    struct small *small = (struct small *)work;
    spin_for(small->player, small->of, small->until);
}

/* Schedules itself until the end of the child was told, or should have been. */
static void spin_for(struct player *player, struct callback *of, uint64_t until)
{
    if (!of->held)
        return;
    if (uv_hrtime() > until) {
        EVENT(player, "starved label=#%" PRIu32, of->label);
        return;
    }
    struct small *again = player_small(player, spin_for_again);
    again->of = of;
    again->until = until;
    lp_soon(&player->lp, &again->work);
}

/* What waits for the end of a child that was ordered to end, by its label. */
static struct callback *find_news(struct player *player, uint32_t label)
{
    uv_mutex_lock(&player->record.lock);
    struct callback *callback = player->callbacks;
    while (callback != NULL && (callback->label != label || callback->kid == NULL || !callback->held))
        callback = callback->next;
    uv_mutex_unlock(&player->record.lock);
    return callback;
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
        player_burn(timer->due > now ? timer->due - now : 0);
        spin_on(player, callback->label, SPINS);
    }
    struct callback *news = callback->until == 0 ? NULL : find_news(player, callback->until);
    if (news != NULL) {
        EVENT(player, "spun label=#%" PRIu32, callback->label);
        spin_for(player, news, uv_hrtime() + NEWS);
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
        struct small *soon = player_small(player, run_nothing), *at = player_small(player, run_nothing),
                     *post = player_small(player, run_nothing);
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

void player_ask(struct player *player, const struct step *step)
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

void player_post(struct player *player, const struct step *step)
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

void player_cancel(struct player *player, uint32_t label)
{
    struct callback *callback = find(player, label);
    if (callback == NULL)
        return;
    EVENT(player, "cancelling label=#%" PRIu32, label);
    bool answer = lp_cancel(&callback->work);
    EVENT(player, "cancelled label=#%" PRIu32 " answer=%s", label, answer ? "yes" : "no");
}
