// SPDX-License-Identifier: GPL-2.0
/*
 * The administration queue of a virtio device on PCI (virtio 1.3, 2.12 and 2.13).
 *
 * Commands about the members of a group, here the virtual functions of a device.
 * queues.c makes and frees the queue, modern.c says when the device is live, and
 * admin_legacy_io.c has commands.  A command waits for its answer, but not for
 * ever.
 */
#define VIRTIO_PCI_NO_LEGACY
#include <linux/delay.h>
#include <linux/slab.h>

#include "pci.h"

/* How long a device may take for a command, and for room in the queue. */
#define COMMAND_LIMIT	(60 * HZ)

/* A header and data for the device; a status and a result from it. */
#define MOST_PARTS	4

#ifdef CONFIG_VIRTIO_PCI_ADMIN_LEGACY
#define KNOWN_COMMANDS	GENMASK_ULL(VIRTIO_ADMIN_CMD_LEGACY_NOTIFY_INFO, \
				    VIRTIO_ADMIN_CMD_LEGACY_COMMON_CFG_WRITE)
#else
#define KNOWN_COMMANDS	0ULL
#endif

/* What both sides know before they have agreed on anything. */
#define ALWAYS_KNOWN	(BIT_ULL(VIRTIO_ADMIN_CMD_LIST_QUERY) | BIT_ULL(VIRTIO_ADMIN_CMD_LIST_USE))

/**
 * vp_admin_index - which queue is for administration?
 * @vp: the device, its features agreed
 * @index: number of the queue
 *
 * Context: any.
 * Return: 0; -ENOENT if there is none; -EINVAL for a device that promised one
 * and has none, or has it among the others (virtio 1.3, 4.1.4.3.1).
 */
int vp_admin_index(struct vp_device *vp, unsigned int *index)
{
	u16 first, num;

	if (!__virtio_test_bit(&vp->vdev, VIRTIO_F_ADMIN_VQ))
		return -ENOENT;
	num = vp_modern_avq_num(&vp->mdev);
	first = vp_modern_avq_index(&vp->mdev);
	if (!num || first < vp_modern_get_num_queues(&vp->mdev)) {
		pci_err(vp->pdev, "%u administration queues from %u on, expected one beyond %u\n",
			num, first, vp_modern_get_num_queues(&vp->mdev));
		return -EINVAL;
	}
	*index = first;
	return 0;
}

/* What the device has written behind the status. */
static u32 result_of(unsigned int len)
{
	const unsigned int status = sizeof(struct virtio_admin_cmd_status);

	return len > status ? len - status : 0;
}

/* Takes what the device has answered; called in interrupts. */
static void on_answer(struct virtqueue *vq)
{
	struct vp_admin *admin = &to_vp(vq->vdev)->admin;
	struct virtio_admin_cmd *cmd;
	unsigned long flags;
	unsigned int len;

	spin_lock_irqsave(&admin->lock, flags);
	virtqueue_disable_cb(vq);
	/* What is answered while callbacks are off is seen by turning them on. */
	do {
		while ((cmd = virtqueue_get_buf(vq, &len))) {
			cmd->result_sg_size = result_of(len);
			complete(&cmd->completion);
		}
	} while (!virtqueue_enable_cb(vq));
	spin_unlock_irqrestore(&admin->lock, flags);
}

/**
 * vp_admin_info - what the administration queue is to be
 * @vp: the device
 * @index: number of the queue
 * @info: filled in
 *
 * Context: any.
 */
void vp_admin_info(struct vp_device *vp, unsigned int index, struct virtqueue_info *info)
{
	snprintf(vp->admin.name, sizeof(vp->admin.name), "avq.%u", index);
	*info = (struct virtqueue_info) { .name = vp->admin.name, .callback = on_answer };
}

/* With the lock held. */
static void fail_commands(struct vp_admin *admin)
{
	struct virtio_admin_cmd *cmd;

	admin->commands = 0;
	if (!admin->queue)
		return;
	__virtqueue_break(admin->queue->vq);
	while ((cmd = virtqueue_detach_unused_buf(admin->queue->vq))) {
		cmd->ret = -EIO;
		complete(&cmd->completion);
	}
}

/**
 * vp_admin_abort - fail all commands that are waiting
 * @vp: the device, which can write to no memory any more
 *
 * Context: any but interrupts.
 */
void vp_admin_abort(struct vp_device *vp)
{
	unsigned long flags;

	spin_lock_irqsave(&vp->admin.lock, flags);
	fail_commands(&vp->admin);
	spin_unlock_irqrestore(&vp->admin.lock, flags);
}

/**
 * vp_admin_take_queue - take the administration queue away, which is to be freed
 * @vp: the device, reset, with no interrupt handler left
 *
 * Commands that are waiting fail, and so do those that come later: none of them can be
 * using the queue on return.
 * Context: any but interrupts.
 * Return: the queue, or %NULL if there is none.
 */
struct vp_queue *vp_admin_take_queue(struct vp_device *vp)
{
	struct vp_queue *q;
	unsigned long flags;

	spin_lock_irqsave(&vp->admin.lock, flags);
	fail_commands(&vp->admin);
	q = vp->admin.queue;
	WRITE_ONCE(vp->admin.queue, NULL);
	spin_unlock_irqrestore(&vp->admin.lock, flags);
	return q;
}

/* One try to hand a command to the device; -ENOSPC when the queue is full. */
static int submit(struct vp_admin *admin, struct virtio_admin_cmd *cmd,
		  struct scatterlist **sgs, unsigned int out, unsigned int in)
{
	unsigned long flags;
	int err = -EIO;

	spin_lock_irqsave(&admin->lock, flags);
	if (admin->queue) {
		struct virtqueue *vq = admin->queue->vq;

		err = virtqueue_add_sgs(vq, sgs, out, in, cmd, GFP_ATOMIC);
		if (!err)
			virtqueue_kick(vq);
	}
	spin_unlock_irqrestore(&admin->lock, flags);
	return err;
}

/*
 * A device that does not answer holds the memory of the command: it is cut off
 * from all memory before that may be freed.
 */
static int run(struct vp_device *vp, struct virtio_admin_cmd *cmd, struct scatterlist **sgs,
	       unsigned int out, unsigned int in)
{
	unsigned long limit = jiffies + COMMAND_LIMIT;
	int err;

	init_completion(&cmd->completion);
	cmd->ret = 0;
	cmd->result_sg_size = 0;
	while ((err = submit(&vp->admin, cmd, sgs, out, in)) == -ENOSPC &&
	       time_before(jiffies, limit))
		usleep_range(1000, 2000);
	if (err)
		return err;
	if (!wait_for_completion_timeout(&cmd->completion, COMMAND_LIMIT)) {
		pci_err(vp->pdev, "no answer to administration command %#x within %u s: cut off\n",
			le16_to_cpu(cmd->opcode), COMMAND_LIMIT / HZ);
		pci_clear_master(vp->pdev);
		vring_break(&vp->vdev);
		vp_admin_abort(vp);
		/* Completed by now: by the abort, or by an answer just before it. */
		wait_for_completion(&cmd->completion);
	}
	return cmd->ret;
}

/* What the device reads and writes besides the caller's own. */
struct envelope {
	struct virtio_admin_cmd_hdr hdr;
	struct virtio_admin_cmd_status status;
};

static int execute(struct vp_device *vp, struct virtio_admin_cmd *cmd, struct envelope *env)
{
	struct scatterlist hdr, status, *sgs[MOST_PARTS];
	unsigned int out = 0, in = 0;
	u16 answer;
	int err;

	env->hdr.opcode = cmd->opcode;
	env->hdr.group_type = cmd->group_type;
	env->hdr.group_member_id = cmd->group_member_id;
	/* A command that comes back without an answer must not look like a success. */
	env->status.status = cpu_to_le16(EIO);
	sg_init_one(&hdr, &env->hdr, sizeof(env->hdr));
	sgs[out++] = &hdr;
	if (cmd->data_sg)
		sgs[out++] = cmd->data_sg;
	sg_init_one(&status, &env->status, sizeof(env->status));
	sgs[out + in++] = &status;
	if (cmd->result_sg)
		sgs[out + in++] = cmd->result_sg;

	err = run(vp, cmd, sgs, out, in);
	if (err)
		return err;
	answer = le16_to_cpu(env->status.status);
	if (answer == VIRTIO_ADMIN_STATUS_OK)
		return 0;
	pci_err(vp->pdev, "administration command %#x: status %#x, qualifier %#x\n",
		le16_to_cpu(cmd->opcode), answer, le16_to_cpu(env->status.status_qualifier));
	/* A status is the number of an error (2.12.1); beyond those it is none. */
	return answer <= MAX_ERRNO ? -answer : -EIO;
}

/**
 * vp_admin_execute - have the device do a command, and wait for it
 * @vp: the device
 * @cmd: the command; what its lists point to is mapped for DMA meanwhile
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP for a command that the device does not know; -EIO when
 * the device does not answer; or the error that it answered.
 */
int vp_admin_execute(struct vp_device *vp, struct virtio_admin_cmd *cmd)
{
	u16 opcode = le16_to_cpu(cmd->opcode);
	struct envelope *env;
	int err;

	if (opcode >= 64 || !((ALWAYS_KNOWN | vp->admin.commands) & BIT_ULL(opcode)))
		return -EOPNOTSUPP;
	env = kzalloc(sizeof(*env), GFP_KERNEL);
	if (!env)
		return -ENOMEM;
	err = execute(vp, cmd, env);
	kfree(env);
	return err;
}

/* Virtio 1.3, 2.12.1.3: ask for the list, choose from it, say what was chosen. */
static u64 agree_on_commands(struct vp_device *vp, __le64 *list)
{
	struct scatterlist sg;
	struct virtio_admin_cmd query = {
		.opcode = cpu_to_le16(VIRTIO_ADMIN_CMD_LIST_QUERY),
		.group_type = cpu_to_le16(VIRTIO_ADMIN_GROUP_TYPE_SRIOV),
		.result_sg = &sg,
	};
	struct virtio_admin_cmd use = {
		.opcode = cpu_to_le16(VIRTIO_ADMIN_CMD_LIST_USE),
		.group_type = cpu_to_le16(VIRTIO_ADMIN_GROUP_TYPE_SRIOV),
		.data_sg = &sg,
	};
	u64 common;

	sg_init_one(&sg, list, sizeof(*list));
	if (vp_admin_execute(vp, &query))
		return 0;
	common = le64_to_cpu(*list) & KNOWN_COMMANDS;
	*list = cpu_to_le64(common);
	return vp_admin_execute(vp, &use) ? 0 : common;
}

/**
 * vp_admin_activate - the device is live: agree on commands
 * @vp: the device, DRIVER_OK set
 *
 * Does nothing for a device without such a queue, or when it was done before.
 * Context: may sleep.
 */
void vp_admin_activate(struct vp_device *vp)
{
	__le64 *list;

	if (!vp->admin.queue || vp->admin.commands)
		return;
	/* Kicks are held back until the core sends them; these can't wait. */
	vring_send_held_kicks(&vp->vdev);
	list = kzalloc(sizeof(*list), GFP_KERNEL);
	if (!list)
		return;
	vp->admin.commands = agree_on_commands(vp, list);
	kfree(list);
}
