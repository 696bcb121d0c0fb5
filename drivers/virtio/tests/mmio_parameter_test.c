// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the parameter that describes devices whose registers are memory: what makes
 * no sense is told of once, with the grammar, and the others come up.
 */
#include <linux/module.h>

#include "../mmio/mmio.h"
#include "mmio_fixture.h"
#include "visible.h"

static const char * const nonsense[] = {
	"", "@", ":", "512", "512@", "512@0xa1000000", "512@0xa1000000:", "512@0xa1000000:x",
	"512@0xa1000000:0", "512@0xa1000000:-1", "512@0xa1000000:99999999999", "512@:5",
	"512:0xa1000000@5", "@0xa1000000:5", "0@0xa1000000:5", "512@0xa1000000:5:",
	"512@0xa1000000:5:x", "512@0xa1000000:5:-2", "512@0xa1000000:5:3000000000",
	"512@0xa1000000:5:1:2", "512@0xa1000000:5 ", "512 @0xa1000000:5", "512@0xa1000000:5,512",
	"0x200@0xffffffffffffffff:5", "0xffffffffffffffff@0xa1000000:5", "-512@0xa1000000:5",
};

static void describe_nonsense(const char * const *text, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "'%s'", *text);
}

KUNIT_ARRAY_PARAM(nonsense, nonsense, describe_nonsense);

static u64 address(void)
{
	return soft_io_resource(SOFT_IO_MMIO)->start;
}

/* The parser of parameters goes on with what is next, and that comes up. */
static void test_nonsense(struct kunit *test)
{
	const char *text = *(const char * const *)test->param_value;
	char good[64], *shown = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shown);
	kernel_log_mark();
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	kernel_log_expect_one(test, "expected <size>@<address>:<irq>[:<id>]");
	KUNIT_EXPECT_EQ(test, 0, vm_show_described(shown, NULL));

	kernel_log_mark();
	snprintf(good, sizeof(good), "512@%#llx:%d", address(), SLOT(test)->irq);
	KUNIT_EXPECT_EQ(test, 0, vm_describe(good, NULL));
	vm_register_described();
	soft_driver_expect_works(test);
	kernel_log_expect_quiet(test);
	vm_forget_described();
	mmio_fixture_expect_clean(test);
}

/* What was described is shown in the same words, and counted on from the last id. */
static void test_shown(struct kunit *test)
{
	char text[64], expected[128], *shown = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shown);
	SLOT(test)->dev.regs[SOFT_DEVICE_ID] = 0;
	snprintf(text, sizeof(text), "1K@%#llx:7:40", address());
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	snprintf(text, sizeof(text), "0x200@%#llx:8", address() + 0x1000);
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	vm_register_described();
	KUNIT_EXPECT_GT(test, vm_show_described(shown, NULL), 0);
	snprintf(expected, sizeof(expected), "0x400@%#llx:7:40\n0x200@%#llx:8:41\n", address(),
		 address() + 0x1000);
	KUNIT_EXPECT_STREQ(test, expected, shown);
	vm_forget_described();
	KUNIT_EXPECT_EQ(test, 0, vm_show_described(shown, NULL));
	mmio_fixture_expect_clean(test);
}

/* One that can't be registered is told of, too. */
static void test_twice(struct kunit *test)
{
	char text[64];

	SLOT(test)->dev.regs[SOFT_DEVICE_ID] = 0;
	snprintf(text, sizeof(text), "512@%#llx:7:50", address());
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	snprintf(text, sizeof(text), "512@%#llx:7:51", address() + 0x100);
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	kernel_log_mark();
	vm_register_described();
	kernel_log_expect_one(test, "not registered: -EBUSY");
	vm_forget_described();
	mmio_fixture_expect_clean(test);
}

/*
 * The parser of parameters runs before the module is there: it notes what is described, and
 * the devices are registered later, once.
 */
static void test_before_module(struct kunit *test)
{
	char text[64], *shown = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shown);
	snprintf(text, sizeof(text), "512@%#llx:%d", address(), SLOT(test)->irq);
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	KUNIT_EXPECT_EQ(test, 0, SLOT(test)->dev.accesses);
	KUNIT_EXPECT_EQ(test, 0, vm_show_described(shown, NULL));
	vm_register_described();
	soft_driver_expect_works(test);
	vm_register_described();
	KUNIT_EXPECT_EQ(test, 1, soft_driver.probes);
	vm_forget_described();
	mmio_fixture_expect_clean(test);

	/* A module that does not get as far as that leaves nothing behind. */
	KUNIT_EXPECT_EQ(test, 0, vm_describe(text, NULL));
	vm_forget_described();
	mmio_fixture_again(test, 2);
	vm_register_described();
	KUNIT_EXPECT_EQ(test, 0, SLOT(test)->dev.accesses);
}

static struct kunit_case mmio_parameter_cases[] = {
	KUNIT_CASE_PARAM(test_nonsense, nonsense_gen_params),
	KUNIT_CASE(test_shown),
	KUNIT_CASE(test_twice),
	KUNIT_CASE(test_before_module),
	{}
};

static struct kunit_suite mmio_parameter_suite = {
	.name = "virtio-mmio-parameter",
	.init = mmio_fixture_init,
	.exit = mmio_fixture_exit,
	.test_cases = mmio_parameter_cases,
};

kunit_test_suite(mmio_parameter_suite);
