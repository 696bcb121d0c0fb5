// SPDX-License-Identifier: GPL-2.0
/*
 * What an interrupt costs that all queues of a device share: ticks of the TSC for a call
 * of its handler, when no queue has anything.  Both cores name the vector alike.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "bench.h"

#define CALLS	1000
#define ENDING	"-virtqueues"

static struct irqaction *action_of(unsigned int irq)
{
	struct irq_data *data = irq_get_irq_data(irq);
	struct irqaction *action = data ? irq_data_to_desc(data)->action : NULL;
	size_t len = action ? strlen(action->name) : 0;

	if (len < strlen(ENDING) || strcmp(action->name + len - strlen(ENDING), ENDING))
		return NULL;
	return action;
}

static u64 ticks_of(unsigned int irq, struct irqaction *action, unsigned int calls)
{
	unsigned long flags;
	u64 start, end;

	local_irq_save(flags);
	start = bench_ticks();
	while (calls--)
		action->handler(irq, action->dev_id);
	end = bench_ticks();
	local_irq_restore(flags);
	return end - start;
}

/* Other processors count as well, now and then: not the least of some tries. */
static u64 least_of(unsigned int irq, struct irqaction *action, unsigned int calls)
{
	u64 least = U64_MAX;
	int tries;

	for (tries = 0; tries < 10; tries++)
		least = min(least, ticks_of(irq, action, calls));
	return least;
}

/* Hundredths of a tick; what is outside of the loop falls out. */
static void measure(unsigned int irq, struct irqaction *action)
{
	u64 few = least_of(irq, action, CALLS), many = least_of(irq, action, 2 * CALLS);

	pr_info("bench: shared vector: %llu\n", div_u64((many - few) * 100, CALLS));
}

static int __init interrupts_init(void)
{
	unsigned int irq, found = 0;
	struct irqaction *action;

	for (irq = 0; irq < 4096; irq++) {
		action = action_of(irq);
		if (!action)
			continue;
		measure(irq, action);
		found++;
	}
	if (found != 1)
		return -ENODEV;
	pr_info("bench: done\n");
	return 0;
}
module_init(interrupts_init);

MODULE_DESCRIPTION("Cost of an interrupt that queues share");
MODULE_LICENSE("GPL");
