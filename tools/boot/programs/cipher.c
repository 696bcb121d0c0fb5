// SPDX-License-Identifier: GPL-2.0
/*
 * cipher DRIVER: encrypt by AES-CBC through an AF_ALG socket, in requests of several sizes,
 * by the driver of that name and by the kernel's own code, and compare; then decrypt.
 */
#include <errno.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOFTWARE "cbc(aes-generic)"
#define MOST 16384

static const unsigned char iv[16] = "an initial vecto";

static void fail(const char *what, const char *name)
{
	printf("%s: %s: %s\n", name, what, strerror(errno));
	exit(1);
}

/* A socket for one key and one implementation. */
static int cipher(const char *name, size_t key_len)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG, .salg_type = "skcipher" };
	unsigned char key[32];
	int s = socket(AF_ALG, SOCK_SEQPACKET, 0), op;

	for (size_t i = 0; i < key_len; i++)
		key[i] = 3 + 7 * i;
	strncpy((char *)addr.salg_name, name, sizeof(addr.salg_name) - 1);
	if (s < 0 || bind(s, (struct sockaddr *)&addr, sizeof(addr)))
		fail("bind", name);
	if (setsockopt(s, SOL_ALG, ALG_SET_KEY, key, key_len))
		fail("key", name);
	op = accept(s, NULL, 0);
	if (op < 0)
		fail("accept", name);
	close(s);
	return op;
}

static void work(const char *name, size_t key_len, unsigned int op, const void *in, void *out, size_t len)
{
	char control[CMSG_SPACE(4) + CMSG_SPACE(sizeof(struct af_alg_iv) + sizeof(iv))] = { 0 };
	struct iovec iov = { (void *)in, len };
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control), .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct af_alg_iv *vector;
	int s = cipher(name, key_len);

	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_OP;
	c->cmsg_len = CMSG_LEN(sizeof(op));
	memcpy(CMSG_DATA(c), &op, sizeof(op));
	c = CMSG_NXTHDR(&msg, c);
	c->cmsg_level = SOL_ALG;
	c->cmsg_type = ALG_SET_IV;
	c->cmsg_len = CMSG_LEN(sizeof(*vector) + sizeof(iv));
	vector = (void *)CMSG_DATA(c);
	vector->ivlen = sizeof(iv);
	memcpy(vector->iv, iv, sizeof(iv));
	if (sendmsg(s, &msg, 0) != (ssize_t)len)
		fail("send", name);
	if (read(s, out, len) != (ssize_t)len)
		fail("read", name);
	close(s);
}

int main(int argc, char **argv)
{
	static unsigned char plain[MOST], theirs[MOST], known[MOST], back[MOST];
	int n = 0;

	if (argc != 2)
		return 2;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = i ^ i >> 5;
	for (size_t key_len = 16; key_len <= 32; key_len += 8)
		for (size_t len = 16; len <= MOST; len *= 2, n++) {
			work(argv[1], key_len, ALG_OP_ENCRYPT, plain, theirs, len);
			work(SOFTWARE, key_len, ALG_OP_ENCRYPT, plain, known, len);
			work(argv[1], key_len, ALG_OP_DECRYPT, theirs, back, len);
			if (memcmp(theirs, known, len) || memcmp(back, plain, len)) {
				printf("%zu bytes with a key of %zu: not what " SOFTWARE " makes of them\n", len, key_len);
				return 1;
			}
		}
	printf("%d texts with three sizes of key, encrypted as in software and back\n", n);
	return 0;
}
