/* What does the player know of children? */

#ifndef ANYLOOP_KIDS_H
#define ANYLOOP_KIDS_H

#include "player.h"

/* Is a child of the driver: it carries out its plan once it is told to. Never returns. */
void be_kid(const char *how, const char *number) __attribute__((noreturn));

/* Takes a step about children. */
void kids_step(struct player *player, const struct step *step);

/* Notes that its end was told of, in the callback that was registered for it. */
void kids_told(struct player *player, struct callback *callback);

/* Lets every child end, so that the last runs can be told. */
void kids_end(struct player *player);

/* Counts descriptors, when every child has been told of and the loop is still open. */
void kids_count(struct player *player);

/* Looks at what became of every child, and gives all back. */
void kids_account(struct player *player);

/* Takes a step about what handles the signal of a child's end; looks at it when all is over. */
void signal_step(struct player *player, const struct step *step);
void signal_account(struct player *player);

/* How many descriptors are open, without those that steer the children. */
int kids_descriptors(struct player *player);

#endif
