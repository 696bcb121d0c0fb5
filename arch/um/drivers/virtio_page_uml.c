// SPDX-License-Identifier: GPL-2.0
/*
 * Devices of a launcher, for a guest that is a process.
 *
 * The launcher listens on a Unix socket.  This connects to it, hands it the memory of the
 * guest, a page in there and a doorbell, and lets the transport in drivers/virtio/page/
 * find the devices on the page.  What goes over the socket is in
 * <uapi/linux/virtio_page_socket.h>; what is on the page is not known here.
 *
 * The launcher's doorbell is an eventfd.  The guest's is the socket: an eventfd raises no
 * SIGIO, which is what an interrupt is here, and would need a thread that polls it.
 */
#define pr_fmt(fmt) "virtio-page: " fmt

#include <linux/completion.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/virtio_page.h>
#include <uapi/linux/virtio_page.h>
#include <uapi/linux/virtio_page_socket.h>
#include <as-layout.h>
#include <init.h>
#include <irq_kern.h>
#include <mem.h>
#include <os.h>

/* Some five hundred devices. */
#define PAGE_BYTES	SZ_64K

/* So long a launcher may take to answer, and between two tries to reach one. */
#define ANSWER_LIMIT	(10 * HZ)
#define RETRY		HZ

static char *socket_path;
static unsigned int wait_for = 10;

/**
 * struct launcher - the other side
 * @life: guards the connection as a whole
 * @page: the page, in memory that both see
 * @pdev: what devices hang on
 * @socket: the connection; -1 while there is none
 * @bell: an eventfd: the launcher's doorbell
 * @irq: the interrupt of @socket
 * @gone: so many jiffies ago, if there is none
 * @given_up: devices have not waited for one any longer
 * @welcome: the answer
 * @welcomed: bytes of it that have come
 * @answered: it is complete, or the connection has ended
 * @ended: the connection has ended
 * @served: its page was opened, and has not been left since
 * @lost: work to be done then
 * @look: work to be done for a doorbell that was heard with interrupts off
 * @retry: the next try to reach a launcher
 */
struct launcher {
	struct mutex life;		/* see above */
	struct virtio_page page;
	struct platform_device *pdev;
	int socket, bell, irq;
	unsigned long gone;
	bool given_up;
	struct virtio_page_welcome welcome;
	unsigned int welcomed;
	struct completion answered;
	bool ended, served;
	struct work_struct lost, look;
	struct delayed_work retry;
};

static struct launcher launcher;

static void ring(struct virtio_page *page)
{
	const u64 one = 1;

	os_write_file(launcher.bell, &one, sizeof(one));
}

/*
 * The socket.
 */

/* First the answer to the hello, and then doorbells. */
static void take(const u8 *bytes, int len)
{
	int part = min_t(int, len, sizeof(launcher.welcome) - launcher.welcomed);

	if (part) {
		memcpy((u8 *)&launcher.welcome + launcher.welcomed, bytes, part);
		launcher.welcomed += part;
		if (launcher.welcomed == sizeof(launcher.welcome))
			complete(&launcher.answered);
	}
	if (part < len)
		virtio_page_look(&launcher.page);
}

/* The interrupt is that of an edge, one for what came last and the end: until there is no more. */
static void read_all(void (*take_them)(const u8 *bytes, int len))
{
	u8 bytes[64];
	int len;

	do {
		len = os_read_file(launcher.socket, bytes, sizeof(bytes));
		if (len > 0)
			take_them(bytes, len);
	} while (len > 0 || len == -EINTR);
	if (len == -EAGAIN || launcher.ended)
		return;
	WRITE_ONCE(launcher.ended, true);
	complete(&launcher.answered);
	virtio_page_gone(&launcher.page);
	queue_work(system_freezable_wq, &launcher.lost);
}

static irqreturn_t on_socket(int irq, void *unused)
{
	read_all(take);
	return IRQ_HANDLED;
}

static void look(struct work_struct *work)
{
	unsigned long flags;

	local_irq_save(flags);
	virtio_page_look(&launcher.page);
	local_irq_restore(flags);
}

/* No welcome: somebody waits for a device that is there. */
static void take_later(const u8 *bytes, int len)
{
	queue_work(system_freezable_wq, &launcher.look);
}

static bool is_gone(struct virtio_page *page)
{
	if (!READ_ONCE(launcher.ended))
		read_all(take_later);
	return READ_ONCE(launcher.ended);
}

static void hang_up(void)
{
	if (launcher.irq > 0)
		um_free_irq(launcher.irq, &launcher);
	launcher.irq = 0;
	if (launcher.socket >= 0)
		os_close_file(launcher.socket);
	launcher.socket = -1;
}

/* What the executable itself takes up is not in the file, and not for devices. */
static int say_hello(void)
{
	u64 start = uml_reserved - uml_physmem;
	unsigned long long offset;
	int fds[2] = { phys_mapping(start, &offset), launcher.bell };
	struct virtio_page_hello hello = {
		.magic = cpu_to_le32(VIRTIO_PAGE_HELLO),
		.version = cpu_to_le32(VIRTIO_PAGE_VERSION),
		.start = cpu_to_le64(start),
		.length = cpu_to_le64(high_physmem - uml_reserved),
		.offset = cpu_to_le64(offset),
		.page = cpu_to_le64(virt_to_phys(launcher.page.start)),
		.page_length = cpu_to_le64(launcher.page.size),
	};
	int sent = os_sendmsg_fds(launcher.socket, &hello, sizeof(hello), fds, ARRAY_SIZE(fds));

	if (sent == sizeof(hello))
		return 0;
	return sent < 0 ? sent : -EIO;
}

static int check_welcome(void)
{
	u32 magic = le32_to_cpu(launcher.welcome.magic);
	u32 error = le32_to_cpu(launcher.welcome.error);

	if (launcher.welcomed < sizeof(launcher.welcome))
		return -ECONNRESET;
	if (magic == VIRTIO_PAGE_WELCOME && !error)
		return 0;
	pr_err("%s answers %#x with error %u, expected %#x with none\n", socket_path, magic,
	       error, VIRTIO_PAGE_WELCOME);
	return -EPROTO;
}

static int listen_to_socket(void)
{
	int irq = um_request_irq(UM_IRQ_ALLOC, launcher.socket, IRQ_READ, on_socket, 0,
				 "virtio-page", &launcher);

	if (irq < 0)
		return irq;
	launcher.irq = irq;
	return 0;
}

static int greet(void)
{
	int err = listen_to_socket() ?: say_hello();

	if (err)
		return err;
	if (!wait_for_completion_timeout(&launcher.answered, ANSWER_LIMIT)) {
		pr_err("%s does not answer\n", socket_path);
		return -ETIMEDOUT;
	}
	err = check_welcome() ?: virtio_page_open(&launcher.page);
	launcher.served = !err;
	return err;
}

/* The last launcher is gone, and with it what it might have written. */
static int connect_once(void)
{
	int err;

	guard(mutex)(&launcher.life);
	launcher.socket = os_connect_socket(socket_path);
	if (launcher.socket < 0)
		return launcher.socket;
	os_set_exec_close(launcher.socket);
	memset(launcher.page.start, 0, launcher.page.size);
	launcher.welcomed = 0;
	launcher.ended = false;
	reinit_completion(&launcher.answered);
	err = greet();
	if (err)
		hang_up();
	return err;
}

/*
 * Launchers that go and come.
 */

static void give_up(void)
{
	if (launcher.given_up || time_before(jiffies, launcher.gone + wait_for * HZ))
		return;
	launcher.given_up = true;
	virtio_page_close(&launcher.page);
}

static void retry(struct work_struct *work)
{
	if (!connect_once()) {
		pr_info("%s is there\n", socket_path);
		return;
	}
	give_up();
	queue_delayed_work(system_freezable_wq, &launcher.retry, RETRY);
}

static void lost(struct work_struct *work)
{
	guard(mutex)(&launcher.life);
	/* It may have ended before it was welcomed, and there may be another one by now. */
	if (!launcher.ended || !launcher.served)
		return;
	launcher.served = false;
	pr_warn("%s is gone: devices wait %u s for another launcher\n", socket_path, wait_for);
	launcher.gone = jiffies;
	launcher.given_up = false;
	virtio_page_leave(&launcher.page);
	hang_up();
	queue_delayed_work(system_freezable_wq, &launcher.retry, RETRY);
}

/*
 * Life.
 */

static int make_page(void)
{
	launcher.page.start = alloc_pages_exact(PAGE_BYTES, GFP_KERNEL | __GFP_ZERO);
	launcher.page.size = PAGE_BYTES;
	launcher.page.parent = &launcher.pdev->dev;
	launcher.page.ring = ring;
	launcher.page.is_gone = is_gone;
	virtio_page_init(&launcher.page);
	return launcher.page.start ? 0 : -ENOMEM;
}

static int __init page_uml_init(void)
{
	int err;

	if (!socket_path)
		return 0;
	launcher.socket = -1;
	mutex_init(&launcher.life);
	init_completion(&launcher.answered);
	INIT_WORK(&launcher.lost, lost);
	INIT_WORK(&launcher.look, look);
	INIT_DELAYED_WORK(&launcher.retry, retry);
	launcher.bell = os_eventfd(0, 0);
	if (launcher.bell >= 0)
		os_set_exec_close(launcher.bell);
	launcher.pdev = platform_device_register_simple("virtio-page", PLATFORM_DEVID_NONE,
							NULL, 0);
	if (launcher.bell < 0 || IS_ERR(launcher.pdev) || make_page()) {
		pr_err("no eventfd, device or memory for %s\n", socket_path);
		return -ENOMEM;
	}
	err = connect_once();
	if (!err) {
		/* The root file system may be on one of them. */
		virtio_page_settle(&launcher.page);
		return 0;
	}
	pr_err("%s: %pe: trying again until there is a launcher\n", socket_path, ERR_PTR(err));
	launcher.gone = jiffies;
	queue_delayed_work(system_freezable_wq, &launcher.retry, RETRY);
	return 0;
}
late_initcall(page_uml_init);
__uml_help(page_uml_init,
	   "virtio_page.socket=<path>\n"
	   "    The socket of the launcher whose devices this guest has.\n"
	   "virtio_page.wait=<seconds>\n"
	   "    So long devices wait for another launcher when theirs has gone.\n\n"
);

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "virtio_page."
module_param_named(socket, socket_path, charp, 0444);
module_param_named(wait, wait_for, uint, 0644);
