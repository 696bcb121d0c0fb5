#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# v86 0.5.462, virtio-console: some control messages are put into the used ring twice.
#
# Guess: a device uses each available buffer once (virtio 1.3, 2.7.8), so the used index never passes
# the available index, and a driver may take an index beyond it for a broken device.
# Seen: PORT_READY and PORT_OPEN each bring two used entries of the same id before the notification
# returns.  A driver that breaks the queue at the first of them loses all ports but one.  Needs node.
set -eu
command -v npm >/dev/null && command -v node >/dev/null || { echo "node and npm are missing" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" v86@0.5.462+g5f9a90f
cat >"$folder/probe.mjs" <<'END'
import { V86 } from "v86/build/libv86-debug.mjs";

const log = console.log;
console.log = () => {};         // the debug build says what it does
const emulator = new V86({ wasm_path: "node_modules/v86/build/v86-debug.wasm", memory_size: 16 << 20, virtio_console: true,
                           autostart: false, disable_speaker: true, disable_keyboard: true, disable_mouse: true });
await new Promise(done => emulator.add_listener("emulator-loaded", done));
const cpu = emulator.v86.cpu;
const memory = new DataView(cpu.wasm_memory.buffer, cpu.mem8.byteOffset, cpu.mem8.length);
const [common, notify] = cpu.devices.virtio_console.virtio.pci_bars.map(bar => bar.original_bar & ~3);
const [EVENTS, CONTROL, SIZE] = [2, 3, 16];
const rings = { [EVENTS]: { start: 0x100000, added: 0 }, [CONTROL]: { start: 0x110000, added: 0 } };
const message = 0x200000, answers = 0x210000;

function status(value) {
	cpu.io.port_write8(common + 0x14, value);
}

function put64(at, value) {
	cpu.io.port_write32(common + at, value);
	cpu.io.port_write32(common + at + 4, 0);
}

function features(page, bits) {
	cpu.io.port_write32(common + 0x08, page);
	cpu.io.port_write32(common + 0x0c, bits);
}

function enable(queue) {
	const start = rings[queue].start;

	cpu.io.port_write16(common + 0x16, queue);
	cpu.io.port_write16(common + 0x18, SIZE);
	put64(0x20, start);
	put64(0x28, start + 0x1000);
	put64(0x30, start + 0x2000);
	rings[queue].offset = cpu.io.port_read16(common + 0x1e);
	cpu.io.port_write16(common + 0x1c, 1);
}

function add(queue, address, length, written) {
	const ring = rings[queue], id = ring.added++;

	memory.setUint32(ring.start + 16 * id, address, true);
	memory.setUint32(ring.start + 16 * id + 8, length, true);
	memory.setUint16(ring.start + 16 * id + 12, written ? 2 : 0, true);
	memory.setUint16(ring.start + 0x1004 + 2 * id, id, true);
	memory.setUint16(ring.start + 0x1002, ring.added, true);
	return id;
}

// Reset to DRIVER_OK, with MULTIPORT and VERSION_1 and the two queues of control messages (virtio 1.3, 3.1.1).
for (const value of [0, 1, 3])
	status(value);
features(0, 1 << 1);
features(1, 1);
status(11);
enable(EVENTS);
enable(CONTROL);
status(15);
for (let n = 0; n < 8; n++)
	add(EVENTS, answers + 64 * n, 64, true);

const used = rings[CONTROL].start + 0x2000;
const usedIndex = () => memory.getUint16(used + 2, true);
const usedId = n => memory.getUint32(used + 4 + 8 * n, true);
let changed = false;

function send(name, port, event, expected) {
	const before = usedIndex();

	memory.setUint32(message, port, true);
	memory.setUint16(message + 4, event, true);
	memory.setUint16(message + 6, 1, true);
	const id = add(CONTROL, message, 8, false);
	cpu.io.port_write16(notify + 2 * rings[CONTROL].offset, CONTROL);
	const ids = Array.from({ length: usedIndex() - before }, (_, n) => usedId(before + n));
	log(`  ${name}, made available with id ${id}: used entries of ids ${ids.join(" ")}`);
	changed ||= ids.join() !== expected.join();
}

log("v86 0.5.462");
send("DEVICE_READY", 0xffffffff, 0, [0]);
send("PORT_READY", 0, 3, [1, 1]);
send("PORT_OPEN", 0, 6, [2, 2]);
if (changed)
	log("CHANGED: expected one entry for the first message and two for each of the others");
process.exit(changed ? 1 : 0);
END
(cd "$folder" && node probe.mjs)
