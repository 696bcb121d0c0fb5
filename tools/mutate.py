#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Can each test fail?  Breaks the core on purpose, once per mutant, and runs the test that must see it.

TREE is a scratch copy of a tree with the overlay applied; its files of ours are brought up to date first and restored after each
mutant.  The mutants named after a number put back what the 2007 sketch of virtio did (Documentation/virtio.txt lists it)."""
import argparse, contextlib, fnmatch, glob, io, os, re, subprocess, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kunit, overlay

TOOLS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(TOOLS)
COMPILER = "the compiler"      # a mutant that must not build
FEW = 20        # tests that are run sooner one by one than with all others
BUS, HANDSHAKE, CONFIG, LAYOUT, OFFSET, OPERATIONS = (
    f"drivers/virtio/{f}.c" for f in ("bus", "handshake", "config", "layout", "offset", "operations"))
KEEP = "drivers/virtio/ring/keep.c"
SPLIT, PACKED, QUEUE, TAKE, ADD, MEMORY, REPORT = (
    f"drivers/virtio/ring/{f}" for f in ("split.c", "packed.c", "queue.c", "take.h", "add.h", "memory.c", "report.c"))
FEATURES, RESET, HELD = (f"drivers/virtio/{f}.c" for f in ("features", "reset", "ring/held"))
TRANSPORT, CAPABILITIES, MODERN, MODERN_DEV, PCI_QUEUES, PCI_VECTORS, PCI_COMMON, VDPA = (
    f"drivers/virtio/{f}.c" for f in ("transport", "pci/capabilities", "pci/modern", "pci/modern_dev", "pci/queues", "pci/vectors", "pci/common", "vdpa"))
RENEW, RING_RESET, RING_API, SLOW, RECOVERY = (f"drivers/virtio/{f}.c" for f in ("ring/renew", "ring/reset", "ring/api", "ring/slow", "recovery"))
CHANGES, POLICY, ANNOUNCE = (f"drivers/virtio/{f}.c" for f in ("changes", "policy", "announce"))
QUEUES, STUCK, MISUSE, WATCH = (f"drivers/virtio/watch/{f}" for f in ("queues.c", "stuck.c", "misuse.c", "watch.h"))
DEBUGFS = "drivers/virtio/debugfs.c"
MMIO, MMIO_REGISTERS, MMIO_QUEUES, MMIO_PARAMETER = (f"drivers/virtio/mmio/{f}.c" for f in ("device", "registers", "queues", "parameter"))
PAGE_WALK, PAGE_SIDE, PAGE_DEVICE, PAGE_QUEUES, PAGE_H = (f"drivers/virtio/page/{f}" for f in ("walk.c", "side.c", "device.c", "queues.c", "page.h"))
SAMPLE, SAMPLE_612, SKELETON = (f"samples/virtio/virtio_{f}.c" for f in ("sample", "sample_612", "skeleton"))
BROKEN = "if (unlikely((u16)(seen - at) > split_in_flight(q, plain, at)))"

# name, file, what stands there, what the mutant has instead, test that must fail
MUTANTS = (
    ("1 vendors compared the wrong way round", BUS, "&& id_matches(id->vendor, is->vendor))",
     "&& (id->vendor == VIRTIO_DEV_ANY_ID || id->vendor != is->vendor))", "bus.test_vendor"),
    ("1 the driver's own vendor does not match", BUS, "&& id_matches(id->vendor, is->vendor))",
     "&& (id->vendor == VIRTIO_DEV_ANY_ID || id->vendor != is->vendor))", "bus.test_same_vendor"),
    ("2 bits and bytes mixed", CONFIG, "bitnum / 8 >= half)", "bitnum * 8 >= half)", "config.test_bits"),
    ("3 the kernel stops on a long field", CONFIG, "\tget_field(vdev, token, bits, len);\n\tif (!(bits",
     "\tBUG_ON(len > 16 * sizeof(long));\n\tget_field(vdev, token, bits, len);\n\tif (!(bits", "config.test_long_bits"),
    ("3 any length is believed", CONFIG, "!token || len > sizeof(bits) ||", "!token ||", "config.test_long_bits"),
    ("4 test_bit() as a big-endian machine does it", CONFIG, "if (!(bits[bitnum / 8] & mask))",
     "if (!test_bit(bitnum ^ (BITS_PER_LONG - 8), (unsigned long *)bits))", "config.test_bit_of_words"),
    ("4 set_bit() likewise", CONFIG, "\t*taken |= mask;",
     "\t__set_bit((half * 8 + bitnum) ^ (BITS_PER_LONG - 8), (unsigned long *)bits);", "config.test_bit_of_words"),
    ("5 remove is never called", HANDSHAKE, "if (drv->remove)", "if (0)", "bus.test_remove"),
    ("5 no reset after remove", HANDSHAKE, "\tmake_sure_of_reset(vdev);\n\tacknowledge(vdev);", "\tacknowledge(vdev);", "bus.test_remove"),
    ("a queue that a driver leaves stays", HANDSHAKE, "\tacknowledge(vdev);\n\tdelete_all_queues(vdev, drv);", "\tacknowledge(vdev);", "bus.test_queue_left"),
    ("6 no uevent", BUS, 'return add_uevent_var(env, "MODALIAS=" VIRTIO_MODALIAS, id->device, id->vendor);', "return id ? 0 : -1;",
     "bus.test_uevent"),
    ("7 a token out of probe is passed on", HANDSHAKE, "if (err > 0)", "if (0)", "bus.test_token"),
    ("8 the transport's index stands", BUS, "vdev->index = ida_alloc(&virtio_index_ida, GFP_KERNEL);", ";", "bus.test_index"),
    ("9 a failed probe leaves the device live", HANDSHAKE, "\tmake_sure_of_reset(vdev);\n\tset_failed(vdev);\n\treturn err;", "\tset_failed(vdev);\n\treturn err;", "bus.test_probe_fails"),
    ("9 a failed registration is not said", BUS, "failed:\n\tvirtio_add_status(vdev, VIRTIO_CONFIG_S_FAILED);", "failed:", "bus.test_register_fails"),
    ("9 a failed registration leaks the device", BUS, "\tif (!err)\n\t\treturn 0;\n\n\tvirtio_debug_device_exit(vdev);",
     "\tif (!err)\n\t\treturn 0;\n\n\tget_device(&vdev->dev);\n\tvirtio_debug_device_exit(vdev);", "bus.test_register_fails"),
    ("10 the parser finds nothing", CONFIG, "if (field->type != type || field->used)", "if (field)", "config.test_values"),
    ("11 the device's id as 16 bits", BUS, '"0x%04x\\n", dev_to_virtio(dev)->id.device', '"%hu\\n", (u16)dev_to_virtio(dev)->id.device', "bus.test_sysfs"),
    ("11 the vendor's id as 16 bits", BUS, '"0x%04x\\n", dev_to_virtio(dev)->id.vendor', '"0x%04hx\\n", (u16)dev_to_virtio(dev)->id.vendor', "bus.test_sysfs"),
    ("12 fields on a page stay used", CONFIG, "mark(fields, &fields->field[i], false);", ";", "config.test_used"),
    ("12 fields of a structure stay used", RESET, "bitmap_zero(vdev->fields_used, 256);", ";", "bus.test_remove"),
    ("12 a field is found again and again", CONFIG, "if (field->type != type || field->used)", "if (field->type != type)", "config.test_used"),
    ("13 get takes any length", CONFIG, "there = min_t(unsigned int, len, field->len);", "there = len;", "config.test_wrong_length"),
    ("13 set takes any length", CONFIG, "buf, min_t(unsigned int, len, field->len));", "buf, len);", "config.test_wrong_length"),
    ("13 a field that is too long is cut", CONFIG, "if (len != size) {", "if (len < size) {", "config.test_width"),
    ("13 get of a structure takes any length", LAYOUT, "\tif (!virtio_layout_fits(field, len)) {\n\t\tmemset(buf, 0, len);\n", "\tif (!virtio_layout_fits(field, len)) {\n", "layout.test_wrong_length"),
    ("13 a value of three bytes", "drivers/virtio/tests/config_test.c", "\tu32 l = 42;", "\tstruct { u8 b[3]; } l;", COMPILER),
    ("14 panic without a bus", BUS, "\tif (err)\n\t\treturn err;\n\terr = virtio_recovery_start();", '\tif (err)\n\t\tpanic("no bus");\n\terr = virtio_recovery_start();',
     "init.test_init_fails"),
    ("15 kicks are not held back", HELD, "is_before_1_0(q->vq.vdev) ? kick_early : hold_kick;", "tell;", "ring.test_early_kick"),
    ("15 held kicks are never sent", HANDSHAKE, "vring_send_held_kicks(vdev);", ";", "life.test_kick_in_probe"),
    ("15 a held kick that fails goes unnoticed", HELD, "\t\tif (xchg(&q->kick_held, false))\n\t\t\tvirtqueue_notify(vq);",
     "\t\tif (xchg(&q->kick_held, false))\n\t\t\tq->tell(vq);", "ring-life.test_held_kick_fails"),
    ("16 no FEATURES_OK", FEATURES, "virtio_step(vdev, VIRTIO_CONFIG_S_FEATURES_OK);", ";", "life.test_handshake"),
    ("16 FEATURES_OK is not read back", FEATURES, "|| !(status & VIRTIO_CONFIG_S_FEATURES_OK)", "", "life.test_refused"),
    ("16 the first queue latches nothing", "drivers/virtio/queues.c", "\terr = virtio_latch_features(vdev);\n\tif (err)\n\t\treturn ERR_PTR(err);", "\terr = 0;\n\tif (err)\n\t\treturn ERR_PTR(err);",
     "life.test_first_queue"),
    ("fields: a length past the page is taken for its end", CONFIG, "if (len > size - at - 2)\n\t\t\tbreak;", "if (len > size - at - 2)\n\t\t\treturn 0;",
     "config.test_hostile"),
    ("fields: an accessor without a limit", CONFIG, "#define MAX_GENERATIONS\t1000", "#define MAX_GENERATIONS\t0", "layout.test_restless"),
    ("fields: found without the feature", LAYOUT, "return features & VIRTIO_BIT(field->feature);", "return features;", "layout.test_features"),
    ("fields: features taken after they are agreed", LAYOUT, "\tif (comes_too_late(vdev, type)) {", "\tif (0) {", "features.test_late_bit_of_rings"),
    ("fields: a late feature is said to be had", CONFIG, "\t\treturn 0;\n\t}\n\t*taken", "\t\treturn 1;\n\t}\n\t*taken", "layout.test_bits"),
    ("fields: a field that was not taken is not there, for nobody", LAYOUT, "if (!vdev->features_latched || virtio_negotiates_in_probe(vdev))", "if (!vdev->features_latched)", "layout.test_presence"),
    ("fields: bytes are read as a number", LAYOUT, "\treturn field->kind == VIRTIO_FIELD_LE || field->kind == VIRTIO_FIELD_NATIVE;", "\treturn field->size == 2 || field->size == 4 || field->size == 8;", "own-layout-*.test_by_type"),
    ("fields: bytes are written as words", LAYOUT, "\tif (is_number(field))\n\t\tvirtio_config_write", "\tif (1)\n\t\tvirtio_config_write", "own-layout-*.test_by_type"),
    ("fields: text is shown as a number", DEBUGFS, "if (kind == VIRTIO_FIELD_TEXT)", "if (0)", "debugfs.test_bytes"),
    ("fields: a device writes to a terminal", DEBUGFS, "seq_escape_mem(s, contents, strnlen(contents, len), ESCAPE_ANY_NP, NULL);", "seq_write(s, contents, strnlen(contents, len));", "debugfs.test_text_is_escaped"),
    ("fields: a driver's layout is not asked for", LAYOUT, "return virtio_driver_layout(vdev) ?: virtio_layout_of_type(vdev->id.device);", "return virtio_layout_of_type(vdev->id.device);", "own-layout-*"),
    ("fields: any layout will do", BUS, "if (drv->layout && !virtio_layout_check(drv->layout))", "if (0)", "layout.test_bad_layout"),
    ("fields: nobody is told that there is no layout", OFFSET, "\tvirtio_layout_missing(vdev);\n", "", "layout.test_no_layout"),
    ("offset: it is taken for a token", LAYOUT, "\tif (virtio_get_by_offset(vdev, token, buf, len))\n\t\treturn;\n", "", "own-layout-*.test_get_by_offset"),
    ("offset: on a page it is taken for a token", PAGE_DEVICE, "\tif (virtio_get_by_offset(vdev, token, buf, len))\n\t\treturn;\n", "", "own-layout-page.test_get_by_offset"),
    ("offset: not in an interrupt", OFFSET, "\tread_at(vdev, (unsigned long)token, buf, len);", "\tvirtio_config_read(vdev, (unsigned long)token, buf, len);", "own-layout-*.test_get_by_offset"),
    ("operations: a transport without reset is taken", OPERATIONS, "\tif (!ops->reset)\n\t\treturn \"reset\";\n", "", "operations.test_refused"),
    ("operations: what is missing is not added", OPERATIONS, "\tadd_what_is_missing(ops);\n", "", "operations.test_completed"),
    ("features: late ones are not told", FEATURES, "\tvdev->features_late = vdev->features_latched;\n", "", "features.test_late"),
    ("features: late ones are told without a reset", FEATURES, "\t\terr = virtio_start_over(vdev);", "\t\terr = tell_features(vdev);", "features.test_late"),
    ("features: a driver that was probed is left behind", HANDSHAKE, "\telse if (undo)\n\t\tundo(vdev);\n", "", "features.test_late_refused"),
    ("features: a change beyond bit 63 is not written again", FEATURES, "!virtio_features_equal(vdev->features_array, before)",
     "vdev->features != before[0]", "more-features.test_validate"),
    ("features: bits beyond 63 that nobody offers", FEATURES, "\t\tvdev->features_array[word] &= vdev->offered[word];\n", "\t\t;\n",
     "more-features.test_validate_too_much"),
    ("features: all words are read for everybody", FEATURES, "read_offered(vdev, wants_more_words(wanted));", "read_offered(vdev, true);",
     "more-features.test_low_table"),
    ("features: what was read of the first word changes", FEATURES, "\tif (vdev->offered_known)\n\t\twords[0]", "\tif (0)\n\t\twords[0]",
     "more-features.test_changes_in_probe"),
    ("pci: bits beyond 63 are not written", MODERN, "\tif (vdev->offered[1])", "\tif (0)", "pci-features.test_taken"),
    ("pci: a word that is shown twice is two", MODERN, "\tif (is_repeated(features))", "\tif (0)", "pci-features.test_repeats_all"),
    ("features: legacy devices lose how memory is reached", FEATURES, "\t\t\t BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) |\t\\\n", "", "features.test_legacy_bits"),
    ("queues: all are deleted with the first", "drivers/virtio/queues.c", "else if (!vdev->held_vqs || !--vdev->held_vqs)", "else", "2007-at-once.test_card"),
    ("queues: what is made again is new", KEEP, "struct ring_queue *q = vdev->keep_vqs ? kept(vdev, index) : NULL;", "struct ring_queue *q = NULL;", "2007-at-once.test_card"),
    ("queues: the device is not reset for one more", "drivers/virtio/queues.c", "\tint err = n < 0 ? n : virtio_reset_and_agree(vdev);\n", "\tint err = n < 0 ? n : 0;\n", "2007-at-once.test_*"),
    ("gone: status written to a device that is not there", HANDSHAKE, "\tif (now == VIRTIO_STATUS_GONE)\n\t\treturn;\n", "", "life.test_gone"),
    ("sleep: the driver wakes before features are agreed", HANDSHAKE, "err = agree_again(vdev) ?: go_live(vdev, start, NULL);",
     "err = go_live(vdev, start, NULL);", "life.test_restore_refused"),
    ("sleep: changes come through", HANDSHAKE, "\tvirtio_changes_hold(vdev);\n\tvdev->failed =", "\tvdev->failed =", "life.test_sleep"),
    ("sleep: a driver that stays awake is cut off", HANDSHAKE, "\tif (err)\n\t\tvirtio_changes_deliver(vdev);", "", "life.test_freeze_fails"),
    ("sleep: FAILED is forgotten", HANDSHAKE, "\tif (vdev->failed)", "\tif (0)", "life.test_sleep_alone"),
    ("remove: queues are not broken", QUEUE, "for_all_queues(dev, end_by_driver);", ";", "life.test_remove_during_wait"),
    ("ring: used id not checked", TAKE, "return likely(id < q->num && q->slots[id].token);", "return likely(q->slots[id].token);", "ring-attack.test_attack"),
    ("ring: id that is not in flight", TAKE, "return likely(id < q->num && q->slots[id].token);", "return likely(id < q->num);", "ring-attack.test_attack"),
    ("ring: used index not checked", SPLIT, BROKEN, "if (0)", "ring-attack.test_attack"),
    ("ring: used length not checked", TAKE, "if (unlikely(wrote > slot->writable))", "if (0)", "ring-attack.test_attack"),
    ("ring: free list in shared memory", SPLIT, "unsigned long next = c->free[c->at].next;", "unsigned long next = cpu16(q, q->mem.split.desc[c->at].next);", "ring-attack.test_scribbler"),
    ("ring: index published past the entries", SPLIT, "WRITE_ONCE(vring->avail->idx, ring16(q, new));", "WRITE_ONCE(vring->avail->idx, ring16(q, new + 1));",
     "ring.test_random"),
    ("ring: index never published", SPLIT, "WRITE_ONCE(vring->avail->idx, ring16(q, new));", ";", "ring.test_echo"),
    ("ring: event index not moved", SPLIT, "if (q->event && ring_wants_callbacks(q) && q->used_event != at)", "if (0)", "ring-model.test_model"),
    ("ring: event index only moved when nothing is left", SPLIT, "if (next == q->used_seen && q->event && ring_wants_callbacks(q))", "if (0)", "ring-events.test_one_a_call"),
    ("packed: event only moved when nothing is left", PACKED, "if (unlikely(q->by_event && ring_wants_callbacks(q)) && !says_used(q, pos, q->used_flags))", "if (0)",
     "ring-events.test_one_a_call"),
    ("ring: a false callback is called again", QUEUE, "return cmpxchg(&q->callbacks, turn, turn & ~RING_CALLBACKS_ON) != turn;", "return false;", "ring.test_callbacks"),
    ("ring: a false callback overrides a restart", QUEUE, "return cmpxchg(&q->callbacks, turn, turn & ~RING_CALLBACKS_ON) != turn;",
     "return WRITE_ONCE(q->callbacks, turn & ~RING_CALLBACKS_ON), false;", "ring-callback.test_restarted_meanwhile"),
    ("ring: a false callback leaves its flag over that of a restart", QUEUE, "\tring_call(q, want_all, true);\n", "", "ring-callback.test_restarted_meanwhile"),
    ("ring: what is used while the flag is wrong is not told", QUEUE, "\t\task_driver(q, false);", "\t\t;", "ring-callback.test_used_meanwhile"),
    ("ring: a flag that is thought to be right is not written", SPLIT, "\tring_callbacks_on(q);\n\tif (q->event) {",
     "\tif (!q->event && ring_wants_callbacks(q))\n\t\treturn;\n\tring_callbacks_on(q);\n\tif (q->event) {", "ring-callback.test_flag_is_written_anew"),
    ("ring: callbacks without what was added", RING_API, "\tring_publish_rest(q);\n", "", "ring-callback.test_published_by_enabling"),
    ("ring: DRIVER_OK without what was added", SLOW, "\t\tpublish_early(q);\n", "\t\t;\n", "ring-callback.test_published_by_going_live"),
    ("ring: an interrupt just after DRIVER_OK is lost", SLOW, "\tif (!q->broken && !q->stalled && !q->muted)\n\t\treturn false;\n", "",
     "ring-callback.test_interrupt_while_going_live"),
    ("ring: the device's wish is not looked at", SPLIT, "return !(cpu16(q, READ_ONCE(vring->used->flags)) & VRING_USED_F_NO_NOTIFY);", "return true;",
     "ring.test_suppressed_kicks"),
    ("packed: the wrap counter does not turn", PACKED, "return (at + count - q->num) ^ WRAP;", "return at + count - q->num;", "ring-model.test_model"),
    ("packed: what was published last is counted alone", PACKED, "q->unpublished += count;", "q->unpublished = count;", "ring-model.test_model"),
    ("packed: an event of the lap before is missed", PACKED, "lap = (event ^ new) & WRAP ? q->num : 0;", "lap = 0;", "ring-model.test_model"),
    ("packed: the last segment is one to read", PACKED, "cpu_to_le16(c->last_flags & ~VRING_DESC_F_NEXT));",
     "cpu_to_le16(c->last_flags & ~VRING_DESC_F_NEXT & ~VRING_DESC_F_WRITE));", "ring-model.test_model"),
    ("packed: nothing is used within a batch", PACKED, "(READ_ONCE(q->in_batch) && at == READ_ONCE(q->used_next)) ||", "",
     "ring-model.test_model"),
    ("ring: in order, the list is not kept", TAKE, "\t\tq->oldest = q->links[slot->last].next;\n\t\treturn;\n", "\t\tq->oldest = q->links[slot->last].next;\n", "ring-model.test_model"),
    ("ring: delayed callbacks of all in flight", SPLIT, "(u16)(q->avail_next + q->skipped - q->used_next) * 3 / 4;", "((u16)(q->avail_next - q->used_next) * 3 + 3) / 4;",
     "ring.test_delayed"),
    ("ring: restart leaves callbacks on", "drivers/virtio/ring/api.c", "\tvirtqueue_disable_cb(vq);\n\treturn false;", "\treturn false;", "ring-life.test_restart_waiting"),
    ("ring: a second shutdown", SLOW, "\tif (q->draining)\n\t\treturn;\n", "", "ring-dma.test_shutdown"),
    ("ring: a part that was allocated is kept", "drivers/virtio/ring/memory.c", "\tfree_parts(q, mem);\n\treturn false;", "\treturn false;", "ring-dma.test_parts_missing"),
    ("ring: nothing is ever unmapped", "drivers/virtio/ring/ring.h", "return q->dma_api && !(q->how & RING_PREMAPPED) &&\n\t       (q->must_unmap || dma_dev_need_sync(q->map.dma_dev));", "return false;",
     "ring-dma.test_echo"),
    ("ring: surplus entries are left where they are", SPLIT, "\tif (!split_drop_surplus(q))\n\t\tring_bad_index(q);\n", "", "ring-surplus.test_added_meanwhile"),
    ("ring: an index is taken that is two rings ahead", SPLIT, "if (ahead > q->num)", "if (ahead > 2 * q->num)", "ring-surplus.test_limit"),
    ("ring: a device is wrong without end", REPORT, "if (q->in_a_row > q->num)", "if (0)", "ring-surplus.test_without_end"),
    ("ring: surplus entries are taken for buffers", SPLIT, "return q->avail_published - at + (plain ? 0 : q->skipped);", "return q->avail_published - at;", "ring-surplus.test_twice"),
    ("ring: a full ring goes by what the device asked for", RING_API, "\t\tring_call(q, publish);\n\t\tvirtqueue_notify(&q->vq);",
     "\t\tif (ring_call(q, publish))\n\t\t\tvirtqueue_notify(&q->vq);", "ring-events.test_full_ring"),
    ("ring: a physical address is made up for one that is premapped", "drivers/virtio/ring/map_api.c", "\tq->phys = false;\n", "", "ring-premapped.test_physical_premapped"),
    ("ring: a premapped buffer is unmapped", "drivers/virtio/ring/mapping.c", "\tif (!(map->flags & RING_PREMAPPED))\n", "", "ring-mixed.test_serve"),
    ("ring: it is not noted what is premapped", ADD, "\t\tring_note_map(&c->maps[c->at], addr, sg->length, c->dir, RING_PREMAPPED);\n", "\t\t;\n", "ring-mixed.test_serve"),
    ("ring: a premapped table on a queue that maps nothing", ADD, "const bool phys = q->phys && !(buf->how & RING_PREMAPPED);", "const bool phys = q->phys;", "ring-mixed.test_serve"),
    ("ring: a failure of map operations is not asked for", "drivers/virtio/ring/map_api.c", "return vq->vdev->map ? vq->vdev->map->mapping_error(q->map, addr) :", "return vq->vdev->map ? 0 :", "ring-map.test_map_fails"),
    ("ring: map operations that need no sync are not undone", "drivers/virtio/ring/mapping.c", "return q->vq.vdev->map || get_dma_ops", "return get_dma_ops", "ring-map.test_echo"),
    ("ring: every queue maps for what the device says", QUEUE, "\tq->map = r->map;\n", "\tq->map = r->vdev->vmap;\n", "ring-map.test_other"),
    ("ring: map operations without ACCESS_PLATFORM", QUEUE, "q->how = q->dma_api && r->vdev->map ?", "q->how = r->vdev->map ?", "ring-map.test_physical"),
    ("a driver is asked where recovery can", "drivers/virtio/bus_reset.c", "if (!virtio_may_be_brought_back(dev))\n", "", "bus-reset.test_beneath"),
    ("a driver goes while its bus resets the device", RECOVERY, "if (wait_event_timeout(r->turn, !READ_ONCE(r->busy), DRIVER_LIMIT))", "if (1)", "bus-reset.test_unbound_meanwhile"),
    ("a driver that did not stop starts again", "drivers/virtio/bus_reset.c", "\tif (!err) {\n\t\tvirtio_recovery_forbid", "\tif (1) {\n\t\tvirtio_recovery_forbid", "bus-reset.test_prepare_fails"),
    ("ring: a second pointer is taken for a table", RING_API, "if (unlikely(ctx && q->indirect))", "if (0)", "ring-life.test_ctx_beside_tables"),
    ("ring: the caller's memory is cleared", QUEUE, "\tif (q->owned)\n\t\tring_clear_memory", "\tring_clear_memory", "ring-life.test_callers_memory"),
    ("ring: what does not fit is mapped first", "drivers/virtio/ring/add.h", "if (!q->phys && unlikely(ring_lacks_room(q, buf)))", "if (0)", "ring-dma.test_no_room"),
    ("packed: both events share a cache line", MEMORY, "q->packed ? driver + SMP_CACHE_BYTES :", "q->packed ? driver + mem->driver.bytes :", "ring-life.test_event_lines"),
    ("ring: a batch may end later", SPLIT, "return likely(at != q->used_seen) || ring_bad_batch(q, at);", "return true;", "ring-attack.test_attack"),
    ("ring: wrong lengths are said each time", REPORT, "\t\tq->length_said = true;\n", "", "ring-attack.test_lengths"),
    ("ring: a break that is not said", REPORT, "\tring_say(&q->vq, true, line);", "\t;", "ring-attack.test_attack"),
    ("packed: flags of either lap", PACKED, "return (flags & (AVAIL | USED)) == used;", "return !(flags & AVAIL) == !(flags & USED);", "ring-attack.test_attack"),
    ("packed: an event flag of 3 is never", PACKED, "if (flags == VRING_PACKED_EVENT_FLAG_DISABLE)", "if (flags & VRING_PACKED_EVENT_FLAG_DISABLE)", "ring-events.test_packed_events"),
    ("ring: the event is an index to come", SPLIT, "new, old);", "new, new - 1);", "ring-model.test_model"),
    ("misuse: a queue that is broken is added to", SLOW, "\tif (q->broken)\n\t\treturn -EIO;\n", "", "misuse.test_broken"),
    ("misuse: an empty list", SLOW, "if (!buf->token || !(buf->out + buf->in))", "if (!buf->token)", "misuse.test_nothing"),
    ("features: those of 1.0 without 1.0", FEATURES, "offered[0] & LEGACY_BITS);", "offered[0]);", "host-attack.test_features_that_lack_a_base"),
    ("life: a queue stays behind", QUEUE, "\tlist_del(&vq->list);\n", "", "host-attack.test_mischief"),
    ("faults: half of a queue's state is kept", MEMORY, "\tring_free_state(q);\n\treturn -ENOMEM;", "\treturn -ENOMEM;", "faults.test_queue"),
    ("faults: a failed probe is not told to the device", HANDSHAKE,
     "virtio_step(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_FAILED);", ";", "faults.test_probe"),
    ("faults: a queue that could not be is leaked", QUEUE, "\t\tring_free_memory(q, &q->mem);\n\t\tkfree(q);\n\t\treturn NULL;",
     "\t\tring_free_memory(q, &q->mem);\n\t\treturn NULL;", "faults.test_queue"),
    ("ring: a single list that is left out is looked at", "drivers/virtio/ring/add.h", "buf.lists && buf.sgs[0] && !sg_is_last", "buf.lists && !sg_is_last",
     "misuse.test_nothing"),
    ("ring: the whole chain is not freed", TAKE, "q->vq.num_free += count;", "q->vq.num_free++;", "ring.test_echo"),
    ("pci: a capability that is cut off is used", CAPABILITIES, " && len >= rules[type].capability &&", " &&", "pci-lies.test_capability"),
    ("pci: a BAR that is not there is used", CAPABILITIES, "cap.bar >= PCI_STD_NUM_BARS || !pci_resource_len(pdev, cap.bar)",
     "cap.bar >= PCI_STD_NUM_BARS", "pci-lies.test_capability"),
    ("pci: the last capability of a type is taken", CAPABILITIES, " ||\n\t    caps[type].pos)", ")", "pci-lies.test_twice"),
    ("pci: a structure is used beyond its BAR", CAPABILITIES, "cap->length = min_t(u64, length, there);", "", "pci-lies.test_capability"),
    ("pci: a structure behind its BAR is used", CAPABILITIES, " || (length && !there)", "", "pci-lies.test_capability"),
    ("pci: a misaligned structure is used", CAPABILITIES, "if (!IS_ALIGNED(cap->offset, rule->align))", "if (0)", "pci-lies.test_capability"),
    ("pci: notifications outside their structure", MODERN_DEV, "offset + width > mdev->notify_len ||", "", "pci-lies.test_notify"),
    ("pci: notifications at odd places", MODERN_DEV, "!IS_ALIGNED(mdev->notify_offset + offset, width)", "0", "pci-lies.test_notify"),
    ("pci: two bytes for four of notification", MODERN_DEV, "return map_vq_notify(mdev, index, sizeof(u32), NULL);",
     "return map_vq_notify(mdev, index, sizeof(u16), NULL);", "pci-lies.test_large_notify_data"),
    ("pci: shared memory wraps", MODERN, "offset > size || len > size - offset", "offset + len > size", "pci-life-lies.test_shm"),
    ("pci: an enabled queue is set up", MODERN, "if (vp_modern_get_queue_enable(mdev, vq->index))", "if (0)", "pci-queue-lies.test_at_once"),
    ("pci: a driver gets the administration queue", MODERN, "&& info->name != vp->admin.name", "&& index != vp_modern_avq_index(&vp->mdev)",
     "pci-life-lies.test_admin_queue_for_driver"),
    ("pci: every fault is tried with fewer vectors", PCI_QUEUES, "if (err != -EBUSY)\n\t\t\treturn err;", "if (!err)\n\t\t\treturn err;",
     "pci-queue-lies.test_at_once"),
    ("pci: a refused vector ends it", PCI_QUEUES, "if (err != -EBUSY)\n\t\t\treturn err;", "return err;", "pci-queue-lies.test_vector_refused"),
    ("pci: an interrupt that can't be requested ends it", PCI_QUEUES, "\tvp->refusal = err;\n\terr = -EBUSY;\nfree_mask:", "\tvp->refusal = err;\nfree_mask:",
     "pci-interrupts.test_irq_fails"),
    ("pci: a queue without a vector does not share the first", PCI_QUEUES, "vq = add_queue(vp, index, info, VP_CONFIG_VECTOR);", ";",
     "pci-interrupts.test_irq_fails_one_by_one"),
    ("pci: one vector for everything wakes no queue", PCI_VECTORS, "if (READ_ONCE(vp->first_is_shared))", "if (0)", "pci-interrupts.test_one_vector"),
    ("pci: an interrupt of one queue is not wanted", PCI_VECTORS, "\tvring_interrupt(irq, vq);\n\treturn IRQ_HANDLED;", "\treturn vring_interrupt(irq, vq);",
     "pci-interrupts.test_nobody_cared"),
    ("pci: an interrupt of all queues is not wanted", PCI_VECTORS, "\twake_queues(irq, opaque);\n\treturn IRQ_HANDLED;", "\treturn wake_queues(irq, opaque);",
     "pci-interrupts.test_nobody_cared"),
    ("pci: an error that is not fatal stops the device", PCI_COMMON, "\t\treturn PCI_ERS_RESULT_CAN_RECOVER;",
     "\t\tfreeze_channel(vp);\n\t\treturn PCI_ERS_RESULT_CAN_RECOVER;", "pci-errors.test_non_fatal"),
    ("pci: what a reset of the slot restores has no addresses", PCI_COMMON, "\tpci_save_state(pdev);\n\terr = register", "\terr = register",
     "pci-errors.test_slot_reset"),
    ("pci: a bus that never comes back has no limit", PCI_COMMON, "\tqueue_delayed_work(system_wq, &vp->bus_limit, BUS_LIMIT_S * HZ);\n", "",
     "pci-errors.test_never_reset"),
    ("pci: the limit of the bus outlives its end", PCI_COMMON, "\tcancel_delayed_work_sync(&vp->bus_limit);\n\tvirtio_recovery_resume", "\tvirtio_recovery_resume",
     "pci-errors.test_slot_reset"),
    ("pci: a queue is selected each time", MODERN_DEV, "if (mdev->selected != index + 1)", "if (1)", "pci-cost.test_cost"),
    ("pci: a reset leaves a queue selected", MODERN_DEV, "\tif (!status)\n\t\tmdev->selected = 0;\n", "", "pci-errors.test_slot_reset"),
    ("vdpa: a wait for each queue", VDPA, "\t\tstop_queue(vq);\n\tsynchronize_rcu();", "\t\t;\n\tsynchronize_rcu();", "vdpa.test_one_wait"),
    ("vdpa: a queue is told of no CPU", VDPA, "if (!cpumask_empty(&masks[i]))", "if (1)", "vdpa.test_spread"),
    ("pci: a queue's reset is not confirmed", MODERN, "\tif (still_busy(vp, vq)) {", "\tif (0) {", "pci-queue-lies.test_queue_reset"),
    ("pci: a queue's reset is waited for without a device", MODERN_DEV, "return !busy || busy == U16_MAX;", "return !busy;",
     "pci-queue-lies.test_queue_reset_gone"),
    ("reset: waited for without a device", RESET, "!status || status == VIRTIO_STATUS_GONE || is_refused", "!status || is_refused",
     "pci-life-lies.test_gone_from_the_start"),
    ("reset: waited for again and again", RESET, "\tif (vdev->lost)\n\t\treturn -ENODEV;\n", "", "pci-life-lies.test_stuck_at_any_moment"),
    ("reset: goes on without", HANDSHAKE, "\tif (is_out_of_reach(vdev))\n\t\treturn -ENODEV;\n\tvirtio_step(", "\tvirtio_step(", "pci-life-lies.test_never_reset"),
    ("reset: a refusal is waited out", RESET, " || is_refused(vdev, status))\n\t\t\treturn", ")\n\t\t\treturn", "reset-mmio.test_refused"),
    ("reset: once more before each driver", HANDSHAKE, "if (vdev->status != VIRTIO_CONFIG_S_ACKNOWLEDGE) {", "if (1) {", "reset-mmio.test_one_reset"),
    ("reset: once more after each driver", HANDSHAKE, "if (!vdev->status && list_empty(&vdev->vqs) && !virtio_get_status(vdev))", "if (0)", "handshake.test_second_driver"),
    ("reset: a device is lost for ever", RESET, "\tWRITE_ONCE(vdev->lost, false);\n", "", "reset-mmio.test_refused"),
    ("reset: the limit can't be set", RESET, "max(READ_ONCE(virtio_reset_limit), 1U)", "10", "reset-mmio.test_limit"),
    ("shutdown: a second for each device", RESET, "\tWRITE_ONCE(virtio_shutdown_budget, left);\n", "", "reset-mmio.test_shutdown_endless"),
    ("shutdown: as patient as ever", RESET, "\tvdev->ending = true;\n", "", "reset-pci.test_shutdown_endless"),
    ("shutdown: its driver is not asked", HANDSHAKE, "\tif (drv->shutdown)\n", "\tif (0)\n", "handshake.test_shutdown_by_driver"),
    ("pci: cut off for ever", "drivers/virtio/pci/common.c", "\telse if (!vp->pdev->is_busmaster)\n", "\telse if (0)\n", "reset-pci.test_function_reset"),
    ("handshake: a reset by the driver goes unnoticed", "drivers/virtio/queues.c", "\tvdev->ready = false;\n\tvdev->status = status;\n", "", "handshake.test_sets_up_by_itself"),
    ("handshake: a kick that is held for ever is not named", "drivers/virtio/held.c", "\tschedule_delayed_work(&held->work, HELD_LONG);\n}", "}", "handshake.test_kick_and_wait"),
    ("handshake: devices before 1.0 are not kicked in probe", HELD, "is_before_1_0(q->vq.vdev) ? kick_early : hold_kick;", "hold_kick;", "handshake.test_kick_before_1_0"),
    ("mmio: described devices are registered by the parser", MMIO_PARAMETER, "\tlist_add_tail(&d->node, &descriptions);\n", "\tlist_add_tail(&d->node, &descriptions);\n\tvm_register_described();\n", "mmio-parameter.test_before_module"),
    ("mmio: a version that nobody knows", MMIO, "vm->version < VM_LEGACY || vm->version > VM_SLOW_RESET", "0", "mmio-lies.test_device"),
    ("mmio: a first reset that did nothing", FEATURES, "if (vdev->reset_unseen && status != vdev->status)", "if (0)", "mmio-lies.test_first_reset"),
    ("mmio: no reset is read back", MMIO_REGISTERS, "vm->version == VM_MODERN && !met", "1", "mmio-cost.test_probe"),
    ("mmio: a placeholder is a device", MMIO, "\tif (!vm->vdev.id.device)\n\t\treturn -ENODEV;\n", "", "mmio-lies.test_placeholder"),
    ("mmio: registers that were not described", MMIO, "if (vm->size >= VM_REGISTERS)", "if (1)", "mmio-lies.test_short"),
    ("mmio: configuration that was not described", TRANSPORT, "min_t(size_t, len, window->len - offset)", "len", "mmio-lies.test_without_config"),
    ("mmio: the size of a page is not told", MMIO_REGISTERS, "vm_write(vm, VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE);", ";", "mmio-lies.test_queue"),
    ("mmio: shared memory in RAM", MMIO_REGISTERS, "region_intersects(addr, len, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=\n\t    REGION_DISJOINT",
     "0", "mmio-lies.test_shm"),
    ("mmio: unknown interrupts are acknowledged", MMIO_QUEUES, "VIRTIO_MMIO_INTERRUPT_ACK, status & KNOWN_INTERRUPTS);",
     "VIRTIO_MMIO_INTERRUPT_ACK, status);", "mmio-lies.test_reserved_interrupts"),
    ("mmio: interrupts of what is not there", MMIO_QUEUES, " || status == U32_MAX", "", "mmio-lies.test_idle_interrupts"),
    ("mmio: an enabled queue is set up", MMIO_QUEUES, "\tif (is_enabled(vm))\n\t\treturn virtio_queue_enabled_already(", "\tif (0)\n\t\treturn virtio_queue_enabled_already(",
     "mmio-lies.test_queue"),
    ("mmio: a queue that goes on is not told of", MMIO_QUEUES, "if (!vm->vdev.lost && is_enabled(vm))", "if (0)", "mmio-lies.test_queue_never_stops"),
    ("mmio: a queue's reset is not confirmed", MMIO_QUEUES, "\tif (busy) {", "\tif (0) {",
     "mmio-lies.test_queue_reset_unconfirmed"),
    ("mmio: a queue's reset without effect", MMIO_QUEUES, "\tif (is_enabled(vm)) {\n\t\tdev_warn", "\tif (0) {\n\t\tdev_warn",
     "mmio-lies.test_queue_reset_without_effect"),
    ("mmio: what follows a description is not looked at", MMIO_PARAMETER, "return !*at && d->size &&", "return d->size &&",
     "mmio-parameter.test_nonsense"),
    ("mmio: a description wraps", MMIO_PARAMETER, " && d->start <= PHYS_ADDR_MAX - (d->size - 1);", ";", "mmio-parameter.test_nonsense"),
    ("what was used before a reset is shown again", SLOW, "token = q->lied ? NULL : ring_call(q, get_ctx, len, ctx);", "token = NULL;",
     "ring-renew.test_renew"),
    ("what a liar used before a reset is believed", SLOW, "token = q->lied ? NULL : ring_call(", "token = ring_call(", "ring-renew.test_lie"),
    ("buffers in flight are lost in a reset", RENEW, "\t\tring_call(q, offer_again, &q->stale, q->mem.order[i]);\n", "\t\t;\n", "ring-renew.test_renew"),
    ("buffers are shown again by id", RENEW, "for (gap = n / 2; gap; gap /= 2) {", "for (gap = 0; gap; gap /= 2) {", "ring-renew.test_in_turn"),
    ("the turn of a buffer is not kept", ADD, "\tc.free[head].turn = format->next_turn(q);\n", "", "ring-renew.test_in_turn"),
    ("the turn of a table is not kept", ADD, "\tlink->turn = format->next_turn(q);\n", "", "ring-renew.test_in_turn"),
    ("the turn of a buffer is lost where it is shown again", RENEW, "\t\tq->links[q->mem.order[i]].turn = ring_call(q, turn);\n", "",
     "ring-renew.test_in_turn"),
    ("packed: turns stand still", PACKED, "\tq->turn++;\n", "", "ring-renew.test_in_turn"),
    ("free descriptors are shown after a reset", RENEW, "\t\tif (q->slots[id].token)\n", "", "ring-renew.test_renew"),
    ("descriptors that a packed ring has lost", PACKED, "if (phys || q->how & RING_PREMAPPED) {", "if (q->how & RING_PREMAPPED) {",
     "ring-renew.test_out_of_order"),
    ("an interrupt in a prompt is lost", RENEW, "if (READ_ONCE(q->missed) && !q->stalled && !q->broken) {", "if (0) {", "ring-renew.test_missed"),
    ("a lie in a queue that waits is believed", REPORT, "\tWRITE_ONCE(q->lied, true);\n\t/* Its device", "\t/* Its device", "ring-renew.test_lie_while_waiting"),
    ("delayed callbacks stay off on a muted queue", RING_API, "\tidle = ring_call(q, enable_cb_delayed);\n\tif (unlikely(READ_ONCE(q->halted)))",
     "\tidle = READ_ONCE(q->halted) || ring_call(q, enable_cb_delayed);\n\tif (unlikely(READ_ONCE(q->halted)))", "ring-renew.test_callbacks_while_muted"),
    ("a busy queue stays muted", RECOVERY, "\tif (r->muted)\n\t\tqueue_work", "\tif (0)\n\t\tqueue_work", "recovery.test_busy_when_back"),
    ("callbacks before the device is back", RENEW, "\t\tWRITE_ONCE(q->muted, true);\n\t\tWRITE_ONCE(q->stalled, true);",
     "\t\tWRITE_ONCE(q->stalled, false);", "ring-renew.test_renew"),
    ("buffers are refused while the device is away", SLOW, "\tif (q->broken)\n\t\treturn -EIO;", "\tif (q->halted)\n\t\treturn -EIO;",
     "ring-renew.test_add_only"),
    ("a queue is resized while its device is brought back", RING_RESET, "\tguard(mutex)(&vq->vdev->queues_lock);\n\terr = take", "\terr = take",
     "ring-reset.test_resize_in_recovery"),
    ("a queue that was given up stays broken", RENEW, "\t\t\tWRITE_ONCE(q->broken, false);\n", "", "ring-renew.test_wait_in_vain"),
    ("a polling driver's buffers stay in a queue that is broken", SLOW, "\twhile (!preemptible() && ring_drain(q, NULL))\n\t\t;\n", "",
     "ring-renew.test_broken_while_polled"),
    ("buffers of a live device are given back", RING_API, "\t\tq->vq.vdev->let_go(q->vq.vdev);\n", "\t\t;\n", "let-go.test_live"),
    ("queues of a live device are deleted", PCI_QUEUES, "\tvirtio_let_go(vdev);\n", "", "locks-pci.test_meet"),
    ("a reset by the driver is not noticed", MODERN, "\t.reset\t\t\t= virtio_driver_reset,", "\t.reset\t\t\t= reset,", "locks-pci.test_meet"),
    ("brought back without end", RECOVERY, "if (r->attempts == MOST_ATTEMPTS)", "if (0)", "recovery.test_limit"),
    ("given up for what it failed at before it served", RECOVERY, "if (vring_has_served(r->vdev) ||", "if (", "recovery.test_needs_reset"),
    ("given up for what is long ago", RECOVERY, "|| time_after(jiffies, r->last + virtio_recovery_long))", ")", "recovery.test_seldom"),
    ("a bus that resets a device is not heard", RECOVERY, "\tr->paused = true;\n\tmutex_unlock(&vdev->queues_lock);", "\tmutex_unlock(&vdev->queues_lock);",
     "recovery.test_bus_reset_in_between"),
    ("reset by its bus while it is set up again", RECOVERY, "\twait_event_timeout(r->turn, !READ_ONCE(r->restarting), BUS_LIMIT);\n", "",
     "recovery.test_bus_reset_in_between"),
    ("lost, as its driver is being restarted", RECOVERY, "&& (r->live || r->rebuilding);", "&& r->live;", "page-return.test_idle_goes_again"),
    ("a device is made live once", RESET, "\tvdev->ready = false;\n", "", "recovery.test_needs_reset"),
    ("reset by its driver while its bus does", RECOVERY, "\tif (rebuilding)\n\t\tbegin_restart(r);\n", "", "recovery.test_bus_reset_in_between"),
    ("drivers are restarted that are in use", RECOVERY, "if (drv->restarts &&", "if (", "recovery.test_not_restarted"),
    ("a driver is not told of a reset", RECOVERY, "\t\tdrv->revived(r->vdev);\n", "\t\t;\n", "recovery.test_revived"),
    ("a queue of a device that is lost", QUEUE, "if (READ_ONCE(vdev->lost))", "if (0)", "recovery.test_lost_at_setup"),
    ("a restart that was disturbed is the last", RECOVERY, "while (end_restart(r, err));", "while (end_restart(r, 0));",
     "page-return.test_idle_goes_again"),
    ("the driver is not restarted", RECOVERY, "\t\tqueue_work(restart_wq, &r->rebuild);\n", "\t\t;\n", "recovery.test_needs_reset"),
    ("a driver is restarted without a way to do it", RECOVERY, "if (drv->restarts && drv->freeze && drv->restore)", "if (drv->restarts)",
     "told.test_no_way_to_restart"),
    ("a change is told before the device is back", CHANGES, "if (!virtio_recovery_hears(vdev))", "virtio_recovery_hears(vdev);", "told.test_change_with_failure"),
    ("a change is not told once the device is back", RECOVERY, "\t\ttell_change(r);\n\t\tqueue_work", "\t\tqueue_work", "told.test_change_in_pause"),
    ("a device that fails has the log to itself", ANNOUNCE, "a->loud = __ratelimit(&a->rate);", "a->loud = true;", "told.test_too_often"),
    ("another driver waits for a bus of before", RECOVERY, "\tr->paused = false;\n\tr->changed = false;\n", "\tr->changed = false;\n",
     "policy.test_pause_is_forgotten"),
    ("a driver is not asked whether requests may be repeated", POLICY, "return vdev->repeatable && ", "return ", "policy.test_not_asked_for"),
    ("recovery can't be switched off", POLICY, "return is_supported(vdev) && !is_switched_off(vdev);", "return is_supported(vdev);",
     "policy.test_attribute"),
    ("a queue that was broken for good is forgotten", RECOVERY, "if (r->refused || !virtio_may", "if (!virtio_may", "policy.test_on_too_late"),
    ("a device that is out of use keeps its requests", RECOVERY, "put_out_of_use(r, why, drv_to_virtio(vdev->dev.driver)->takes_back);", "put_out_of_use(r, why, false);",
     "policy.test_disk_off"),
    ("a device that lies unnoticed keeps its requests", "drivers/virtio/ring/report.c", "\tWRITE_ONCE(q->lied, true);\n\t/* Its", "\t/* Its", "policy.test_taken_back"),
    ("a broken queue asks for nothing", RECOVERY, "\tvdev->queue_broke = queue_broke;\n", "", "recovery.test_lies"),
    ("what is in flight in a device that is gone is not given back", HANDSHAKE, "\tvring_end(vdev);\n", "", "recovery.test_torn_out"),
    ("a device that is given up keeps what it has", HANDSHAKE, "\tset_failed(vdev);\n\tvirtio_end_what_is_in_flight(vdev);", "\tset_failed(vdev);",
     "recovery.test_given_up"),
    ("a queue that ends is not shut down", SLOW, "\t\tif (q->ending)\n\t\t\tring_shut_down(q);\n", "", "recovery.test_torn_out"),
    ("torn out while its driver waits for it", RECOVERY, "\t\tvirtio_end_what_is_in_flight(vdev);\n", "\t\t;\n", "recovery.test_torn_out_in_restart"),
    ("requests wait for a device that was not restored", HANDSHAKE, "\tif (err)\n\t\tvirtio_stand_in_begin(vdev);\n", "", "recovery.test_not_restored"),
    ("a stand-in stays for ever", HANDSHAKE, "\telse if (vdev->dev.driver)\n\t\tvirtio_stand_in_end(vdev);\n", "", "recovery.test_not_restored"),
    ("a stand-in stays when its driver goes", HANDSHAKE, "\tvirtio_stand_in_end(vdev);\n\tmake_sure", "\tmake_sure", "recovery.test_not_restored_and_removed"),
    ("a device that was lost is waited for", RECOVERY, "\tif (err)\n\t\tvirtio_stand_in_begin(r->vdev);\n", "", "page-return.test_idle_is_lost"),
    ("a bus reset is not noticed", RECOVERY, 'bring_back(r, "reset by its bus");', ";", "recovery.test_bus_reset"),
    ("kicks are not counted", RING_API, "\tring_count(q, kicks_sent);\n", "", "watch.test_file"),
    ("kicks that were not wanted are not counted", "drivers/virtio/ring/engine.h", "\tring_count(q, kicks_suppressed);\t\t\t\t\t\t\\\n", "", "watch.test_file"),
    ("callbacks are not counted", QUEUE, "\tring_count(q, callbacks);\n", "", "watch.test_file_of_used"),
    ("buffers have no time", WATCH, "\tWRITE_ONCE(stamp->since, (u32)jiffies);\n", "", "watch.test_file_of_used"),
    ("what the device owes is not known on a split ring", SPLIT, "return !(cpu16(q, READ_ONCE(desc->flags)) & VRING_DESC_F_WRITE);", "return true;", "watch.test_not_stuck_when_idle"),
    ("what the device owes is not known on a packed ring", PACKED, "return !(READ_ONCE(q->maps[id].flags) & VRING_DESC_F_WRITE);", "return true;", "watch.test_not_stuck_when_idle"),
    ("used buffers are not counted on a packed ring", PACKED, "\t\tcount++;\n", "", "watch.test_file_of_used"),
    ("used buffers are not counted on a split ring", SPLIT, "return min(used, most);", "return 0;", "watch.test_file_of_used"),
    ("why a queue broke is not kept", REPORT, "\tring_note_why(q, line);\n", "", "watch.test_file_of_broken"),
    ("a stuck queue is said again and again", STUCK, "\t\tq->stuck.step = STEP_HELPED;\n", "", "watch.test_stuck"),
    ("a queue that goes on is not said to", STUCK, "\tring_say_stuck(&q->vq, \"goes on\");\n", "", "watch.test_stuck"),
    ("the age of a request does not matter", STUCK, "if (jiffies - stuck->since >= limit && !keeps", "if (!keeps", "watch.test_not_stuck_so_soon"),
    ("a queue that is at work is stuck", STUCK, "if (moved || !(used || asked))", "if (!(used || asked))", "watch.test_not_stuck_at_work"),
    ("a lost notification is not repeated", STUCK, "\tvirtqueue_notify(&q->vq);\n", "", "stuck.test_lost_kick"),
    ("a driver whose interrupt was lost is not called back", STUCK, "\t\task_core(q, VRING_HELP_RECALL);\n", "", "stuck.test_lost_interrupt"),
    ("a queue that is stuck is reset without being asked to", STUCK, " &&\n\t\t   READ_ONCE(ring_stuck_reset))", ")", "stuck.test_slow"),
    ("what a device that is gone had is not ended", RECOVERY, "\t\tr->live = false;\n\t\tvirtio_handshake_fail(vdev);", "\t\tr->live = false;", "stuck.test_gone_in_remove"),
    ("a buffer that is never kicked is not named", MISUSE, "\tif (waited && q->check.waits)\n", "\tif (0)\n", "check.test_not_kicked"),
    ("a paused guest is taken for a silent device", STUCK, "READ_ONCE(q->halted) || late)", "READ_ONCE(q->halted))", "watch.test_not_stuck_when_paused"),
    ("an add is not traced", SLOW, "\ttrace_virtio_add(&q->vq, buf->token, buf->out, buf->in, err);\n", "", "watch.test_trace"),
    ("a get is not traced", SLOW, "\t\ttrace_virtio_get(&q->vq, token, *len);\n", "\t\t;\n", "watch.test_trace"),
    ("a callback is not traced", QUEUE, "\t\tring_trace_callback(q);\n", "\t\t;\n", "watch.test_trace"),
    ("all kicks are said to be sent", SLOW, "kick = VIRTIO_KICK_BROKEN;", ";", "watch.test_trace_of_kicks"),
    ("two operations at once", MISUSE, "\tif (other)\n", "\tif (0)\n", "check.test_two_at_once"),
    ("an operation does not end", MISUSE, "WRITE_ONCE(q->check.op, NULL);", ";", "check.test_good_driver"),
    ("an add after shutdown", RING_API, '\tring_check_ended(q, "shutdown");\n', "", "check.test_add_after_shutdown"),
    ("an add after a break", QUEUE, '\tring_check_ended(to_ring(vq), "virtio_break_device");\n', "", "check.test_add_after_break"),
    ("a queue that starts anew is said to have ended", QUEUE, "\tring_check_ended(q, NULL);\n", "", "check.test_add_after_start"),
    ("the core's break is the driver's", QUEUE, "\tWRITE_ONCE(to_ring(vq)->broken, true);\n}", '\tWRITE_ONCE(to_ring(vq)->broken, true);\n\tring_check_ended(to_ring(vq), "x");\n}',
     "check.test_add_after_core_broke_it"),
    ("waiting for memory under a lock", MISUSE, "if (gfpflags_allow_blocking(buf->gfp) && !may_sleep_here())", "if (0)", "check.test_waiting_for_memory"),
    ("a call that sleeps under a lock", MISUSE, "if (!ring_is_checked() || may_sleep_here())", "if (1)", "check.test_sleeping_call"),
    ("a queue that was deleted", MISUSE, "\tWRITE_ONCE(q->check.deleted, true);\n", "", "check.test_use_after_del"),
    ("a buffer on the stack", MISUSE, "if (object_is_on_stack(start))", "if (0)", "check.test_stack"),
    ("a buffer without pages", MISUSE, "if (!pfn_valid(page_to_pfn(page))) {", "if (0) {", "check.test_vmalloc"),
    ("the token of another device", LAYOUT, "if (!virtio_is_checked() || is_field_of(vdev, field))", "if (1)", "check.test_foreign_token"),
    ("checks can't be switched off", MISUSE, "\t\tstatic_branch_disable(&ring_checks);", "\t\t;", "check.test_off"),
    ("page: a length past the end is believed", PAGE_WALK, "*length <= min_t(size_t, VIRTIO_PAGE_FIELDS_MAX, page->length - at - DESCRIPTOR))", "1)", "page-lies.test_descriptor"),
    ("page: a header longer than the page", PAGE_SIDE, "length >= PAGE_HEADER && length <= page->size) {", "length >= HEADER) {", "page-lies.test_header"),
    ("page: any version will do", PAGE_SIDE, "magic == VIRTIO_PAGE_MAGIC && version == VIRTIO_PAGE_VERSION &&", "magic == VIRTIO_PAGE_MAGIC &&", "page-lies.test_header"),
    ("page: fields of bits of any length", PAGE_WALK, "(len == sizeof(struct virtio_page_bits) ||", "(len ||", "page-lies.test_descriptor"),
    ("page: queues of any length", PAGE_WALK, "if (len == sizeof(struct virtio_page_queue))", "if (1)", "page-lies.test_descriptor"),
    ("page: device 0 is one", PAGE_WALK, "if (dev->vdev.id.device && has_bits(", "if (has_bits(", "page-lies.test_descriptor"),
    ("page: any state is a device", PAGE_WALK, "if (!page_is_in_state(shared, VIRTIO_PAGE_LIVE))\n\t\t\tcontinue;", "if (page_is_in_state(shared, VIRTIO_PAGE_EMPTY))\n\t\t\tcontinue;", "page-lies.test_descriptor"),
    ("page: complaints without a limit", PAGE_H, "if (__ratelimit(&(_page)->complaints))", "if (1)", "page-life-lies.test_changes_running"),
    ("page: a command is waited for for long", PAGE_DEVICE, "\t\tif (!virtio_wait_longer(&wait))\n", "\t\tif (!virtio_wait_longer(&wait) && wait.looked - wait.began > 100 * NSEC_PER_SEC)\n", "page-life-lies.test_said"),
    ("page: one that is silent is asked again", PAGE_DEVICE, "\tdev->vdev.lost = true;\n\tvring_break(&dev->vdev);", "\tvring_break(&dev->vdev);", "page-life-lies.test_said"),
    ("page: an odd generation is read", PAGE_DEVICE, "return !(before & 1) && generation", "return generation", "page.test_generation"),
    ("page: fields are read for long", PAGE_DEVICE, "looks < MOST_LOOKS;", "looks < 1000 * MOST_LOOKS;", "page-life-lies.test_generation_odd"),
    ("page: what is set is not told", PAGE_DEVICE, "\tpage_tell(dev, VIRTIO_PAGE_C_CONFIG);\n", "", "page.test_set"),
    ("page: data is to come with a kick", PAGE_DEVICE, "\t__virtio_clear_bit(vdev, VIRTIO_F_NOTIFICATION_DATA);\n", "", "page.test_transport_bits"),
    ("page: fields of features that are not there", PAGE_DEVICE, "if (!virtio_layout_offers(vdev, type))", "if (0)", "page.test_fields"),
    ("page: what was found stays found over a reset", PAGE_DEVICE, "\t\tvirtio_fields_reset(&dev->fields);", "\t\t;", "page.test_fields"),
    ("page: the token of another device", PAGE_DEVICE, "if (!virtio_is_checked() ||\n", "if (1 || !virtio_is_checked() ||\n", "check.test_foreign_place"),
    ("page: one that may come back is given up", PAGE_DEVICE, "if (!READ_ONCE(dev->page->away))\n\t\tvirtio_wait", "if (1)\n\t\tvirtio_wait", "page-return.test_goes_again"),
    ("page: rung once more while it looks", PAGE_QUEUES, "if (READ_ONCE(dev->shared->kicked))\n", "if (0)\n", "page-queue.test_kicked_once"),
    ("page: a queue that goes stays enabled", PAGE_QUEUES, "\tfield->enabled = enabled;", "\tfield->enabled |= enabled;", "page-queue.test_queue_count"),
    ("page: queues of a device that is another's", PAGE_QUEUES, "if (page_is_away(dev))\n\t\treturn;", "if (0)\n\t\treturn;", "page-return.test_place_of_another"),
    ("page: a reset of a queue that was not agreed", PAGE_QUEUES, "if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))", "if (0)", "page-queue.test_no_queue_reset"),
    ("page: queues that have become smaller", TRANSPORT, "\tif (offered >= size)\n", "\tif (1)\n", "page-return.test_smaller_queue"),
    ("pci: queues that have become smaller", TRANSPORT, "\tif (offered >= size)\n", "\tif (1)\n", "pci-errors.test_back_with_less"),
    ("page: the flag of used buffers stays", PAGE_SIDE, "\tWRITE_ONCE(dev->shared->used, 0);\n", "", "page-queue.test_flags_first"),
    ("page: the flag of changes stays", PAGE_SIDE, "\tWRITE_ONCE(dev->shared->changed, 0);\n", "", "page-queue.test_flags_first"),
    ("page: flags of a place that is another's", PAGE_SIDE, "if (page_is_away(dev))\n\t\t\tcontinue;", "if (0)\n\t\t\tcontinue;", "page-return.test_place_of_another"),
    ("page: places are not released", PAGE_WALK, "\tWRITE_ONCE(shared->command, VIRTIO_PAGE_C_RELEASE);\n", "", "page.test_hot_remove"),
    ("page: nobody looks for what is gone in a probe()", PAGE_SIDE, "\t\tqueue_work(system_freezable_wq, &page->go);\n}\nEXPORT_SYMBOL_GPL(virtio_page_look)", "\t\tqueue_work(system_freezable_wq, &page->walk);\n}\nEXPORT_SYMBOL_GPL(virtio_page_look)", "page-probe.test_gone_in_probe"),
    ("page: who waits for one that is lost is not woken", PAGE_WALK, "\twake_up_all(&dev->page->answered);\n", "", "page-probe.test_gone_in_probe"),
    ("page: the walk goes on in another page", PAGE_WALK, " && page->opened == opened)", ")", "page-probe.test_returns_in_probe"),
    ("page: another device for the same", PAGE_SIDE, "le32_to_cpu(READ_ONCE(shared->vendor)) == dev->vdev.id.vendor &&", "1 &&", "page-return.test_other_vendor"),
    ("page: attempts of the last side count", RECOVERY, "\tif (blameless)\n\t\tr->attempts = 0;\n", "", "page-return.test_often"),
    ("page: one that is away is given up", RECOVERY, "else if (is_away(vdev))", "else if (0)", "page-return.test_goes_again"),
    ("page: who waits is not told that nobody is there", PAGE_SIDE, "\tWRITE_ONCE(page->away, true);\n\twake_up_all(&page->answered);\n}",
     "\twake_up_all(&page->answered);\n}", "page-return.test_dies_in_command"),
    ("page: nobody waits for who has left", PAGE_SIDE, "!virtio_recovery_pause(&dev->vdev))", "!virtio_recovery_pause(&dev->vdev) || 1)", "page-return.test_disk_returns"),
    ("sample: it posts too little", SAMPLE, "sg_init_one(&sg, s->buf, sizeof(s->buf));", "sg_init_one(&sg, s->buf, 32);", "sample.test_read"),
    ("sample: what was not written is handed out", SAMPLE, "return len ?: -EIO;", "return sizeof(s->buf);", "sample.test_short_answer"),
    ("sample: nothing is the end", SAMPLE, "return len ?: -EIO;", "return len;", "sample.test_empty_answer"),
    ("sample: the device is to read what it should fill", SAMPLE, "&sg, 0, 1, s);", "&sg, 1, 0, s);", "sample.test_buffer"),
    ("sample: a length is believed", TAKE, "if (unlikely(wrote > slot->writable))", "if (0)", "sample.test_length_lies"),
    ("sample: a device that lies stays broken", RECOVERY, "\tvdev->queue_broke = queue_broke;\n", "", "sample.test_id_lies"),
    ("sample: not told of a device that fails", SAMPLE, "\t.takes_back\t= true,\n", "", "sample.test_fails"),
    ("sample: told nonsense of a device that goes", SAMPLE, "\tif (s->posted)\n\t\treturn -ENODEV;\n", "", "sample.test_removed"),
    ("sample: it does not wake up", SAMPLE, "\tif (!err)\n\t\tshow_sample(vdev->priv);\n", "", "sample.test_sleep"),
    ("sample: a second device is taken", SAMPLE, "\tif (the_sample)\n\t\treturn -EBUSY;\n", "", "sample.test_second_device"),
    ("sample of 6.12: it posts too little", SAMPLE_612, "sg_init_one(&sg, s->buf, sizeof(s->buf));", "sg_init_one(&sg, s->buf, 32);",
     "sample.test_read"),
    ("sample of 6.12: it does not wake up", SAMPLE_612, "\tif (!err)\n\t\tshow_sample(vdev->priv);\n", "", "sample.test_sleep"),
    ("skeleton: an answer is read twice", SKELETON, "\ts->len = 0;\n\treturn len;", "\treturn len;", "skeleton.test_answer"),
    ("skeleton: a failure is a success", SKELETON, "return s->len ? len : -EIO;", "return len;", "skeleton.test_errors"),
    ("skeleton: not told of a device that goes", SKELETON, "return s->asked ? -ENODEV : 0;", "return 0;", "skeleton.test_removal"),
    ("skeleton: it does not wake up", SKELETON, "\tif (!err)\n\t\tshow(vdev->priv);\n", "", "skeleton.test_sleep"),
    ("disk: a feature of its table is not agreed", FEATURES, "\t\ttable_bits(bits, drv->feature_table, drv->feature_table_size);", "\t\t;",
     "blk.test_flush"),
    ("disk: a change is not told", CHANGES, "\t\tdrv->config_changed(vdev);", "\t\t;", "blk.test_grow"),
    ("disk: what is in flight is ended before it is answered", HANDSHAKE,
     "if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {\n\t\tvirtio_reset_device(vdev);", "if (1) {\n\t\tvirtio_reset_device(vdev);",
     "blk.test_removed_under_load"),
    ("a field that was looked at is used up", LAYOUT, "\tlen = size_of(vdev, field, little);\n",
     "\t__set_bit(type, vdev->fields_used);\n\tlen = size_of(vdev, field, little);\n", "debugfs.test_structure_not_used_up"),
    ("a field of a page likewise", CONFIG, "\treturn &fields->field[nr];\n", "\tmark(fields, &fields->field[nr], true);\n\treturn &fields->field[nr];\n",
     "debugfs.test_page"),
    ("a tag as long as the device says", LAYOUT, "min_t(u16, __virtio16_to_cpu(little, count), field->size)", "__virtio16_to_cpu(little, count)",
     "debugfs.test_lies"),
    ("a device that is gone is looked at", DEBUGFS, "if (virtio_get_status(vdev) == VIRTIO_STATUS_GONE) {\n\t\tshow_status", "if (0) {\n\t\tshow_status",
     "debugfs.test_gone"),
    ("a device goes before its readers", DEBUGFS, "debugfs_remove_recursive(vdev->debugfs_dir);", ";", "debugfs.test_removed_under_reader"),
    ("who agrees on features is disturbed", DEBUGFS, "!device_trylock(&vdev->dev))", "(device_trylock(&vdev->dev), 0))", "debugfs.test_asked_by_another"),
    ("what was agreed with a driver that is gone", DEBUGFS, "agreed ? READ_ONCE(vdev->features_array[word]) : 0;",
     "READ_ONCE(vdev->features_array[word]);", "debugfs.test_features"),
)


def put(path, text):
    """By a new file: TREE may share the old one with another tree by a hard link."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.replace(path + ".new", path)


def read(path):
    with open(path) as f:
        return f.read()


def refresh(tree):
    """All of ours, as new: the copy is older than what was built from the last mutant."""
    for name, path in overlay.check_tree(tree).files().items():
        put(os.path.join(tree, name), read(path))


def pattern(test):
    return "-bus.*" if test == COMPILER else f"-{test}" if test else ""


def build(args):
    """Whether it builds.  Not by the tree's kunit.py, which configures each time, and builds what no test needs."""
    with open(os.path.join(args.build, "mutant.log"), "w") as out:
        return not subprocess.run(["make", "-s", "-C", args.tree, "ARCH=um", f"O={args.build}", f"-j{os.cpu_count()}", "CC=ccache gcc", "linux"],
                                  stdout=out, stderr=subprocess.STDOUT).returncode


def run(args, test):
    """"passed", "failed" or "did not run", of a kernel that is built.  The first pass that fails is the last."""
    for _, _, words in kunit.PASSES:
        with contextlib.redirect_stdout(io.StringIO()):
            (passed, failed), complaints = kunit.run_and_count(args.tree, args.build, "kunit.config", pattern(test), ("exec",), words)
        if not passed + failed:
            return "did not run"
        if failed or complaints:
            return "failed"
    return "passed"


def has_place(path, old):
    """Why there is nothing to change, or None."""
    count = read(os.path.join(TOP, path)).count(old)
    return None if count == 1 else f"{count} places in {path} to change, expected 1"


def has_test(test):
    """Why nothing can fail, or None: whether a file of tests has both names."""
    suite, _, case = test.partition(".")
    for name in glob.glob(f"{TOP}/drivers/virtio/tests/*_test.c") + glob.glob(f"{TOP}/samples/virtio/*_test.c"):
        text = read(name)
        if (fnmatch.filter(re.findall(r'"virtio-([\w-]+)"', text), suite) and
                fnmatch.filter(re.findall(r"KUNIT_CASE\w*\((\w+)", text), case or "*")):
            return None
    return f"there is no test {test}"


def misplaced():
    """What keeps rows from being run, a line each."""
    for name, path, old, _, test in MUTANTS:
        why = has_place(path, old) or (None if test == COMPILER else has_test(test))
        if why:
            yield f"mutate.py: {name}: {why}"


def judge(args, name, path, old, new, test):
    """None if the mutant was caught, else why not."""
    why = has_place(path, old)
    if why:
        return why
    text = read(os.path.join(TOP, path))
    put(os.path.join(args.tree, path), text.replace(old, new))
    try:
        got = run(args, test) if build(args) else "not built"
    finally:
        put(os.path.join(args.tree, path), text)
    expected = "not built" if test == COMPILER else "failed"
    return None if got == expected else f"{test}: {got}, expected it {expected}"


def is_sound(args, rows):
    """Do the tests of all rows pass as they are?  One by one, if they are few.  The first run configures."""
    tests = sorted({row[4] for row in rows})
    first, *rest = tests if len(tests) <= FEW else [""]
    with contextlib.redirect_stdout(io.StringIO()):
        kunit.run_and_count(args.tree, args.build, "kunit.config", pattern(first), kunit.BUILD_AND_RUN, "")
    for test in (first, *rest):
        got = run(args, test)
        if got != "passed":
            print(f"mutate: {test or 'all tests'} as they are: {got}; see {args.build}/kunit.log\n0 passed, 1 failed")
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tree", type=os.path.abspath, help="scratch copy of a tree with the overlay applied")
    parser.add_argument("build", type=os.path.abspath, help="build tree for it")
    parser.add_argument("only", nargs="?", default="*", help="pattern of names, like '14*'")
    args = parser.parse_args()
    rows = [row for row in MUTANTS if fnmatch.fnmatch(row[0], args.only)]
    if not rows:
        sys.exit(f"mutate: no row is named {args.only}")
    os.makedirs(args.build, exist_ok=True)
    refresh(args.tree)
    if not is_sound(args, rows):
        return 1
    counts = [0, 0]
    for mutant in rows:
        start = time.time()
        why = judge(args, *mutant)
        counts[bool(why)] += 1
        print(f"{'MISSED' if why else 'caught':7}{mutant[0]:55}{mutant[4]} ({time.time() - start:.0f} s)", flush=True)
        if why:
            print(f"       {why}", flush=True)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
