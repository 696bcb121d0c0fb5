// SPDX-License-Identifier: GPL-2.0
/*
 * The guest of make boots-arch, where no busybox is to be had: put the devices to
 * work, say how it went.  It says so in the words of tools/boot/init, and what the
 * host asks for comes in the same ones.
 *
 * Data is the host's, random, from the first disk; each other way out gets it with
 * every bit inverted, so what a device or a driver mixes up can't be equal by chance.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define DISK	(8 << 20)
#define WORKERS	4
#define MAX	(1 << 20)

static unsigned char data[DISK], buf[MAX] __attribute__((aligned(4096)));
static char says[512];

static bool say(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(says, sizeof(says), format, args);
	va_end(args);
	return good;
}

/* The first line of a file, empty if there is none. */
static const char *line_of(const char *folder, const char *name)
{
	static char text[4096];
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	text[0] = 0;
	file = fopen(path, "r");
	if (file) {
		if (fgets(text, sizeof(text), file))
			text[strcspn(text, "\n")] = 0;
		fclose(file);
	}
	return text;
}

/* What follows NAME= on the kernel's command line. */
static char *asked(const char *name)
{
	char *words = strdup(line_of("/proc", "cmdline")), *word;

	while ((word = strsep(&words, " ")))
		if (!strncmp(word, name, strlen(name)) && word[strlen(name)] == '=')
			return word + strlen(name) + 1;
	return "";
}

/* The first path of that pattern, once there is one; with a generous limit. */
static const char *wait_for(const char *pattern)
{
	static glob_t found;

	for (int i = 0; i < 300; i++) {
		if (!glob(pattern, 0, NULL, &found))
			return found.gl_pathv[0];
		if (usleep(100000)) {
			say(false, "usleep: %m");
			return NULL;
		}
	}
	say(false, "%s did not appear", pattern);
	return NULL;
}

static void invert(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = ~bytes[i];
}

/* A part of one disk onto another, in requests of all sizes. */
static int copy_inverted(int from, int to, off_t at, off_t end)
{
	static const size_t sizes[] = { 512, 65536, 4096, 1024, MAX, 1536, 131072, 20480 };
	size_t size;

	for (int i = 0; at < end; at += size, i++) {
		size = sizes[i % (sizeof(sizes) / sizeof(*sizes))];
		if (size > end - at)
			size = end - at;
		if (pread(from, buf, size, at) != size)
			return 1;
		invert(buf, size);
		if (pwrite(to, buf, size, at) != size)
			return 1;
	}
	return fsync(to);
}

/* Whether all children came to a good end. */
static bool children(void)
{
	bool good = true;
	int status;

	while (wait(&status) > 0)
		good &= !status;
	return good;
}

/* The disk that goes by that serial number: which comes first is the kernel's business. */
static int open_disk(const char *serial, int flags)
{
	char folder[] = "/sys/block/vda", device[] = "/dev/vda";

	for (char c = 'a'; c <= 'b'; c++) {
		folder[strlen(folder) - 1] = c;
		device[strlen(device) - 1] = c;
		if (!strcmp(line_of(folder, "serial"), serial))
			return open(device, flags);
	}
	errno = ENODEV;
	return -1;
}

static bool check_disk(void)
{
	int from = open_disk("disk", O_RDONLY | O_DIRECT), to = open_disk("scratch", O_RDWR | O_DIRECT);
	size_t part = DISK / WORKERS;

	if (from < 0 || to < 0)
		return say(false, "disks: %m");
	for (int i = 0; i < WORKERS; i++)
		if (!fork())
			_exit(copy_inverted(from, to, i * part, (i + 1) * part));
	if (!children())
		return say(false, "a request failed or was cut short");
	/* For the checks that follow, through the page cache. */
	from = open_disk("disk", O_RDONLY);
	for (size_t got = 0; got < DISK; got += MAX)
		if (read(from, data + got, MAX) != MAX)
			return say(false, "read: %m");
	return say(true, "%d bytes read, inverted and written by %d processes", DISK, WORKERS);
}

static int send_all(int fd, size_t size)
{
	ssize_t done;

	for (size_t sent = 0; sent < size; sent += done) {
		done = write(fd, data + sent, size - sent);
		if (done <= 0)
			return 1;
	}
	return 0;
}

/* Send, and at the same time receive what the host makes of it. */
static bool exchange(int fd, size_t size)
{
	ssize_t done;

	if (!fork())
		_exit(send_all(fd, size));
	for (size_t got = 0; got < size; got += done) {
		done = read(fd, buf, size - got < MAX ? size - got : MAX);
		if (done <= 0)
			return say(false, "read: %m, after %zu bytes", got);
		invert(buf, done);
		if (memcmp(buf, data + got, done))
			return say(false, "other bytes came back behind byte %zu", got);
	}
	return children() ? say(true, "%zu bytes sent, their inverse received", size) : say(false, "write failed");
}

static bool check_network(void)
{
	struct sockaddr_in host = { .sin_family = AF_INET, .sin_port = htons(atoi(asked("rig.port"))) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_aton("10.0.2.2", &host.sin_addr);
	if (connect(fd, (struct sockaddr *)&host, sizeof(host)))
		return say(false, "connect: %m");
	return exchange(fd, DISK);
}

static bool check_console(void)
{
	const char *path = wait_for("/dev/vport*p1");
	int fd = path ? open(path, O_RDWR) : -1;

	if (fd < 0)
		return path ? say(false, "%s: %m", path) : false;
	return exchange(fd, DISK / 8);
}

static bool check_entropy(void)
{
	bool seen[256] = { };
	int fd = open("/dev/virtio-sample", O_RDONLY), distinct = 0;

	for (int i = 0; i < 64; i++) {
		if (read(fd, buf, 64) != 64)
			return say(false, "read: %m");
		for (int k = 0; k < 64; k++) {
			distinct += !seen[buf[k]];
			seen[buf[k]] = true;
		}
	}
	close(fd);
	return say(distinct >= 200, "%d distinct bytes in 4096 through the sample driver", distinct);
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == strlen(text);

	close(fd);
	return good;
}

#define SAMPLE	"/sys/bus/virtio/drivers/virtio_sample/"

static bool check_rebind(void)
{
	const char *path = wait_for(SAMPLE "virtio*");
	char name[32];

	if (!path)
		return false;
	snprintf(name, sizeof(name), "%s", path + strlen(SAMPLE));
	for (int i = 0; i < 5; i++)
		if (!write_to(SAMPLE "unbind", name) || !write_to(SAMPLE "bind", name))
			return say(false, "%s: %m", name);
	return check_entropy() && say(true, "sample driver unbound and bound, and served again");
}

static const struct {
	const char *name;
	bool (*run)(void);
} checks[] = {
	{ "disk", check_disk },
	{ "network", check_network },
	{ "console", check_console },
	{ "entropy", check_entropy },
	{ "rebind", check_rebind },
};

static void show_devices(void)
{
	glob_t found;

	if (glob("/sys/bus/virtio/devices/*", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *device = found.gl_pathv[i], link[512], driver[512] = "none";
		ssize_t size;

		snprintf(link, sizeof(link), "%s/driver", device);
		size = readlink(link, driver, sizeof(driver) - 1);
		if (size > 0)
			driver[size] = 0;
		/* One after the other: line_of() has but one line. */
		printf("@device %s %s", basename(device), line_of(device, "device"));
		printf(" %s %s", basename(driver), line_of(device, "status"));
		printf(" %s\n", line_of(device, "features"));
	}
}

static void run_checks(void)
{
	char *names = asked("rig.checks"), *name;

	while ((name = strsep(&names, ",")))
		for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
			if (!strcmp(name, checks[i].name))
				printf("@%s %s: %s\n", checks[i].run() ? "ok" : "failed", name, says);
}

/* Each read gives one record: numbers, a semicolon, the text, and lines that belong to it. */
static void show_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char record[8192], *text;
	ssize_t size;

	while ((size = read(fd, record, sizeof(record) - 1)) > 0 || (size < 0 && errno == EPIPE)) {
		if (size < 0)
			continue;
		record[size] = 0;
		text = strchr(record, ';');
		printf("@log %.*s\n", (int)strcspn(text + 1, "\n"), text + 1);
	}
}

/*
 * SIGALRM: the checks take longer than the host waits.  Print the stack of every
 * task, between two marks that the host looks for.
 */
static void give_up(int unused)
{
	write_to("/proc/sysrq-trigger", "8");
	write_to("/dev/kmsg", "@stuck machine");
	write_to("/proc/sysrq-trigger", "t");
	write_to("/dev/kmsg", "@told");
}

int main(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	setlinebuf(stdout);
	show_devices();
	signal(SIGALRM, give_up);
	alarm(atoi(asked("rig.limit")));
	run_checks();
	alarm(0);
	show_log();
	printf("@done\n");
	/* Until the last of it has left the machine. */
	tcdrain(1);
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
