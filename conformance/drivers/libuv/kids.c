/* What do the steps about children do? uv_spawn() starts a process and watches it in one call, so
 * `child` only notes the plan, and the first `watch` starts the child. What a program does with a child
 * before that, or registers afterwards, means nothing, as any step that comes too early does; nor can
 * a registration be removed, replaced, or moved to another loop. The driver steers the child by a
 * pipe, and never waits for it in a way that would collect it: that is libuv's part. */

#include "kids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit codes of a child that nobody gave an order, and of one that its own signal did not end. */
#define ABANDONED 120
#define SPARED 121

struct kid {
    uint32_t number;
    bool by_signal;
    uint32_t code;
    /* 0 before it was started. */
    pid_t pid;
    /* The end of the pipe that it waits at. */
    int orders;
    bool ordered, suspended, told;
    struct callback *callback;
    struct kid *next;
};

void be_kid(const char *how, const char *number)
{
    char order;
    if (read(STDIN_FILENO, &order, 1) != 1)
        _exit(ABANDONED);
    if (strcmp(how, "exit") == 0)
        _exit(atoi(number));
    kill(getpid(), atoi(number));
    _exit(SPARED);
}

/* The child of that number, if it was started. */
static struct kid *find(struct player *player, uint32_t number)
{
    struct kid *kid = player->kids;
    while (kid != NULL && kid->number != number)
        kid = kid->next;
    return kid == NULL || kid->pid == 0 ? NULL : kid;
}

/* What the system says of a child, without collecting it; 0 if it is gone. */
static int look(struct kid *kid, int what, siginfo_t *end)
{
    int error;
    *end = (siginfo_t){0};
    do
        error = waitid(P_PID, (id_t)kid->pid, end, what | WNOWAIT);
    while (error != 0 && errno == EINTR);
    return error == 0 ? end->si_code : 0;
}

static void note(struct player *player, const struct step *step)
{
    if (player->kids == NULL && player->inside == 0 && !player->closed) {
        /* What the loop opens once and for all is not counted. It has to wait for something. */
        player_run_for(player, 1);
        player->descriptors = kids_descriptors(player);
    }
    struct kid *kid = player_allocate(sizeof *kid);
    *kid = (struct kid){.number = step->kid, .by_signal = step->by_signal, .code = step->code,
                        .next = player->kids};
    player->kids = kid;
}

static void start(struct player *player, const struct step *step)
{
    struct kid *kid = player->kids;
    while (kid != NULL && kid->number != step->kid)
        kid = kid->next;
    if (kid == NULL || kid->pid != 0 || player->closed)
        return;
    int ends[2];
    char place[PATH_MAX], number[16];
    size_t room = sizeof place;
    lp_must(uv_exepath(place, &room), "uv_exepath");
    lp_must(pipe2(ends, O_CLOEXEC) == 0 ? 0 : UV_EMFILE, "pipe2");
    snprintf(number, sizeof number, "%" PRIu32, kid->code);
    char *arguments[] = {place, "--kid", kid->by_signal ? "signal" : "exit", number, NULL};
    uv_stdio_container_t streams[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = ends[0]}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = place, .args = arguments, .stdio = streams, .stdio_count = 3};
    struct callback *callback = player_callback(player, step);
    int error = lp_spawn(&player->lp, &callback->work, &options);
    lp_must(close(ends[0]) == 0 ? 0 : UV_EIO, "close");
    kid->orders = ends[1];
    lp_must(error, "uv_spawn");
    kid->pid = callback->work.uv.process.pid;
    kid->callback = callback;
    callback->kid = kid;
    player->watched = true;
    EVENT(player, "child-started kid=%%%" PRIu32 " plan=%s:%" PRIu32, kid->number,
          kid->by_signal ? "signal" : "exit", kid->code);
    EVENT(player, "asking label=#%" PRIu32 " how=watch", step->label);
    EVENT(player, "watching label=#%" PRIu32 " kid=%%%" PRIu32 " active=yes", step->label, kid->number);
    EVENT(player, "accepted label=#%" PRIu32, step->label);
}

void kids_told(struct player *player, struct callback *callback)
{
    struct kid *kid = callback->kid;
    struct work *work = &callback->work;
    siginfo_t end;
    kid->told = true;
    EVENT(player, "told label=#%" PRIu32 " kid=%%%" PRIu32 " right=%s status=%s:%" PRId64, callback->label,
          kid->number, work->uv.process.pid == kid->pid ? "yes" : "no",
          work->signal != 0 ? "signaled" : "exited", work->signal != 0 ? work->signal : work->status);
    bool zombie = look(kid, WEXITED | WNOHANG, &end) != 0;
    EVENT(player, "zombie kid=%%%" PRIu32 " zombie=%s", kid->number, zombie ? "yes" : "no");
}

/* From now on the end can be waited for. */
static void expect(struct kid *kid)
{
    if (kid->ordered && !kid->suspended && !kid->callback->dropped && !kid->told)
        player_hold(kid->callback);
}

static void order(struct player *player, struct kid *kid)
{
    if (kid->ordered)
        return;
    kid->ordered = true;
    expect(kid);
    EVENT(player, "ordered kid=%%%" PRIu32, kid->number);
    lp_must(write(kid->orders, "!", 1) == 1 || errno == EPIPE ? 0 : UV_EIO, "an order");
}

static void await(struct player *player, struct kid *kid)
{
    siginfo_t end;
    order(player, kid);
    if (kid->suspended)
        return;
    look(kid, WEXITED, &end);
    EVENT(player, "kid-ended kid=%%%" PRIu32, kid->number);
}

static void suspend(struct player *player, struct kid *kid, bool stop)
{
    siginfo_t end;
    /* After the order it would be a race with the end. */
    if (kid->suspended == stop || (stop && kid->ordered))
        return;
    kid->suspended = stop;
    if (stop) {
        kill(kid->pid, SIGSTOP);
        look(kid, WSTOPPED | WEXITED, &end);
    } else {
        expect(kid);
        kill(kid->pid, SIGCONT);
    }
    EVENT(player, "suspended kid=%%%" PRIu32 " stopped=%s", kid->number, stop ? "yes" : "no");
}

void kids_step(struct player *player, const struct step *step)
{
    if (step->word == CHILD) {
        note(player, step);
        return;
    }
    if (step->word == WATCH) {
        start(player, step);
        return;
    }
    struct kid *kid = find(player, step->kid);
    if (kid == NULL)
        return;
    if (step->word == END)
        order(player, kid);
    else if (step->word == ENDED)
        await(player, kid);
    else
        suspend(player, kid, step->word == SIGSTOP_);
}

void kids_end(struct player *player)
{
    for (struct kid *kid = player->kids; kid != NULL; kid = kid->next)
        if (kid->pid != 0) {
            suspend(player, kid, false);
            order(player, kid);
        }
}

int kids_descriptors(struct player *player)
{
    int count = 0;
    DIR *list = opendir("/dev/fd");
    lp_must(list == NULL ? UV_EIO : 0, "/dev/fd");
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    for (struct kid *kid = player->kids; kid != NULL; kid = kid->next)
        count -= kid->pid != 0;
    return count;
}

void kids_count(struct player *player)
{
    if (!player->watched || player->descriptors == 0 || player->given_up || player->closed)
        return;
    for (struct kid *kid = player->kids; kid != NULL; kid = kid->next)
        if (kid->pid != 0 && !kid->told)
            return;
    /* It may have been made after the first count. */
    player_close_other(player);
    QUIETLY(player, "descriptors before=%d after=%d", player->descriptors, kids_descriptors(player));
}

void kids_account(struct player *player)
{
    siginfo_t end;
    while (player->kids != NULL) {
        struct kid *kid = player->kids;
        if (kid->ordered && !kid->told && !player->given_up) {
            /* Its loop is closed. Nobody is left who could collect it later. */
            bool zombie = look(kid, WEXITED, &end) != 0;
            QUIETLY(player, "collected-by-watcher kid=%%%" PRIu32 " collected=%s", kid->number,
                    zombie ? "no" : "yes");
        }
        if (kid->pid != 0) {
            if (!kid->told)
                kill(kid->pid, SIGKILL);
            while (!kid->told && waitpid(kid->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
            close(kid->orders);
        }
        player->kids = kid->next;
        free(kid);
    }
}
