/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the PCI transport have in common: a card that is honest until
 * the test says otherwise, a driver for it, and what has to be so afterwards.
 */
#ifndef _VIRTIO_PCI_FIXTURE_H
#define _VIRTIO_PCI_FIXTURE_H

#include "kernel_log.h"
#include "soft_driver.h"
#include "soft_expect.h"
#include "virtio_card.h"

#define CARD(test)	((struct virtio_card *)(test)->priv)

/* A vector for changes, and one for each queue. */
#define CARD_VECTORS	(1 + SOFT_QUEUES)
#define CARD_FEATURES	(BIT_ULL(VIRTIO_F_RING_RESET) | SOFT_FEATURES_OWN)

/**
 * struct pci_lie - a register that does not read as it should
 * @name: for the log
 * @lie: the register
 * @err: what comes of it for the driver; 0 if it works all the same
 * @words: of the message
 * @single: what comes of it for the driver that takes queues one by one, whom
 *	-ENOENT tells where they end
 */
struct pci_lie {
	const char *name;
	struct soft_lie lie;
	int err;
	const char *words;
	int single;
};

int pci_fixture_init(struct kunit *test);
int pci_fixture_init_legacy(struct kunit *test);
void pci_fixture_exit(struct kunit *test);
void pci_fixture_again(struct kunit *test);
int pci_fixture_try(struct kunit *test);
struct pci_dev *card_plugged(struct kunit *test);
const struct pci_error_handlers *card_handlers(struct pci_dev *pdev);
void pci_fixture_expect_clean(struct kunit *test);
void pci_fixture_describe(const struct pci_lie *lie, char *desc);
void pci_fixture_lie_at_once(struct kunit *test);
void pci_fixture_lie_one_by_one(struct kunit *test);
void pci_fixture_expect_honest_works(struct kunit *test);

#endif /* _VIRTIO_PCI_FIXTURE_H */
