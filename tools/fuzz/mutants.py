# SPDX-License-Identifier: GPL-2.0
"""Ways to break the core that the fuzzer has to find: name, target, file, what stands there, what the mutant has."""

SPLIT, PACKED, QUEUE, TAKE, ADD, MEMORY, MAPPING, RING, REPORT, API, RESET = (
    f"ring/{f}" for f in ("split.c", "packed.c", "queue.c", "take.h", "add.h", "memory.c", "mapping.c", "ring.h", "report.c", "api.c", "reset.c"))
IN_FLIGHT = "return likely(id < q->num && q->slots[id].token);"
INDEX = "if (unlikely((u16)(seen - at) > (u16)(q->avail_published - at)))"

MUTANTS = (
    ("the used id is not checked", "ring", TAKE, IN_FLIGHT, "return likely(q->slots[id].token);"),
    ("an id that is not in flight is taken", "ring", TAKE, IN_FLIGHT, "return likely(id < q->num);"),
    ("the used id is read again after the check", "ring", TAKE, "\tslot = &q->slots[id];\n\tcount = slot->count;",
     "\tid = format->read_used(q, at, &wrote);\n\tslot = &q->slots[id];\n\tcount = slot->count;"),
    ("the used index is not checked", "ring", SPLIT, INDEX, "if (0)"),
    ("the used index is read again after the check", "ring", SPLIT, "\tq->used_seen = seen;", "\tq->used_seen = split_used_index(q);"),
    ("the device's length is not clamped", "ring", TAKE, "if (unlikely(wrote > slot->writable))", "if (0)"),
    ("the length is read again after the check", "ring", SPLIT, "\treturn __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->id));",
     "\tif (*wrote < 64)\n\t\t*wrote = __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->len));\n"
     "\treturn __virtio32_to_cpu(ring_le(q), READ_ONCE(elem->id));"),
    ("the free list is in shared memory", "ring", SPLIT, "unsigned long next = c->free[c->at];",
     "unsigned long next = cpu16(q, q->mem.split.desc[c->at].next);"),
    ("a slot is not marked free", "ring", TAKE, "\tslot->token = NULL;\n", ""),
    ("the whole chain is not freed", "ring", TAKE, "q->vq.num_free += count;", "q->vq.num_free++;"),
    ("the table is not put back", "ring", TAKE, "\ttable->next = q->free_tables;\n\tq->free_tables = table;\n\treturn token;", "\treturn token;"),
    ("a table of one buffer is not freed", "ring", TAKE, "\tif (unlikely(!table->pooled))\n\t\treturn ring_table_free(q, table, token);\n", ""),
    ("nothing is unmapped", "ring", RING, "return !q->premapped && (q->must_unmap || dma_dev_need_sync(q->dma_dev));", "return false;"),
    ("what is premapped is unmapped", "ring", RING, "return !q->premapped && (q->must_unmap", "return (q->must_unmap"),
    ("a table is unmapped with another length", "ring", MEMORY, "\t\tdma_unmap_single(q->dma_dev, table->addr,\n\t\t\t\t table->count * sizeof",
     "\t\tdma_unmap_single(q->dma_dev, table->addr,\n\t\t\t\t (table->count + 1) * sizeof"),
    ("a table is not synchronised", "ring", ADD, "\t\t\tring_table_written(q, table);\n", ""),
    ("what was laid is not unmapped when an add fails", "ring", ADD, "if (!phys && ring_needs_unmap(q))", "if (0)"),
    ("descriptors of an add that failed stay", "ring", PACKED, "packed_desc(q, at)->flags = cpu_to_le16(at & WRAP ? 0 : AVAIL | USED);", ";"),
    ("a shutdown unmaps twice", "ring", QUEUE, "\t\tif (!q->draining)\n\t\t\tring_release", "\t\tring_release"),
    ("a drain skips the last buffer", "ring", QUEUE, "for (id = 0; id < q->num; id++) {\n\t\ttoken", "for (id = 0; id + 1 < q->num; id++) {\n\t\ttoken"),
    ("a resize keeps the old state", "ring", RESET, "\tring_free_state(&old);\n", ""),
    ("a resize that fails keeps the new size", "ring", RESET, "\t\tq->num = old.num;\n", ""),
    ("a break is said again and again", "ring", REPORT, "\tif (q->broken || q->stalled)\n\t\treturn;\n", ""),
    ("the wrap counter of used buffers does not turn", "ring", PACKED, "\t\tq->used_flags ^= AVAIL | USED;\n", ""),
    ("a batch ends one buffer late", "ring", TAKE, "\tWRITE_ONCE(q->in_batch, false);\n", ""),
    ("a single list that is left out is looked at", "ring", ADD, "buf.lists && buf.sgs[0] && !sg_is_last", "buf.lists && !sg_is_last"),
    ("a held kick that fails goes unnoticed", "ring", QUEUE, "\t\tif (xchg(&q->kick_held, false))\n\t\t\tvirtqueue_notify(vq);",
     "\t\tif (xchg(&q->kick_held, false))\n\t\t\tq->tell(vq);"),
    ("a pointer leaves the contents of a field", "fields", "layout.c", "contents + (from - field->offset), to - from);", "contents + from - field->offset, to - from);"),
    ("a field's length may lie past the page", "fields", "config.c", "if (size - at < 2)", "if (0)"),
    ("a page that does not end is taken", "fields", "config.c", "\tvirtio_fields_free(fields);\n\treturn -EINVAL;", "\treturn 0;"),
    ("a field's length is read again after the check", "fields", "config.c", ".len = len, .offset", ".len = READ_ONCE(fields->page[at + 1]), .offset"),
    ("a late feature is said to be had", "fields", "config.c", "\t\treturn 0;\n\t}\n\tbits[half", "\t\treturn 1;\n\t}\n\tbits[half"),
    ("get takes any length", "fields", "config.c", "there = min_t(unsigned int, len, field->len);", "there = len;"),
    ("set takes any length", "fields", "config.c", "buf, min_t(unsigned int, len, field->len));", "buf, len);"),
    ("a field of bits may be of any length", "fields", "config.c", "!token || len > sizeof(bits) ||", "!token ||"),
    ("the length of a tag is believed", "fields", "layout.c", "return min_t(u16, virtio16_to_cpu(vdev, count), field->size);",
     "return virtio16_to_cpu(vdev, count);"),
    ("a wrong width is read anyhow", "fields", "config.c", "if (len != size) {", "if (len < size) {"),
)
