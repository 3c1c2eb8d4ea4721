/* libuv's part of the topics. Rust measures from outside; see src/uv.rs. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

/* call_soon: libuv has none, so this is a ring of callbacks with three words, drained by an idle
   handle, which keeps the loop from sleeping. */

struct callback { void (*run)(void *, uint64_t, uint64_t); void *object; uint64_t one, other; };
struct ring { struct callback *at; uint64_t head, tail, capacity; };

static struct ring ring;
static uv_idle_t idle;
static uint64_t ran, length, batch, sum;

static void call_soon(struct callback callback) {
    if (ring.tail - ring.head == ring.capacity) {
        uint64_t bigger = ring.capacity ? 2 * ring.capacity : 16;
        struct callback *at = malloc(bigger * sizeof *at);
        for (uint64_t i = ring.head; i != ring.tail; i++)
            at[i & (bigger - 1)] = ring.at[i & (ring.capacity - 1)];
        free(ring.at);
        ring.at = at;
        ring.capacity = bigger;
    }
    ring.at[ring.tail++ & (ring.capacity - 1)] = callback;
}

static void hit(void *object, uint64_t one, uint64_t other) {
    ran++;
    *(uint64_t *)object ^= one ^ other;
}

static void kick(void *object, uint64_t one, uint64_t other);

static void schedule_batch(void) {
    for (uint64_t i = 1; i < batch; i++)
        call_soon((struct callback){hit, &sum, i, batch});
    call_soon((struct callback){kick, &sum, 0, 0});
}

static void kick(void *object, uint64_t one, uint64_t other) {
    hit(object, one, other);
    if (ran < length)
        schedule_batch();
    else
        uv_idle_stop(&idle);
}

static void on_idle(uv_idle_t *handle) {
    for (uint64_t end = ring.tail; ring.head != end;) {
        struct callback next = ring.at[ring.head++ & (ring.capacity - 1)];
        next.run(next.object, next.one, next.other);
    }
}

uint64_t bench_uv_call_soon(uint64_t of_batch, uint64_t of_length) {
    uv_loop_t loop;
    batch = of_batch;
    length = of_length;
    uv_loop_init(&loop);
    uv_idle_init(&loop, &idle);
    uv_idle_start(&idle, on_idle);
    schedule_batch();
    uv_run(&loop, UV_RUN_DEFAULT);
    return ran;
}

/* timers: whole milliseconds. */

struct timers { uv_loop_t loop; uint64_t length, fired; uv_timer_t *timers; uint64_t *due; int64_t *late; };

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void on_timer(uv_timer_t *timer) {
    struct timers *all = timer->loop->data;
    all->fired++;
}

static void on_measured_timer(uv_timer_t *timer) {
    struct timers *all = timer->loop->data;
    all->late[all->fired++] = (int64_t)(now() - all->due[timer - all->timers]);
}

struct timers *bench_uv_timers_new(uint64_t of_length) {
    struct timers *all = calloc(1, sizeof *all);
    uv_loop_init(&all->loop);
    all->loop.data = all;
    all->length = of_length;
    all->timers = calloc(of_length, sizeof *all->timers);
    for (uint64_t i = 0; i < of_length; i++)
        uv_timer_init(&all->loop, &all->timers[i]);
    return all;
}

void bench_uv_timers_insert(struct timers *all, const uint64_t *delays) {
    for (uint64_t i = 0; i < all->length; i++)
        uv_timer_start(&all->timers[i], on_timer, delays[i] / 1000000, 0);
}

void bench_uv_timers_cancel(struct timers *all) {
    for (uint64_t i = 0; i < all->length; i++)
        uv_timer_stop(&all->timers[i]);
}

uint64_t bench_uv_timers_run(struct timers *all) {
    uv_run(&all->loop, UV_RUN_DEFAULT);
    return all->fired;
}

void bench_uv_lateness(uint64_t of_length, const uint64_t *delays, int64_t *late) {
    struct timers *all = bench_uv_timers_new(of_length);
    all->due = calloc(of_length, sizeof *all->due);
    all->late = late;
    uv_update_time(&all->loop);
    uint64_t base = now();
    for (uint64_t i = 0; i < of_length; i++) {
        all->due[i] = base + delays[i];
        uv_timer_start(&all->timers[i], on_measured_timer, (delays[i] + 999999) / 1000000, 0);
    }
    uv_run(&all->loop, UV_RUN_DEFAULT);
}

/* wake: a pair of loops, each waking the other. */

struct side { uv_loop_t loop; uv_async_t async; struct side *other; uint64_t left; };

static void on_wake(uv_async_t *async) {
    struct side *side = async->data;
    side->left--;
    uv_async_send(&side->other->async);
    if (side->left == 0)
        uv_stop(&side->loop);
}

struct side *bench_uv_pair_new(uint64_t rounds) {
    struct side *pair = calloc(2, sizeof *pair);
    for (int i = 0; i < 2; i++) {
        uv_loop_init(&pair[i].loop);
        uv_async_init(&pair[i].loop, &pair[i].async, on_wake);
        pair[i].async.data = &pair[i];
        pair[i].other = &pair[1 - i];
        pair[i].left = rounds;
    }
    return pair;
}

void bench_uv_pair_run(struct side *pair, int side) {
    if (side == 0)
        uv_async_send(&pair[1].async);
    uv_run(&pair[side].loop, UV_RUN_DEFAULT);
}

/* one producer: libuv has no queue, so this is a list behind a mutex, swapped out whole. */

struct node { struct node *next; void (*run)(struct node *); uint64_t value; };
struct consumer { uv_loop_t loop; uv_async_t async; uv_mutex_t mutex; struct node *first, **last; uint64_t left; };

static void run_node(struct node *node) {
    sum ^= node->value;
    free(node);
}

static void on_post(uv_async_t *async) {
    struct consumer *consumer = async->data;
    uv_mutex_lock(&consumer->mutex);
    struct node *next = consumer->first;
    consumer->first = NULL;
    consumer->last = &consumer->first;
    uv_mutex_unlock(&consumer->mutex);
    while (next) {
        struct node *node = next;
        next = node->next;
        node->run(node);
        consumer->left--;
    }
    if (consumer->left == 0)
        uv_stop(&consumer->loop);
}

struct consumer *bench_uv_consumer_new(uint64_t posts) {
    struct consumer *consumer = calloc(1, sizeof *consumer);
    uv_loop_init(&consumer->loop);
    uv_async_init(&consumer->loop, &consumer->async, on_post);
    uv_mutex_init(&consumer->mutex);
    consumer->async.data = consumer;
    consumer->last = &consumer->first;
    consumer->left = posts;
    return consumer;
}

void bench_uv_post(struct consumer *consumer, uint64_t value) {
    struct node *node = malloc(sizeof *node);
    node->next = NULL;
    node->run = run_node;
    node->value = value;
    uv_mutex_lock(&consumer->mutex);
    *consumer->last = node;
    consumer->last = &node->next;
    uv_mutex_unlock(&consumer->mutex);
    uv_async_send(&consumer->async);
}

void bench_uv_consume(struct consumer *consumer) {
    uv_run(&consumer->loop, UV_RUN_DEFAULT);
}

/* start-up: a loop that runs one callback, by itself or for a descriptor. */

static void on_once(uv_idle_t *handle) { uv_close((uv_handle_t *)handle, NULL); }

static void on_readable(uv_poll_t *handle, int status, int events) { uv_close((uv_handle_t *)handle, NULL); }

void bench_uv_once(void) {
    uv_loop_t loop;
    uv_idle_t handle;
    uv_loop_init(&loop);
    uv_idle_init(&loop, &handle);
    uv_idle_start(&handle, on_once);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        abort();
}

void bench_uv_watch_once(int descriptor) {
    uv_loop_t loop;
    uv_poll_t handle;
    uv_loop_init(&loop);
    uv_poll_init(&loop, &handle, descriptor);
    uv_poll_start(&handle, UV_READABLE, on_readable);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        abort();
}

/* readiness: a byte between two ends, beside descriptors that are idle. */

struct watched { uv_loop_t loop; uint64_t hops, length; };
struct end_of { uv_poll_t poll; struct watched *of; int descriptor; };

static void on_idle_ready(uv_poll_t *handle, int status, int events) { abort(); }

static void write_byte(int descriptor) {
    if (write(descriptor, "\1", 1) != 1)
        abort();
}

static void on_hop(uv_poll_t *handle, int status, int events) {
    struct end_of *end = handle->data;
    char byte;
    if (read(end->descriptor, &byte, 1) != 1)
        abort();
    if (++end->of->hops == end->of->length)
        uv_stop(&end->of->loop);
    else
        write_byte(end->descriptor);
}

struct watched *bench_uv_watched_new(void) {
    struct watched *watched = calloc(1, sizeof *watched);
    uv_loop_init(&watched->loop);
    return watched;
}

void bench_uv_idle(struct watched *watched, int descriptor) {
    uv_poll_t *handle = malloc(sizeof *handle);
    uv_poll_init(&watched->loop, handle, descriptor);
    uv_poll_start(handle, UV_READABLE, on_idle_ready);
}

uint64_t bench_uv_play(struct watched *watched, const int *descriptors, uint64_t of_length) {
    watched->hops = 0;
    watched->length = of_length;
    struct end_of *ends = calloc(2, sizeof *ends);
    for (int i = 0; i < 2; i++) {
        ends[i].of = watched;
        ends[i].descriptor = descriptors[i];
        uv_poll_init(&watched->loop, &ends[i].poll, descriptors[i]);
        ends[i].poll.data = &ends[i];
        uv_poll_start(&ends[i].poll, UV_READABLE, on_hop);
    }
    write_byte(descriptors[1]);
    uv_run(&watched->loop, UV_RUN_DEFAULT);
    uv_poll_stop(&ends[0].poll);
    uv_poll_stop(&ends[1].poll);
    return watched->hops;
}

/* children: their ends, in the order in which they are told. */

struct children { uv_loop_t loop; struct end *first, **last; };
struct child { uv_process_t process; struct children *of; };
struct end { struct end *next; int code; };

static void on_closed(uv_handle_t *handle) { free(handle->data); }

static void on_exit_of(uv_process_t *process, int64_t status, int signal) {
    struct child *child = process->data;
    struct end *end = malloc(sizeof *end);
    end->next = NULL;
    end->code = signal ? -1 : (int)status;
    *child->of->last = end;
    child->of->last = &end->next;
    uv_close((uv_handle_t *)process, on_closed);
}

struct children *bench_uv_children_new(void) {
    struct children *children = calloc(1, sizeof *children);
    uv_loop_init(&children->loop);
    children->last = &children->first;
    return children;
}

int bench_uv_spawn(struct children *children, const char *program, int input) {
    struct child *child = calloc(1, sizeof *child);
    char *arguments[] = {(char *)program, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_INHERIT_FD, .data.fd = input},
        {.flags = UV_INHERIT_FD, .data.fd = 1},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of, .file = program, .args = arguments, .stdio_count = 3, .stdio = stdio};
    child->of = children;
    child->process.data = child;
    return uv_spawn(&children->loop, &child->process, &options);
}

int bench_uv_next_end(struct children *children) {
    while (!children->first)
        uv_run(&children->loop, UV_RUN_ONCE);
    struct end *end = children->first;
    int code = end->code;
    children->first = end->next;
    if (!children->first)
        children->last = &children->first;
    free(end);
    return code;
}
