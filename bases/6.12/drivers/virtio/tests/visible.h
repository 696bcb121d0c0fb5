/* SPDX-License-Identifier: GPL-2.0 */
/* Included once by a module of tests that reaches what is exported for tests alone. */
#include <linux/module.h>

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
