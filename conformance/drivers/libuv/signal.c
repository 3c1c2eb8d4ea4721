/* What handles the signal of a child's end, as the program wants it and at the end? */

#include "kids.h"

#include <signal.h>
#include <stdatomic.h>

/* How often the signal came while it was counted. */
static atomic_uint ends;

static void count_end(int number)
{
    (void)number;
    atomic_fetch_add(&ends, 1);
}

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    atomic_store(&ends, 0);
    lp_must(sigaction(SIGCHLD, &action, NULL) == 0 ? 0 : UV_EINVAL, "sigaction");
}

void signal_step(struct player *player, const struct step *step)
{
    /* Later, it would take the signal away from a loop that listens, and the loop could not know. */
    if (player->kids != NULL) {
        EVENT(player, "lacking what=\"another handler while there are children\"");
        return;
    }
    handle(step->word == IGNORE ? SIG_IGN : count_end);
    player->handled = true;
    EVENT(player, "handling how=%s", step->word == IGNORE ? "ignored" : "counted");
}

void signal_account(struct player *player)
{
    struct sigaction action;
    if (!player->handled)
        return;
    lp_must(sigaction(SIGCHLD, NULL, &action) == 0 ? 0 : UV_EINVAL, "sigaction");
    const char *how = "other";
    if (action.sa_handler == SIG_DFL)
        how = "default";
    else if (action.sa_handler == SIG_IGN)
        how = "ignored";
    else if (action.sa_handler == count_end)
        how = "counted";
    /* Signals are delivered before the system says that the child has ended. */
    QUIETLY(player, "handled how=%s calls=%u", how, atomic_load(&ends));
    handle(SIG_DFL);
}
