// SPDX-License-Identifier: GPL-2.0
/*
 * breaker DEVICE TIMES STAT [HOW]: have a modern virtio-pci device run into an error, and wait
 * until the kernel has brought it back, so many times.
 * breaker DEVICE poll FILE: have it run into an error, and at once use FILE, whose driver polls
 * for the answer.
 * breaker DEVICE fault: have it read its first queue where an IOMMU maps nothing.
 *
 * DEVICE is its folder under /sys/bus/pci/devices.  The error is one of a driver that lost
 * its mind: something is written to a register, behind the kernel's back, that is not
 * allowed there.  QEMU answers with DEVICE_NEEDS_RESET.  That the device is back is what
 * the uevent of the recovery says: done, or what HOW is instead.
 *
 * STAT is a file in sysfs that begins with the number of what the device has served: "stat"
 * of a disk, with reads, and writes as the fifth, or a counter of a card.  A device that
 * fails time and again with nothing done in between is given up: it is left alone until it
 * has served something.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define UNMAPPED	0x1badb0000ULL
#define LIMIT_MS	60000	/* for a recovery, or what is served; a machine that is busy may take seconds */

static volatile struct virtio_pci_common_cfg *common;

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_at(const char *dir, const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags);
	if (fd < 0)
		fail(path);
	return fd;
}

static void *map_bar(const char *dir, const struct virtio_pci_cap *cap)
{
	size_t start = cap->offset & ~(PAGE - 1), end = cap->offset + cap->length;
	char name[16];
	uint8_t *p;
	int fd;

	snprintf(name, sizeof(name), "resource%u", cap->bar);
	fd = open_at(dir, name, O_RDWR | O_SYNC);
	p = mmap(NULL, end - start, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
	close(fd);
	if (p == MAP_FAILED)
		fail(name);
	return p + (cap->offset - start);
}

static void find_registers(const char *dir)
{
	uint8_t config[256];
	int fd = open_at(dir, "config", O_RDONLY), pos;

	if (read(fd, config, sizeof(config)) != sizeof(config))
		fail("config");
	close(fd);
	for (pos = config[0x34]; pos; pos = config[pos + 1]) {
		const struct virtio_pci_cap *cap = (const void *)(config + pos);

		if (cap->cap_vndr != 0x09)
			continue;
		if (cap->cfg_type == VIRTIO_PCI_CAP_COMMON_CFG)
			common = map_bar(dir, cap);
	}
	if (!common) {
		printf("%s: no registers of a modern device\n", dir);
		exit(1);
	}
}

static int listen_to_kernel(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		fail("uevents");
	return fd;
}

/* How a recovery ended; nothing if there was none. */
static const char *wait_for_recovery(int fd)
{
	static char event[4096];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t len;
	char *p;

	while (poll(&poll_fd, 1, LIMIT_MS) == 1) {
		len = recv(fd, event, sizeof(event) - 1, 0);
		if (len < 0)
			fail("uevents");
		event[len] = 0;
		for (p = event; p < event + len; p += strlen(p) + 1)
			if (!strncmp(p, "RECOVERY=", 9) && strcmp(p + 9, "started"))
				return p + 9;
	}
	return NULL;
}

static unsigned long served(const char *stat)
{
	unsigned long first, fifth = 0;
	FILE *file = fopen(stat, "r");

	if (!file || fscanf(file, "%lu %*u %*u %*u %lu", &first, &fifth) < 1)
		fail(stat);
	fclose(file);
	return first + fifth;
}

static int wait_for_service(const char *stat)
{
	unsigned long before = served(stat);
	int left;

	for (left = LIMIT_MS; left; left--) {
		if (served(stat) != before)
			return 1;
		usleep(1000);
	}
	return 0;
}

/* There is 1, and nothing else to be written there. */
static void spoil_device(void)
{
	common->queue_select = 0;
	common->queue_enable = 2;
}

/* A queue that is enabled once more is looked for at its new place at once. */
static int move_queue(void)
{
	common->queue_select = 0;
	common->queue_desc_lo = (uint32_t)UNMAPPED;
	common->queue_desc_hi = UNMAPPED >> 32;
	common->queue_enable = 1;
	return 0;
}

/*
 * To open a port is a message to the device, and what a console writes is waited for: in both
 * cases by a CPU that does nothing else meanwhile.  What becomes of the bytes does not matter.
 */
static int poll_after_error(const char *name)
{
	struct timespec begin, end;
	int i, fd;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	spoil_device();
	for (i = 0; i < 10; i++) {
		fd = open(name, O_RDWR | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			continue;
		if (write(fd, "x", 1) < 0)
			usleep(1000);
		close(fd);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%ld ms\n", (end.tv_sec - begin.tv_sec) * 1000 +
	       (end.tv_nsec - begin.tv_nsec) / 1000000);
	return 0;
}

int main(int argc, char **argv)
{
	int times = argc == 4 || argc == 5 ? atoi(argv[2]) : 0, uevents, i;
	const char *expected = argc == 5 ? argv[4] : "done";
	const char *how;

	if (argc == 4 && !strcmp(argv[2], "poll")) {
		find_registers(argv[1]);
		return poll_after_error(argv[3]);
	}
	if (argc == 3 && !strcmp(argv[2], "fault")) {
		find_registers(argv[1]);
		return move_queue();
	}
	if (!times) {
		printf("breaker: expected DEVICE TIMES STAT [HOW], DEVICE poll FILE or DEVICE fault\n");
		return 2;
	}
	find_registers(argv[1]);
	uevents = listen_to_kernel();
	for (i = 0; i < times; i++) {
		if (!wait_for_service(argv[3])) {
			printf("nothing is served after recovery %d\n", i);
			return 1;
		}
		spoil_device();
		how = wait_for_recovery(uevents);
		if (!how || strcmp(how, expected)) {
			printf("recovery %d ended with %s, expected %s\n", i + 1,
			       how ? how : "nothing", expected);
			return 1;
		}
	}
	printf("%d errors, and %d times brought back\n", times, times);
	return 0;
}
