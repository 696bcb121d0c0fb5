/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The console: virtio-console with one port.
 */
#ifndef _LAUNCH_CONSOLE_H
#define _LAUNCH_CONSOLE_H

struct device;

/* On "stdio", "none" or a socket at a path; @quit is called for Ctrl-A x on a terminal. */
struct device *console_create(const char *where, void (*quit)(void));
/* The terminal has another size. */
void console_resized(void);

#endif /* _LAUNCH_CONSOLE_H */
