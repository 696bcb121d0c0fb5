/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the PCI transport have in common: a card that is honest until
 * the test says otherwise, a driver for it, and what has to be so afterwards.
 */
#ifndef _VIRTIO_PCI_FIXTURE_H
#define _VIRTIO_PCI_FIXTURE_H

#include "kernel_log.h"
#include "soft_driver.h"
#include "virtio_card.h"

#define CARD(test)	((struct virtio_card *)(test)->priv)

/* A vector for changes, and one for each queue. */
#define CARD_VECTORS	(1 + SOFT_QUEUES)
#define CARD_FEATURES	BIT_ULL(VIRTIO_F_RING_RESET)

int pci_fixture_init(struct kunit *test);
void pci_fixture_exit(struct kunit *test);
int pci_fixture_try(struct kunit *test);
void pci_fixture_expect_clean(struct kunit *test);
void pci_fixture_expect_refused(struct kunit *test, int err, const char *words);
void pci_fixture_expect_probe_fails(struct kunit *test, int err, const char *words);
void pci_fixture_expect_works(struct kunit *test);
void pci_fixture_expect_fewer(struct kunit *test);
void pci_fixture_expect_honest_works(struct kunit *test);

#endif /* _VIRTIO_PCI_FIXTURE_H */
