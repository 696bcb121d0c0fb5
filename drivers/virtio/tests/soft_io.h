/* SPDX-License-Identifier: GPL-2.0 */
/*
 * I/O memory for tests: whoever maps it and reads or writes talks to a function.
 *
 * Windows at fixed addresses, on top of the emulation that UML has for its own
 * PCI.  An access that leaves what was mapped, or is not aligned to its width,
 * never reaches the function: it is counted, and answered like an address where
 * nothing is.  Knows nothing of what lies behind a window.
 */
#ifndef _VIRTIO_SOFT_IO_H
#define _VIRTIO_SOFT_IO_H

#include <linux/ioport.h>
#include <linux/types.h>

/* Who has windows. */
enum soft_io_window {
	SOFT_IO_PCI,
	SOFT_IO_MMIO,
	SOFT_IO_WINDOWS,
};

/**
 * struct soft_io - what answers in a window
 * @read: the value at @offset of the window, of @width bytes
 * @write: likewise
 * @maps: how many mappings there are at the moment
 * @strays: accesses outside of what was mapped, or misaligned; a user adds its own
 */
struct soft_io {
	u32 (*read)(struct soft_io *io, u32 offset, unsigned int width);
	void (*write)(struct soft_io *io, u32 offset, unsigned int width, u32 value);
	unsigned int maps, strays;
};

int soft_io_attach(enum soft_io_window window, struct soft_io *io);
void soft_io_detach(enum soft_io_window window);
struct resource *soft_io_resource(enum soft_io_window window);
int soft_io_alloc_line(void);

#endif /* _VIRTIO_SOFT_IO_H */
