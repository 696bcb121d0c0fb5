/* SPDX-License-Identifier: GPL-2.0 */
/* One thread, and no interrupts that could be off. */
#ifndef _FUZZ_LINUX_IRQFLAGS_H
#define _FUZZ_LINUX_IRQFLAGS_H

#define irqs_disabled()		false
#define num_online_cpus()	1

#endif /* _FUZZ_LINUX_IRQFLAGS_H */
