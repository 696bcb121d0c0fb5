#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kunit.sh SOURCE BUILD [FILTER]: the KUnit suites under UML, with KASAN and UBSAN,
# by the tree's own kunit.py.  Ends with "N passed, N failed".
set -u
source=$(cd "$1" && pwd)
mkdir -p "$2"
build=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
log=$build/kunit.log

cd "$source" || exit 1
python3 tools/testing/kunit/kunit.py run --kunitconfig="$here/kunit.config" \
	--build_dir="$build" --jobs="$(nproc)" --make_options "CC=ccache gcc" "virtio*${3:-}" \
	>"$log" 2>&1
status=$?
if [ $status != 0 ]; then
	grep -E "error:|FAILED|EXPECTATION|ASSERTION|Expected" "$log" | head -60
	tail -3 "$log"
fi
counts=$(sed -n 's/.*Testing complete. Ran [0-9]* tests: //p' "$log")
passed=$(echo "$counts" | sed -n 's/.*passed: \([0-9]*\).*/\1/p')
failed=$(echo "$counts" | sed -n 's/.*\(failed\|crashed\): \([0-9]*\).*/\2/p')
if [ -z "$passed" ] && [ -z "$failed" ]; then
	echo "kunit: nothing ran; all that was said is in $log" >&2
	failed=1
fi
echo "${passed:-0} passed, ${failed:-0} failed"
[ $status = 0 ] && [ "${failed:-0}" = 0 ]
