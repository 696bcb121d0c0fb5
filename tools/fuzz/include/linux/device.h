/* SPDX-License-Identifier: GPL-2.0 */
/* The tree's stand-in; what is said of a device is counted (memory.h). */
#ifndef _FUZZ_LINUX_DEVICE_H
#define _FUZZ_LINUX_DEVICE_H

#include_next <linux/device.h>

#undef dev_err_ratelimited
#undef dev_warn_ratelimited
#define dev_err_ratelimited(dev, ...)	((void)(dev), memory_said_error(__VA_ARGS__))
#define dev_warn_ratelimited(dev, ...)	((void)(dev), memory_said_warning(__VA_ARGS__))

#endif /* _FUZZ_LINUX_DEVICE_H */
