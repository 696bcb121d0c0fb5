/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals, as events of the loop; and those after which there is no loop.
 */
#ifndef _LAUNCH_SIGNALS_H
#define _LAUNCH_SIGNALS_H

/**
 * struct signals - who is to hear of them
 * @child: a child has ended
 * @resized: the terminal has another size
 * @stop: launch is asked to end, by this signal
 */
struct signals {
	void (*child)(void);
	void (*resized)(void);
	void (*stop)(int signal);
};

void signals_init(const struct signals *who);
/* As they are for a new program, but for SIGPIPE: in a child, before exec. */
void signals_of_child(void);
/* Launch can't go on: the terminal is restored, and the signal does what it does. */
void signals_crash(int signal);

#endif /* _LAUNCH_SIGNALS_H */
