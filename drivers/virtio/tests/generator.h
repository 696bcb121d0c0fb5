/* SPDX-License-Identifier: GPL-2.0 */
/* What this kernel's KUnit hands to a function that makes the parameters of a test. */
#define GENERATOR_ARGS	struct kunit *test, const void *prev, char *desc
