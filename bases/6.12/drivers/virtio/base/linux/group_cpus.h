/* SPDX-License-Identifier: GPL-2.0 */
/* The caller learns how many groups there are: here, always as many as it asked for. */
#ifndef _VIRTIO_BASE_GROUP_CPUS_H
#define _VIRTIO_BASE_GROUP_CPUS_H

#include_next <linux/group_cpus.h>

static inline struct cpumask *virtio_group_cpus_evenly(unsigned int wanted, unsigned int *got)
{
	*got = wanted;
	return group_cpus_evenly(wanted);
}

#define group_cpus_evenly	virtio_group_cpus_evenly

#endif /* _VIRTIO_BASE_GROUP_CPUS_H */
