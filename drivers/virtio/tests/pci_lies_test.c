// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the PCI transport with a card that lies in its configuration space:
 * about where its structures are, and how many (virtio 1.3, 4.1.4).
 */
#include <linux/sizes.h>
#include <linux/unaligned.h>

#include "pci_fixture.h"

#define FIELD(member)	offsetof(struct virtio_pci_cap, member), \
			sizeof_field(struct virtio_pci_cap, member)
#define MULTIPLIER	sizeof(struct virtio_pci_cap), sizeof(__le32)

/**
 * struct card_lie - a field of a capability that is not what it should be
 * @name: for the log
 * @type: the capability
 * @at: where in it
 * @width: of the field
 * @value: what is there
 * @err: what comes of it; 0 if it works all the same
 * @words: of the message
 */
struct card_lie {
	const char *name;
	u8 type, at, width;
	u32 value;
	int err;
	const char *words;
};

#define COMMON	VIRTIO_PCI_CAP_COMMON_CFG
#define NOTIFY	VIRTIO_PCI_CAP_NOTIFY_CFG
#define ISR	VIRTIO_PCI_CAP_ISR_CFG
#define DEVICE	VIRTIO_PCI_CAP_DEVICE_CFG

static const struct card_lie lies[] = {
	{ "common of no length", COMMON, FIELD(length), 0, -EINVAL, "at least 56 within" },
	{ "common one byte short", COMMON, FIELD(length), 55, -EINVAL, "at least 56 within" },
	{ "common without newer registers", COMMON, FIELD(length), 56, 0 },
	{ "ISR of no length", ISR, FIELD(length), 0, -EINVAL, "at least 1 within" },
	{ "notify one byte short", NOTIFY, FIELD(length), 1, -EINVAL, "at least 2 within" },
	{ "device of no length", DEVICE, FIELD(length), 0, 0 },
	{ "common begins behind the BAR", COMMON, FIELD(offset), VIRTIO_CARD_BAR_SIZE, -EINVAL,
	  "within the 32768 of BAR 4" },
	{ "common has too little within the BAR", COMMON, FIELD(offset),
	  VIRTIO_CARD_BAR_SIZE - 52, -EINVAL, "within the 32768 of BAR 4" },
	{ "common of all ones", COMMON, FIELD(length), U32_MAX, 0 },
	{ "ISR of all ones", ISR, FIELD(length), U32_MAX, 0 },
	{ "common wraps", COMMON, FIELD(offset), 0xffffffe0, -EINVAL, "within the 32768 of BAR 4" },
	{ "notify wraps", NOTIFY, FIELD(length), 0xffffc002, 0 },
	{ "notify of all ones", NOTIFY, FIELD(length), U32_MAX, 0 },
	{ "notify begins behind the BAR", NOTIFY, FIELD(offset), VIRTIO_CARD_BAR_SIZE, -EINVAL,
	  "within the 32768 of BAR 4" },
	{ "device of all ones", DEVICE, FIELD(length), U32_MAX, 0 },
	{ "device ends behind the BAR", DEVICE, FIELD(length), 0x6001, 0 },
	{ "device begins behind the BAR", DEVICE, FIELD(offset), VIRTIO_CARD_BAR_SIZE, -EINVAL,
	  "within the 32768 of BAR 4" },
	{ "common misaligned", COMMON, FIELD(offset), 2, -EINVAL, "multiple of 4" },
	{ "notify misaligned", NOTIFY, FIELD(offset), VIRTIO_CARD_NOTIFY + 1, -EINVAL,
	  "multiple of 2" },
	{ "device misaligned", DEVICE, FIELD(offset), VIRTIO_CARD_DEVICE + 2, -EINVAL,
	  "multiple of 4" },
	{ "common in BAR 6", COMMON, FIELD(bar), 6, -ENODEV, "no modern registers" },
	{ "common in BAR 7", COMMON, FIELD(bar), 7, -ENODEV, "no modern registers" },
	{ "common in BAR 255", COMMON, FIELD(bar), 255, -ENODEV, "no modern registers" },
	{ "common in a BAR that is not there", COMMON, FIELD(bar), 2, -ENODEV,
	  "no modern registers" },
	{ "ISR in BAR 6", ISR, FIELD(bar), 6, -EINVAL, "no interrupt status" },
	{ "notify in BAR 6", NOTIFY, FIELD(bar), 6, -EINVAL, "no place for notifications" },
	{ "device in BAR 6", DEVICE, FIELD(bar), 6, 0 },
	{ "common of no capability", COMMON, FIELD(cap_len), 0, -ENODEV, "no modern registers" },
	{ "common cut off", COMMON, FIELD(cap_len), 15, -ENODEV, "no modern registers" },
	{ "common of a long capability", COMMON, FIELD(cap_len), 20, 0 },
	{ "notify without multiplier", NOTIFY, FIELD(cap_len), 19, -EINVAL,
	  "no place for notifications" },
	{ "notify beyond configuration space", NOTIFY, FIELD(cap_len), 255, -EINVAL,
	  "no place for notifications" },
	{ "common of another type", COMMON, FIELD(cfg_type), 0x77, -ENODEV, "no modern registers" },
	{ "common twice, notify never", NOTIFY, FIELD(cfg_type), COMMON, -EINVAL,
	  "no place for notifications" },
};

static void describe_lie(const struct card_lie *lie, char *desc)
{
	strscpy(desc, lie->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lie, lies, describe_lie);

static u8 where(const struct virtio_card *card, u8 type)
{
	return type == COMMON ? card->common : type == ISR ? card->isr :
	       type == DEVICE ? card->device : card->notify;
}

static void test_capability(struct kunit *test)
{
	const struct card_lie *lie = test->param_value;
	struct virtio_card *card = CARD(test);

	/* Which needs registers beyond those of virtio 1.0. */
	card->dev.offered &= ~BIT_ULL(VIRTIO_F_RING_RESET);
	pci_card_set(&card->pci, where(card, lie->type) + lie->at, lie->width, lie->value);
	if (lie->err)
		soft_expect_refused(test, lie->err, lie->words);
	else
		soft_expect_works(test);
}

/* The first capability of a type counts (virtio 1.3, 4.1.4.1), whatever follows. */
static void test_twice(struct kunit *test)
{
	virtio_card_structure(CARD(test), COMMON, VIRTIO_CARD_BAR_SIZE, 64);
	soft_expect_works(test);
}

/* Notifications of some queue leave their structure: that queue is refused. */
static const struct card_lie notify_lies[] = {
	{ "multiplied out of it", NOTIFY, MULTIPLIER, 0x1000, -EINVAL, "notifications at 4096" },
	{ "multiplied out of 32 bits", NOTIFY, MULTIPLIER, 0x80000000, -EINVAL,
	  "notifications at 2147483648" },
	{ "multiplied by all ones", NOTIFY, MULTIPLIER, U32_MAX, -EINVAL,
	  "notifications at 4294967295" },
	{ "multiplied to odd places", NOTIFY, MULTIPLIER, 1, -EINVAL, "notifications at 1" },
	{ "multiplied by nothing", NOTIFY, MULTIPLIER, 0, 0 },
	{ "ends before the last queue", NOTIFY, FIELD(length), 13, -EINVAL, "notifications at 12" },
};

KUNIT_ARRAY_PARAM(notify_lie, notify_lies, describe_lie);

static void test_notify(struct kunit *test)
{
	const struct card_lie *lie = test->param_value;
	struct virtio_card *card = CARD(test);

	pci_card_set(&card->pci, card->notify + lie->at, lie->width, lie->value);
	if (lie->err)
		soft_expect_probe_fails(test, lie->err, lie->words);
	else
		soft_expect_works(test);
}

/* Larger than a page, it is mapped queue by queue; the checks are the same. */
static void test_large_notify(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	pci_card_set(&card->pci, card->notify + offsetof(struct virtio_pci_cap, length), 4, 0x3002);
	pci_card_set(&card->pci, card->notify + sizeof(struct virtio_pci_cap), 4, 0x1000);
	soft_expect_works(test);
}

static void test_large_notify_left(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	pci_card_set(&card->pci, card->notify + offsetof(struct virtio_pci_cap, length), 4, 0x3001);
	pci_card_set(&card->pci, card->notify + sizeof(struct virtio_pci_cap), 4, 0x1000);
	soft_expect_probe_fails(test, -EINVAL, "notifications at 12288");
}

/* With data a notification has four bytes, and there is room for two. */
static void test_large_notify_data(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	card->dev.offered |= BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
	pci_card_set(&card->pci, card->notify + offsetof(struct virtio_pci_cap, length), 4, 0x3002);
	pci_card_set(&card->pci, card->notify + sizeof(struct virtio_pci_cap), 4, 0x1000);
	soft_expect_probe_fails(test, -EINVAL, "notifications at 12288");
}

static void test_notify_data(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	card->dev.offered |= BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
	pci_card_set(&card->pci, card->notify + offsetof(struct virtio_pci_cap, length), 4, 14);
	soft_expect_probe_fails(test, -EINVAL, "notifications at 12");
}

/* The PCI core has no room for such a BAR: it is as if it were not there. */
static void test_unassigned_bar(struct kunit *test)
{
	pci_card_bar(&CARD(test)->pci, VIRTIO_CARD_BAR, SZ_32M, 0);
	soft_expect_refused(test, -ENODEV, "no modern registers");
}

/* Nor has this bus any I/O space. */
static void test_io_bar(struct kunit *test)
{
	pci_card_bar(&CARD(test)->pci, VIRTIO_CARD_BAR, SZ_256, PCI_BASE_ADDRESS_SPACE_IO);
	soft_expect_refused(test, -ENODEV, "no modern registers");
}

static void test_no_capabilities(struct kunit *test)
{
	pci_card_set(&CARD(test)->pci, PCI_STATUS, 2, 0);
	soft_expect_refused(test, -ENODEV, "no modern registers");
}

/* The first that can be used counts; what comes before it and after it does not. */
static void test_two_of_a_type(struct kunit *test)
{
	struct virtio_card *card = CARD(test);
	u8 second;

	pci_card_set(&card->pci, card->isr + offsetof(struct virtio_pci_cap, bar), 1, 6);
	virtio_card_structure(card, ISR, VIRTIO_CARD_ISR, 1);
	second = virtio_card_structure(card, COMMON, VIRTIO_CARD_DEVICE, 64);
	pci_card_set(&card->pci, second + offsetof(struct virtio_pci_cap, length), 4, U32_MAX);
	soft_expect_works(test);
}

/* The last points to the first. */
static void close_loop(struct virtio_card *card)
{
	card->pci.space[card->pci.tail + PCI_CAP_LIST_NEXT] = card->common;
}

static void test_loop(struct kunit *test)
{
	close_loop(CARD(test));
	soft_expect_works(test);
}

/* What is looked for is not in the loop. */
static void test_loop_without(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	close_loop(card);
	card->pci.space[card->isr + offsetof(struct virtio_pci_cap, cfg_type)] = 0x77;
	soft_expect_refused(test, -EINVAL, "no interrupt status");
}

/* Wherever one looks there is another of them: of a type that nobody wants. */
static u8 endless(struct pci_card *pci, unsigned int at, u8 value)
{
	static const u8 body[] = { PCI_CAP_ID_VNDR, 0, sizeof(struct virtio_pci_cap), 0x77 };

	if (at < PCI_STD_HEADER_SIZEOF)
		return value;
	if (at % 4 == PCI_CAP_LIST_NEXT)
		return at + 3 < 0xfc ? at + 3 : PCI_STD_HEADER_SIZEOF;
	return body[at % 4];
}

static void test_thousands(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	virtio_card_init(card, CARD_FEATURES, 0);
	card->pci.peek = endless;
	soft_expect_refused(test, -ENODEV, "no modern registers");
}

/* At the second look the place for notifications is elsewhere. */
static u8 restless(struct pci_card *pci, unsigned int at, u8 value)
{
	struct virtio_card *card = container_of(pci, struct virtio_card, pci);

	if (at != card->notify + offsetof(struct virtio_pci_cap, bar))
		return value;
	return card->dev.reads[SOFT_NONE]++ ? 2 : value;
}

/* What was checked is what is used, whatever is there at the next look. */
static void test_restless(struct kunit *test)
{
	struct virtio_card *card = CARD(test);

	pci_card_set(&card->pci, card->notify + offsetof(struct virtio_pci_cap, length), 4, 0x3002);
	pci_card_set(&card->pci, card->notify + sizeof(struct virtio_pci_cap), 4, 0x1000);
	card->pci.peek = restless;
	soft_expect_works(test);
}

static struct kunit_case pci_lies_cases[] = {
	KUNIT_CASE_PARAM(test_capability, lie_gen_params),
	KUNIT_CASE(test_twice),
	KUNIT_CASE_PARAM(test_notify, notify_lie_gen_params),
	KUNIT_CASE(test_large_notify),
	KUNIT_CASE(test_large_notify_left),
	KUNIT_CASE(test_large_notify_data),
	KUNIT_CASE(test_notify_data),
	KUNIT_CASE(test_unassigned_bar),
	KUNIT_CASE(test_io_bar),
	KUNIT_CASE(test_no_capabilities),
	KUNIT_CASE(test_two_of_a_type),
	KUNIT_CASE(test_loop),
	KUNIT_CASE(test_loop_without),
	KUNIT_CASE(test_thousands),
	KUNIT_CASE(test_restless),
	{}
};

static struct kunit_suite pci_lies_suite = {
	.name = "virtio-pci-lies",
	.init = pci_fixture_init,
	.exit = pci_fixture_exit,
	.test_cases = pci_lies_cases,
};

kunit_test_suite(pci_lies_suite);
