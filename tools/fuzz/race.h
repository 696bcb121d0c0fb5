/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that writes while it is read: between one load of the code under test
 * and its next, what the first saw is changed.
 *
 * The compiler reports each load (-fsanitize-coverage=trace-loads), so that code
 * which reads a value again after it was checked is found, however it reads: by
 * what comes of it, and by the rule that what a device wrote is read once.
 */
#ifndef _FUZZ_RACE_H
#define _FUZZ_RACE_H

#include <linux/types.h>

/**
 * struct race - what will be changed, and when
 * @after: the load of shared memory after which it is, counted down; 0 for none
 * @flip: the bits of @value are turned; otherwise it is stored
 * @value: byte by byte, over and over
 * @instead: called in place of that: something else happens meanwhile
 */
struct race {
	unsigned int after;
	bool flip;
	u8 value[2];
	void (*instead)(void);
};

/**
 * enum race_rule - what may be loaded twice while the rule is on
 * @RACE_ANYTHING: there is no rule
 * @RACE_NOTHING: nothing that the device may write
 * @RACE_FLAGS: of that, only the flags of descriptors, which are polled
 */
enum race_rule { RACE_ANYTHING, RACE_NOTHING, RACE_FLAGS };

void race_begin(bool *happened);
void race_arm(const struct race *race);
void race_settle(void);
void race_rule(enum race_rule rule, const void *polled);

#endif /* _FUZZ_RACE_H */
