# SPDX-License-Identifier: GPL-2.0
"""Inputs of the target "ring" to begin with: devices that use more than they were given, which the fuzzer seldom comes upon by
itself.  What the bytes mean is in ring.c, and in the functions of driver.c and device.c that its steps call."""
import itertools

INDIRECT, EVENT, IN_ORDER = 2, 4, 8     # formats
PHYSICAL, MAPPED = 0, 5                 # ways to reach memory
SIZE = 3                                # 8 entries
ADD, KICK, GET, CALLBACKS, INTERRUPT, TAKE, USE, CLAIM = 0, 5, 7, 10, 12, 20, 23, 27
ALL, AGAIN = 3, 4                                   # take all that is used; say once more what was used


def step(op, a=0, b=0, c=0, d=0, e=0):
    return bytes((op, a, b, c, d, e))


ADD_ONE, ADD_PAIR = step(ADD, 4, 0x10), step(ADD, 4, 0x11)
TAKE_ALL, NONE_LEFT = step(GET, 0, ALL), step(CALLBACKS, 1)


def again(entries=1):
    return step(CLAIM, entries - 1, e=AGAIN)


def lives():
    """Of a buffer that is used twice; of two; and of none."""
    one = ADD_PAIR + step(KICK) + step(TAKE) + step(USE, c=1)
    yield one + again() + TAKE_ALL + NONE_LEFT
    yield one + again(3) + step(INTERRUPT, 3) + TAKE_ALL + NONE_LEFT
    yield ADD_ONE + one + step(TAKE) + step(USE, c=1) + again(2) + step(GET, 1) + TAKE_ALL + step(CALLBACKS, 4)
    yield again() + step(GET, 2) + NONE_LEFT + one + TAKE_ALL


def ring():
    formats = [sum(bits) for bits in itertools.product((0, INDIRECT), (0, EVENT), (0, IN_ORDER))]
    for format, way, life in itertools.product(formats, (PHYSICAL, MAPPED), lives()):
        yield bytes((format, way, SIZE, 0, 0, 0)) + life * 12
