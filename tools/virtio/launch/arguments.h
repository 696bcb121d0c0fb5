/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line of the guest's kernel.
 */
#ifndef _LAUNCH_ARGUMENTS_H
#define _LAUNCH_ARGUMENTS_H

#include "options.h"

char **arguments_of(const struct options *options, const char *socket);
void arguments_free(char **argv);

#endif /* _LAUNCH_ARGUMENTS_H */
