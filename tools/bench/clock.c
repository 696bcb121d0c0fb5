// SPDX-License-Identifier: GPL-2.0
/*
 * The instructions that a guest has executed, for programs: /proc/bench_clock has
 * the ticks of the TSC, the kernel's clock in nanoseconds, and the microseconds that
 * the processor was idle.  To see that they are right, /proc/bench_loop executes 100
 * million instructions when it is read, and /proc/bench_sleep sleeps.
 *
 * Where the TSC counts instructions, those of work are the ticks less the idle
 * ones.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/tick.h>
#include <asm/msr.h>

static int clock_show(struct seq_file *m, void *v)
{
	u64 idle = get_cpu_idle_time_us(0, NULL) + get_cpu_iowait_time_us(0, NULL);

	seq_printf(m, "%llu %llu %llu\n", rdtsc_ordered(), ktime_get_ns(), idle);
	return 0;
}

static int loop_show(struct seq_file *m, void *v)
{
	unsigned long n = 50000000;

	asm volatile("1: dec %0; jnz 1b" : "+r" (n));
	return 0;
}

static int sleep_show(struct seq_file *m, void *v)
{
	msleep(200);
	return 0;
}

static int __init clock_init(void)
{
	return proc_create_single("bench_clock", 0444, NULL, clock_show) &&
	       proc_create_single("bench_loop", 0444, NULL, loop_show) &&
	       proc_create_single("bench_sleep", 0444, NULL, sleep_show) ? 0 : -ENOMEM;
}
module_init(clock_init);

MODULE_DESCRIPTION("Executed instructions, for the benchmark's guest");
MODULE_LICENSE("GPL");
