/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What launch is asked for.
 */
#ifndef _LAUNCH_OPTIONS_H
#define _LAUNCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum aio_choice { AIO_BEST, AIO_URING, AIO_THREADS };

/**
 * struct disk_options - a disk: FILE[,ro][,serial=x][,aio=threads|io_uring]
 * @file: its file
 * @serial: up to 20 characters; the file's name if there are none
 * @read_only: the guest may not write
 * @aio: how its file is read and written
 * @patience: seconds to wait for who has the file
 */
struct disk_options {
	char *file;
	char serial[21];
	bool read_only;
	enum aio_choice aio;
	unsigned int patience;
};

/**
 * struct options - all of it
 * @kernel: the UML kernel; %NULL with @attach
 * @initrd: or %NULL
 * @append: what else the kernel is told, or %NULL
 * @memory: of the guest, in bytes
 * @disks: the disks
 * @disk_count: how many
 * @nets: a network card each, as net.c understands it
 * @net_count: how many
 * @socket: where the guest connects; %NULL for a place of launch's own
 * @control: where commands are taken, or %NULL
 * @consoles: PATH, "none" or "stdio" each
 * @console_count: how many
 * @split: devices offer no packed rings
 * @log: where what the kernel itself writes goes, or %NULL
 * @attach: a guest is there or comes by itself
 * @entropy: with an entropy device
 * @tell: the socket of another launcher's control
 * @command: what it is told
 */
struct options {
	char *kernel, *initrd, *append;
	uint64_t memory;
	struct disk_options *disks;
	size_t disk_count;
	char **nets;
	size_t net_count;
	char **consoles;
	size_t console_count;
	char *socket, *control, *log;
	bool attach, entropy, split;
	char *tell, *command;
};

/* No return if they are wrong, or only help was asked for. */
void options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);
/* 0, or -EINVAL and a message in @why. */
int options_parse_disk(struct disk_options *disk, const char *text, char *why, size_t size);

#endif /* _LAUNCH_OPTIONS_H */
