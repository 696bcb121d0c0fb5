/* SPDX-License-Identifier: GPL-2.0 */
/* One thread: nobody is kept out, but it is known what is held. */
#ifndef _FUZZ_LINUX_MUTEX_H
#define _FUZZ_LINUX_MUTEX_H

#include <linux/kernel.h>
#include_next <linux/mutex.h>

#define DEFINE_MUTEX(name)	struct mutex name

#endif /* _FUZZ_LINUX_MUTEX_H */
