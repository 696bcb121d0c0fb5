#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# said.sh COMPILER ARGUMENT...: compile, and keep what the compiler says of an object
# beside it, for as long as the object is up to date.
#
# A single object that no Makefile of the configuration names is compiled all the same,
# with the flags of a folder above it.  That shows nothing: it is refused here, and
# nothing is kept.
object=
module=
before=
for word; do
	[ "$before" = -o ] && object=$word
	before=$word
	case $word in
	-DKBUILD_MODFILE=*) module=$(printf %s "${word#*=}" | tr -d '"') ;;
	esac
done
case $object in
*.o) ;;
*) exec "$@" ;;
esac
rm -f "$object" "$object.said"
if [ "${module##*/}.o" = "${object##*/}" ] && [ "${module%/*}" != "${object%/*}" ]; then
	echo "$object: no Makefile that is read names it" >&2
	exit 1
fi
"$@" 2>"$object.said"
status=$?
cat "$object.said" >&2
exit $status
