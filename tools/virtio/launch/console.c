// SPDX-License-Identifier: GPL-2.0
/*
 * A console (virtio 1.3, 5.3) with one port: what comes in goes to the guest, what the
 * guest writes goes out.
 *
 * Neither side is waited for: input is not read while the guest has no buffer for it, and
 * output that nobody takes stays in the guest's.  Where it leads, line.c knows.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "device.h"
#include "line.h"
#include "loop.h"
#include "terminal.h"

enum { INPUT, OUTPUT };
enum { FIELD_COLS = VIRTIO_CONFIG_F_DEVICE, FIELD_ROWS };

#define SIZE	64

/**
 * struct console - a console
 * @dev: the device
 * @line: where it leads
 * @in: a buffer of the guest's for input
 * @out: one with output that is not all written
 * @have_in: there is one
 * @have_out: likewise
 * @written: so much of it is
 * @again: there was more than one turn's share
 */
struct console {
	struct device dev;
	struct line *line;
	struct chain in, out;
	bool have_in, have_out;
	uint64_t written;
	struct work again;
};

/* The one whose terminal may get another size. */
static struct console *on_terminal;

static struct console *to_console(struct device *dev)
{
	return container_of(dev, struct console, dev);
}

static bool more_output(struct console *console)
{
	if (console->have_out)
		return true;
	console->have_out = queue_pop(&console->dev.queue[OUTPUT], &console->out);
	console->written = 0;
	return console->have_out;
}

/* Until the guest has no more, or the line takes none: then false. */
static bool send_share(struct console *console)
{
	struct queue *q = &console->dev.queue[OUTPUT];
	struct chain *out = &console->out;
	unsigned int i;

	for (i = 0; i < SIZE && more_output(console); i++) {
		uint64_t bytes = iov_bytes(chain_out(out), out->out);

		console->written += line_write(console->line, chain_out(out), out->out,
					       console->written);
		if (console->written < bytes)
			return false;
		queue_push(q, out, 0);
		console->have_out = false;
	}
	return true;
}

/* One turn's share at most: a guest that writes on and on is not to keep others waiting. */
static void send_output(void *user)
{
	struct console *console = user;
	struct queue *q = &console->dev.queue[OUTPUT];
	bool taken;

	if (!q->format)
		return;
	queue_wake(q);
	taken = send_share(console);
	queue_publish(q);
	line_wants_output(console->line, !taken);
	if (taken && !queue_sleep(q))
		loop_defer(&console->again);
}

static void send_again(struct work *work)
{
	send_output(container_of(work, struct console, again));
}

static bool have_input_buffer(struct console *console)
{
	struct queue *q = &console->dev.queue[INPUT];

	queue_wake(q);
	while (q->format && !console->have_in) {
		console->have_in = queue_pop(q, &console->in);
		if (!console->have_in && queue_sleep(q))
			break;
	}
	return console->have_in;
}

/* As much as fits into one buffer; returns how much that was. */
static size_t take_input(void *user, const char *bytes, size_t count)
{
	struct console *console = user;
	struct queue *q = &console->dev.queue[INPUT];
	struct chain *in = &console->in;
	size_t n;

	if (!have_input_buffer(console))
		return 0;
	n = iov_write(chain_in(in), in->in, 0, bytes, count);
	queue_push(q, in, n);
	queue_publish(q);
	console->have_in = false;
	return n;
}

static const struct line_user calls = {
	.input = take_input,
	.output = send_output,
};

static void console_kick(struct device *dev, struct queue *q)
{
	struct console *console = to_console(dev);

	if (q->index == OUTPUT)
		send_output(console);
	else
		line_wants_input(console->line, have_input_buffer(console));
}

static void console_stop(struct device *dev, struct queue *q)
{
	struct console *console = to_console(dev);

	if (q->index == OUTPUT) {
		loop_forget(&console->again);
		console->have_out = false;
		line_wants_output(console->line, false);
	} else {
		console->have_in = false;
		line_wants_input(console->line, false);
	}
}

static void console_close(struct device *dev)
{
	struct console *console = to_console(dev);

	if (console == on_terminal)
		on_terminal = NULL;
	line_close(console->line);
	free(console);
}

static const struct device_type console_type = {
	.name = "console",
	.id = VIRTIO_ID_CONSOLE,
	.kick = console_kick,
	.stop = console_stop,
	.close = console_close,
};

void console_resized(void)
{
	uint16_t columns, rows;

	if (!on_terminal)
		return;
	terminal_size(&columns, &rows);
	device_set_field(&on_terminal->dev, FIELD_COLS, columns);
	device_set_field(&on_terminal->dev, FIELD_ROWS, rows);
}

/* Without a terminal there is no size. */
static void add_size(struct console *console)
{
	struct device *dev = &console->dev;
	uint16_t columns, rows;

	terminal_size(&columns, &rows);
	if (!columns || !rows)
		return;
	on_terminal = console;
	dev->features = 1 << VIRTIO_CONSOLE_F_SIZE;
	device_add_field(dev, FIELD_COLS, 2, columns);
	device_add_field(dev, FIELD_ROWS, 2, rows);
}

struct device *console_create(const char *where, void (*quit)(void))
{
	struct console *console = need(sizeof(*console));
	struct device *dev = &console->dev;

	dev->type = &console_type;
	console->again.run = send_again;
	device_set_label(dev, "console");
	device_add_queue(dev, SIZE);
	device_add_queue(dev, SIZE);
	console->line = line_open(where, &calls, quit, console);
	if (line_is_stdio(console->line))
		add_size(console);
	return dev;
}
