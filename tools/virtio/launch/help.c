// SPDX-License-Identifier: GPL-2.0
/*
 * What launch says of itself.  launch.1 says more.
 */
#include <linux/virtio_page.h>
#include <stdio.h>

#include "help.h"

static const char text[] =
	"usage: launch --kernel FILE [OPTION ...]\n"
	"       launch --attach --socket PATH [OPTION ...]\n"
	"       launch --tell PATH COMMAND\n"
	"\n"
	"Run a UML kernel as a guest, with virtio devices on a device page.\n"
	"\n"
	"Guest:\n"
	"  -k, --kernel FILE    the UML kernel\n"
	"  -i, --initrd FILE    its initial RAM disk\n"
	"  -a, --append TEXT    more for the kernel's command line\n"
	"  -m, --memory SIZE    its memory, with K, M or G behind it (256M)\n"
	"      --attach         start no kernel: serve one that connects to --socket, also\n"
	"                       one whose launch was killed\n"
	"      --socket PATH    where the guest connects (a place of launch's own)\n"
	"\n"
	"Devices:\n"
	"  -d, --disk FILE[,ro][,serial=TEXT][,aio=io_uring|threads]\n"
	"                       a disk, also a block device; the first is the root, unless\n"
	"                       there is an initrd or root= is in --append\n"
	"  -n, --net user       a network card, on the host's network as a user sees it\n"
	"  -n, --net peer=PATH  one that is joined to another launch's by a socket\n"
	"      --console stdio  a console on the terminal (Ctrl-A x ends the guest), or\n"
	"                none   nowhere, or\n"
	"                PATH   on a socket for one client at a time; there may be several,\n"
	"                       without any it is stdio\n"
	"      --no-entropy     without an entropy device\n"
	"      --ring split     devices offer split rings alone, not packed ones as well\n"
	"\n"
	"Besides:\n"
	"      --control PATH   take commands there\n"
	"      --tell PATH COMMAND\n"
	"                       give one, and print the answer: disk FILE[,ro] (its number),\n"
	"                       remove N, resize N (its file has grown), list, quit\n"
	"      --log FILE       where what the kernel itself writes goes; without it the end\n"
	"                       of that is shown if the guest ends badly\n"
	"  -h, --help           this text\n"
	"      --version        the version\n"
	"\n"
	"Exit status: 0 if the guest has powered off, or was ended by Ctrl-A x or quit; 1 for\n"
	"an error of launch, 2 for wrong usage; 3 if the guest panicked or ended with an error;\n"
	"128 and the signal if one killed the guest, or launch.  A guest that launch has not\n"
	"started (--attach) ends with 0, however it did, and is left waiting by a signal.\n"
	"A guest that cuts its memory's file while it is in use is disconnected.\n";

void help_print(void)
{
	fputs(text, stdout);
}

void help_version(void)
{
	printf("launch, device page version %d\n", VIRTIO_PAGE_VERSION);
}
