/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What launch says of itself.
 */
#ifndef _LAUNCH_HELP_H
#define _LAUNCH_HELP_H

void help_print(void);
void help_version(void);

#endif /* _LAUNCH_HELP_H */
