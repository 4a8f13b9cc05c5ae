#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the items of the corpus's workloads again and states their SHA-256
# in the workload files. Usage: workloads/make_items.sh BUILD
set -eu
build=${1:?usage: make_items.sh BUILD}
case $build in /*) ;; *) build=$PWD/$build ;; esac
cd "$(dirname "$0")"
for id in letters notices sums; do
	"$build/oae-corpus" items "$id" >"$id.items.jsonl.new"
	mv "$id.items.jsonl.new" "$id.items.jsonl"
	sum=$(sha256sum "$id.items.jsonl" | cut -d ' ' -f 1)
	sed "s/\(\"items_sha256\": \)\"[0-9a-f]*\"/\1\"$sum\"/" \
		"$id.workload.json" >"$id.workload.json.new"
	mv "$id.workload.json.new" "$id.workload.json"
done
