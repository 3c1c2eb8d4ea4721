/* How is a play written down? An event a line, as `conformance/src/history/text.rs` reads them. */

#include "record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lp.h"

/* The number of this thread in the history: 0 is the loop's. */
static _Thread_local uint32_t context;

/* Longer than any event. */
#define LINE 256

void record_open(struct record *record, FILE *tell)
{
    *record = (struct record){.tell = tell, .contexts = 1};
    lp_must(uv_mutex_init(&record->lock), "uv_mutex_init");
}

void record_free(struct record *record)
{
    uv_mutex_destroy(&record->lock);
    free(record->text);
}

void record_enter(struct record *record)
{
    uv_mutex_lock(&record->lock);
    context = record->contexts++;
    uv_mutex_unlock(&record->lock);
}

bool record_is_home(void)
{
    return context == 0;
}

void record_event(struct record *record, int64_t at, const char *format, ...)
{
    char line[LINE];
    int length = at < 0 ? snprintf(line, LINE, "- %" PRIu32 " ", context)
                        : snprintf(line, LINE, "%" PRId64 " %" PRIu32 " ", at, context);
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(line + length, LINE - (size_t)length - 1, format, arguments);
    va_end(arguments);
    lp_must(length >= LINE - 1 ? UV_ENOBUFS : 0, "an event");
    line[length++] = '\n';
    uv_mutex_lock(&record->lock);
    if (record->tell != NULL) {
        fwrite(line, 1, (size_t)length, record->tell);
        fflush(record->tell);
    } else {
        if (record->length + (size_t)length > record->room) {
            record->room = record->room * 2 + LINE;
            record->text = realloc(record->text, record->room);
            lp_must(record->text == NULL ? UV_ENOMEM : 0, "a history");
        }
        memcpy(record->text + record->length, line, (size_t)length);
        record->length += (size_t)length;
    }
    uv_mutex_unlock(&record->lock);
}

void record_say(struct record *record, FILE *to)
{
    if (record->length > 0)
        fwrite(record->text, 1, record->length, to);
}

void record_hold(struct record *record)
{
    uv_mutex_lock(&record->lock);
    record->held++;
    uv_mutex_unlock(&record->lock);
}

bool record_release(struct record *record)
{
    uv_mutex_lock(&record->lock);
    bool last = --record->held == 0 && record->running;
    uv_mutex_unlock(&record->lock);
    return last;
}

bool record_is_idle(struct record *record)
{
    uv_mutex_lock(&record->lock);
    bool idle = record->held == 0;
    uv_mutex_unlock(&record->lock);
    return idle;
}
