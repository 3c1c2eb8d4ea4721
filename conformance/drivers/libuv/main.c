/* What does libuv do with the kit's programs? A driver that plays them. It speaks the kit's protocol on
 * its standard streams, as `conformance/src/protocol/mod.rs` describes it:
 *
 *     make -C conformance/drivers/libuv
 *     anyloop check --driver conformance/drivers/libuv/anyloop-libuv --known conformance/drivers/known.toml
 *
 *     --soon HOW     what stands for call_soon: async, which is the default, idle or timer; see lp.c
 *     --patience MS  how long a run may take in which nothing happens
 *
 * file        answers
 * ----------  ----------------------------------------------------------------------------
 * main.c      how does the driver speak with the kit, and what if a play hangs?
 * program.c   how is a program taken apart?
 * record.c    how is a play written down?
 * player.c    in what order are the steps taken, and when is a run over?
 * callbacks.c what does a callback do that libuv was given, and what when it is dropped instead?
 * steps.c     what do the steps do that are not about a single callback?
 * kids.c      what do the steps about children do?
 * lp.c        which handles of libuv are a callback that runs once? All that is not libuv's own
 *
 * The clock is uv_now(), the clock of libuv's timers. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kids.h"

/* How a process ends whose play hangs, as the kit's own does. */
#define HUNG 3

/* What libuv lacks, and why. */
static const char *const LACKS[][2] = {
    {"policy", "libuv has no policies, and uv_default_loop() is one loop of the process"},
    {"context", "libuv stores nothing per context; uv_key_t is the thread's own"},
    {"future", "libuv has no futures and no tasks"},
    {"handle", "handles are memory of the caller, which nobody numbers"},
    {"source", "the driver plays no sources yet"},
    {"capability", "there are no capabilities to ask for"},
    {"child.before", "uv_spawn() starts and watches in one call: nothing can end before it is watched"},
    {"child.stranger", "uv_spawn() starts and watches in one call: there is no child that is not watched"},
    {"child.unknown", "uv_spawn() starts and watches in one call: the status is libuv's, and nobody else collects it"},
    {"child.replace", "uv_spawn() starts and watches in one call, and nobody else may watch the process"},
    {"child.remove", "exit callbacks cannot be removed, and closing the handle leaves the process a zombie (libuv#1911)"},
    {"child.caller", "exit callbacks cannot be removed, and closing the handle leaves the process a zombie (libuv#1911)"},
    {"child.refused", "uv_spawn() starts and watches in one call: what is not watched was not started"},
    {"child.active", "there are no watchers"},
    {"child.close", "there are no watchers"},
    {"child.gone", "there are no watchers"},
    {"child.panic", "C has no panics"},
    {"child.final", "there are no watchers"},
    {"child.attached", "there are no watchers: a process belongs to the loop that has started it"},
    {"child.blocked", "the driver blocks no signals"},
    {"child.unseen", "the driver interrupts no system calls"},
    {"child.unchanged", "there are no watchers"},
    {"child.takeover", "uv_spawn() starts and watches in one call, and nobody else may watch the process"},
    {"reaper", "uv_spawn() starts and watches in one call, and libuv collects no other child"},
    {"process", "libuv has no wait for a process and no conversation with one, only callbacks and streams"},
    {"signal", "the driver sets no signal handlers: uv_signal_t is a handle of its own for each"},
    {"child.race", "exit callbacks cannot be removed, least of all on another thread"},
    {"fork", "libuv does not notice forks: uv_loop_fork() has to be called by hand"},
    {"run.state", "nobody can ask a loop whether it runs, or is closed"},
    {"run.current", "nobody can ask a thread which loop runs on it"},
    {"run.panic", "C has no panics"},
    {"run.report", "C has no panics"},
    {"step", "uv_run() waits not at all or for as long as it takes: a host waits by itself, with uv_backend_fd()"},
    {"run.handler", "C has no panics"},
    {"run.sturdy", "C has no panics"},
    {"stop.panic", "C has no panics"},
    {"cancel.foreign", "a handle knows its loop and is never given to another"},
    {"cancel.scope", "C has no guards"},
    {"cancel.reentry", "nothing is dropped in uv_close(), but in the close callback, in a later turn"},
    {"cancel.self", "nothing is dropped in uv_close(), but in the close callback, in a later turn"},
    {"close.final", "a closed loop is memory that libuv must not be given any more"},
    {"close.run", "a closed loop is memory that libuv must not be given any more"},
    {"close.rejects", "a closed loop is memory that libuv must not be given any more"},
    {"close.harmless", "a closed loop is memory that libuv must not be given any more"},
    {"close.abandoned", "a loop is memory of the caller, which nobody drops"},
    {"wake.closed", "uv_async_send() must not be called after uv_close(): that is for the caller to know"},
    {"wake.state", "uv_async_send() must not be called after uv_close(): that is for the caller to know"},
    {"wake.owner", "libuv does not say on which thread a loop lives"},
};

/* Watches a play: one that hangs is asked to stop, and one that does not is told to the kit. */
static struct {
    uv_mutex_t lock;
    uv_cond_t changed;
    uint64_t patience, deadline;
    struct player *player;
    bool asked, ended;
} watchdog;

static void again(void)
{
    uv_mutex_lock(&watchdog.lock);
    watchdog.deadline = uv_hrtime() + watchdog.patience;
    watchdog.asked = false;
    uv_mutex_unlock(&watchdog.lock);
}

static void watch(struct player *player)
{
    again();
    uv_mutex_lock(&watchdog.lock);
    watchdog.player = player;
    uv_cond_signal(&watchdog.changed);
    uv_mutex_unlock(&watchdog.lock);
}

/* The end of a process whose play does not come back. Its locks may be held by what hangs. */
static void end_hung(struct player *player)
{
    record_say(&player->record, stdout);
    puts("hung");
    fflush(stdout);
    _exit(HUNG);
}

/* Sleeps until the patience is at its end and looks then whether that was put off meanwhile. */
static void keep_watch(void *unused)
{
    (void)unused;
    uv_mutex_lock(&watchdog.lock);
    while (!watchdog.ended) {
        uint64_t now = uv_hrtime();
        if (watchdog.player == NULL)
            uv_cond_wait(&watchdog.changed, &watchdog.lock);
        else if (now < watchdog.deadline)
            uv_cond_timedwait(&watchdog.changed, &watchdog.lock, watchdog.deadline - now);
        else if (watchdog.asked)
            end_hung(watchdog.player);
        else {
            watchdog.asked = true;
            watchdog.deadline = now + watchdog.patience;
            player_give_up(watchdog.player);
        }
    }
    uv_mutex_unlock(&watchdog.lock);
}

/* Answers with the history of a program, and says why if it is none. */
static void play(const char *text, bool trace)
{
    struct body program;
    char why[128] = "";
    if (program_read(text, &program, why, sizeof why) != 0) {
        printf("// %s\nend\n", why);
        return;
    }
    struct player *player = player_open(trace ? stdout : NULL);
    watch(player);
    player_play(player, &program);
    watch(NULL);
    record_say(&player->record, stdout);
    puts("end");
    player_free(player);
    program_free(&program);
}

/* A whole number of milliseconds, in nanoseconds; 0 if it is none. */
static uint64_t millis(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    return *text < '0' || *text > '9' || *end != 0 || value > UINT32_MAX ? 0 : value * 1000000;
}

static void answer(char *line)
{
    char *said = line + strspn(line, " \t"), *rest = said + strcspn(said, " ");
    if (*rest != 0)
        *rest++ = 0;
    if (strcmp(said, "patience") == 0 && millis(rest) != 0) {
        uv_mutex_lock(&watchdog.lock);
        watchdog.patience = millis(rest);
        uv_mutex_unlock(&watchdog.lock);
    } else if (strcmp(said, "play") == 0 || strcmp(said, "trace") == 0) {
        play(rest, strcmp(said, "trace") == 0);
    } else {
        printf("// not understood: %.40s\n", said);
    }
    fflush(stdout);
}

/* Answers until there is nothing more to say. */
static void drive(void)
{
    static const char *const HOWS[] = {"async", "idle", "timer"};
    printf("anyloop 1 libuv-%s/%s\n", uv_version_string(), HOWS[lp_how_soon]);
    for (size_t at = 0; at < sizeof LACKS / sizeof *LACKS; at++)
        printf("lacks %s %s\n", LACKS[at][0], LACKS[at][1]);
    printf("patience %llu\nready\n", (unsigned long long)(watchdog.patience / 1000000));
    fflush(stdout);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
        while (length > 0 && line[length - 1] != 0 && strchr("\r\n \t", line[length - 1]) != NULL)
            line[--length] = 0;
        /* What is no text is no program, and is not to be said back. */
        for (ssize_t at = 0; at < length; at++)
            if ((line[at] < ' ' && line[at] != '\t') || line[at] > '~')
                line[at] = '?';
        if (length > 0)
            answer(line);
    }
    free(line);
}

static void on_interrupt(int number)
{
    (void)number;
}

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s [--soon async|idle|timer] [--patience MS]\n", program);
    return 2;
}

int main(int count, char **arguments)
{
    if (count == 4 && strcmp(arguments[1], "--kid") == 0)
        be_kid(arguments[2], arguments[3]);
    const char *given = getenv("ANYLOOP_PATIENCE_MS");
    watchdog.patience = given != NULL ? millis(given) : 0;
    if (watchdog.patience == 0)
        watchdog.patience = millis("5000");
    for (int at = 1; at < count; at += 2) {
        const char *value = at + 1 < count ? arguments[at + 1] : "";
        if (strcmp(arguments[at], "--patience") == 0 && millis(value) != 0)
            watchdog.patience = millis(value);
        else if (strcmp(arguments[at], "--soon") == 0 && strcmp(value, "async") == 0)
            lp_how_soon = SOON_ASYNC;
        else if (strcmp(arguments[at], "--soon") == 0 && strcmp(value, "idle") == 0)
            lp_how_soon = SOON_IDLE;
        else if (strcmp(arguments[at], "--soon") == 0 && strcmp(value, "timer") == 0)
            lp_how_soon = SOON_TIMER;
        else
            return usage(arguments[0]);
    }
    /* A handler that does nothing, and no system call that is restarted by the kernel. */
    struct sigaction action = {.sa_handler = on_interrupt};
    /* A child that has died hears no order. Children have the system's own handlers again. */
    signal(SIGPIPE, SIG_IGN);
    lp_must(sigaction(SIGURG, &action, NULL) == 0 ? 0 : UV_EINVAL, "sigaction");
    lp_must(uv_mutex_init(&watchdog.lock), "uv_mutex_init");
    lp_must(uv_cond_init(&watchdog.changed), "uv_cond_init");
    player_again = again;
    uv_thread_t watcher;
    lp_must(uv_thread_create(&watcher, keep_watch, NULL), "uv_thread_create");
    drive();
    uv_mutex_lock(&watchdog.lock);
    watchdog.ended = true;
    uv_cond_signal(&watchdog.changed);
    uv_mutex_unlock(&watchdog.lock);
    lp_must(uv_thread_join(&watcher), "uv_thread_join");
    uv_cond_destroy(&watchdog.changed);
    uv_mutex_destroy(&watchdog.lock);
    return 0;
}
