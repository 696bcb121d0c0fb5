// SPDX-License-Identifier: GPL-2.0
/*
 * hog MIB FILE: fill so much memory, each page with words of its own, and read it again and
 * again until FILE is there.  If that is more than the machine has, pages go to a disk and
 * come back.  At the end every page is read once more.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS		512	/* of a page */
#define PAGES_OF_MIB	256

static uint64_t *memory, pages, compared;

static uint64_t word(uint64_t page, unsigned int i)
{
	return (page * WORDS + i + 1) * 0x9e3779b97f4a7c15ULL;
}

static void fill(void)
{
	uint64_t page;
	unsigned int i;

	for (page = 0; page < pages; page++)
		for (i = 0; i < WORDS; i++)
			memory[page * WORDS + i] = word(page, i);
}

static void compare(uint64_t page)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (memory[page * WORDS + i] != word(page, i)) {
			printf("page %llu is not what was written\n", (unsigned long long)page);
			exit(1);
		}
	compared++;
}

int main(int argc, char **argv)
{
	uint64_t page;

	pages = argc == 3 ? strtoul(argv[1], NULL, 10) * PAGES_OF_MIB : 0;
	if (!pages) {
		printf("hog: expected MIB FILE\n");
		return 2;
	}
	memory = mmap(NULL, pages * WORDS * sizeof(*memory), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		printf("no address space for %s MiB\n", argv[1]);
		return 1;
	}
	fill();
	for (page = 0; page % PAGES_OF_MIB || access(argv[2], F_OK); page++)
		compare(page % pages);
	for (page = 0; page < pages; page++)
		compare(page);
	printf("%llu MiB of %s read back as they were written",
	       (unsigned long long)compared / PAGES_OF_MIB, argv[1]);
	return 0;
}
