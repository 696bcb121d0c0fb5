// SPDX-License-Identifier: GPL-2.0
/*
 * launch: a UML kernel as a guest, with virtio devices on a device page.
 *
 * Here is how it begins and how it ends; everything between is the loop's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "control.h"
#include "device.h"
#include "disk.h"
#include "entropy.h"
#include "guest.h"
#include "handshake.h"
#include "loop.h"
#include "memory.h"
#include "net.h"
#include "options.h"
#include "page.h"
#include "signals.h"
#include "socket.h"

static char own_folder[128], own_socket[160];

/* Of Ctrl-A x and quit. */
static void quit(void)
{
	if (!guest_quit(0) && !socket_end_peer())
		loop_end(0);
}

/* A guest that launch has not started is not its own to end. */
static void stop(int signal)
{
	if (!guest_quit(EXIT_OF_SIGNAL + signal))
		loop_end(EXIT_OF_SIGNAL + signal);
}

/* What is opened later must not become stdin, stdout or stderr. */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

static void add(struct device *dev)
{
	if (devices_add(dev) < 0)
		die("%s: found no room for it", dev->label);
}

static void make_devices(const struct options *options)
{
	char why[512];
	size_t i;

	for (i = 0; i < options->disk_count; i++) {
		struct device *dev = disk_create(&options->disks[i], why, sizeof(why));

		if (!dev)
			die("--disk %s", why);
		add(dev);
	}
	for (i = 0; i < options->net_count; i++)
		add(net_create(options->nets[i]));
	if (options->entropy)
		add(entropy_create());
	for (i = 0; i < options->console_count; i++)
		add(console_create(options->consoles[i], quit));
}

/* Where nobody else can connect. */
static const char *make_socket_path(void)
{
	const char *top = getenv("XDG_RUNTIME_DIR");

	if (!top || access(top, W_OK) || strlen(top) > 64)
		top = "/tmp";
	snprintf(own_folder, sizeof(own_folder), "%s/launch-XXXXXX", top);
	if (!mkdtemp(own_folder))
		die("%s: %s", own_folder, strerror(errno));
	snprintf(own_socket, sizeof(own_socket), "%s/socket", own_folder);
	return own_socket;
}

static void remove_paths(const char *socket)
{
	unlink(socket);
	if (*own_folder)
		rmdir(own_folder);
	control_close();
}

int main(int argc, char **argv)
{
	static const struct signals signals = {
		.child = guest_look, .resized = console_resized, .stop = stop,
	};
	struct options options;
	const char *socket;
	int status;

	fill_standard_files();
	options_parse(&options, argc, argv);
	if (options.tell)
		return tell(options.tell, options.command);

	loop_init();
	signals_init(&signals);
	memory_init();
	if (options.split)
		handshake_without(VIRTIO_F_RING_PACKED);
	make_devices(&options);
	socket = options.socket ?: make_socket_path();
	socket_serve(socket, options.attach);
	if (options.control)
		control_open(options.control, quit);
	if (!options.attach)
		guest_start(&options, socket);

	status = loop_run();
	socket_disconnect();
	devices_close_all();
	remove_paths(socket);
	options_free(&options);
	return status;
}
