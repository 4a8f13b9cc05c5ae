#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae score and oae verify: what they check, and that nothing gets past.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
good=$tmp/good
"$build/tests/test_result" "$good" || exit 1
cp -r "$good" "$tmp/unscored"

# ---- score
check "score writes result.json and SHA256SUMS" bash -c \
	'"$0" score "$1" >"$2" && test -s "$1/result.json" &&
	 (cd "$1" && sha256sum --quiet -c SHA256SUMS)' \
	"$oae" "$good" "$tmp/table"
check "SHA256SUMS names every file but itself" bash -c \
	'cd "$0" && diff <(cut -c67- SHA256SUMS) <(find . -type f ! \
	 -name SHA256SUMS | cut -c3- | sort)' "$good"
check "the table tells what to do" grep -q "leave it" "$tmp/table"
cp "$good/result.json" "$tmp/first.json"
"$oae" score "$good" --json >"$tmp/printed.json"
check "scored again: the same bytes" cmp "$tmp/first.json" "$good/result.json"
check "--json prints the result" cmp "$tmp/printed.json" "$good/result.json"

# ---- verify
check "verify finds all well" bash -c \
	'"$0" verify "$1" | grep -q "equal byte for byte"' "$oae" "$good"
check "verify --json says so too" bash -c '"$0" verify "$1" --json |
	jq -e ".ok and (.checks | length == 5 and all(.ok))"' "$oae" "$good"

# Each file in turn: one bit of one byte in the middle.
flip() { # FILE [OFFSET]
	/usr/bin/python3 - "$@" <<'PY'
import sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
at = int(sys.argv[2]) if len(sys.argv) > 2 else len(data) // 2
data[at] ^= 1
open(path, "wb").write(data)
PY
}
found() { # NAME-THAT-MUST-BE-SAID
	local rc=0
	"$oae" verify "$tmp/bad" >"$tmp/said" 2>&1 || rc=$?
	cat "$tmp/said"
	[ "$rc" -eq 2 ] && grep -F -- "$1" "$tmp/said" | grep -q '^WRONG'
}
every_file() {
	local file
	while read -r file; do
		rm -rf "$tmp/bad" && cp -r "$good" "$tmp/bad"
		flip "$tmp/bad/$file"
		if [ "$file" = SHA256SUMS ]; then found files; else
			found "$file: changed"; fi || return 1
	done < <(cd "$good" && find . -type f | cut -c3-)
}
check "one changed byte in any file is found and named" every_file
resummed() { (cd "$tmp/bad" && find . -type f ! -name SHA256SUMS | cut -c3- |
	sort | xargs sha256sum >SHA256SUMS); }
copy() { rm -rf "$tmp/bad" && cp -r "$good" "$tmp/bad"; }

copy
rm "$tmp/bad/inputs/profiles/clinic.json"
check "a missing file" found "clinic.json: missing"
copy
echo x >"$tmp/bad/extra"
check "a file too many" found "extra: not in SHA256SUMS"
copy
rm "$tmp/bad/SHA256SUMS"
check "no SHA256SUMS" found "SHA256SUMS: missing"
copy
echo >>"$tmp/bad/SHA256SUMS"
check "a line that is no sum" found "SHA256SUMS line"

# With the sums made to fit, the rest still holds.
copy
flip "$tmp/bad/journal.jsonl" 20000
resummed
check "a changed journal with its sum: the chain" found "journal.jsonl line"
copy
sed -i '40d' "$tmp/bad/journal.jsonl"
resummed
check "a missing line with its sum: the chain" found "journal.jsonl line 40"
copy
jq '.profiles[0].scores[1].modes.on_demand.oae.value = 2' \
	"$good/result.json" >"$tmp/bad/result.json"
resummed
check "a better score with its sum: named by its path" \
	found "profiles[0].scores[1].modes.on_demand.oae.value"
copy
jq . "$good/result.json" >"$tmp/bad/result.json"
resummed
check "the same values in other bytes" found "its bytes are not"
copy
jq '.build.compiler = "another"' "$good/result.json" >"$tmp/bad/result.json"
resummed
check "from another build: to 1e-9" bash -c \
	'"$0" verify "$1" | grep -q "another build"' "$oae" "$tmp/bad"
copy
sed -i 's/"u": 0.7/"u": 0.8/' "$tmp/bad/inputs/profiles/clinic.json"
resummed
check "a changed input with its sum: the journal knows" found "clinic.json"
copy
sed -i '$d' "$tmp/bad/journal.jsonl"
"$oae" score "$tmp/bad" --json >"$tmp/noseal.json"
check "no seal: scored as incomplete" \
	jq -e '.complete == false and .journal.sealed == false' \
	"$tmp/noseal.json"
check "no seal: verify fails and says what to do" found "oae run --resume"

# ---- other versions: 4
copy
jq -c '.oae_result = 9' "$good/result.json" >"$tmp/bad/result.json"
check "a result of another version: 4" bash -c \
	'"$0" verify "$1" | grep -q "version 9"; [ ${PIPESTATUS[0]} -eq 4 ]' \
	"$oae" "$tmp/bad"
sed '1s/"spec":"[^"]*"/"spec":"9.9"/' "$good/journal.jsonl" \
	>"$tmp/bad/journal.jsonl"
check "a journal for another spec: 4" fails 4 "spec 9.9" \
	"$oae" score "$tmp/bad"

# ---- words and places
check "verify without a folder: 64" fails 64 "run folder" "$oae" verify
check "score without a folder: 64" fails 64 "run folder" "$oae" score
check "verify with an unknown option: 64" fails 64 "--x" "$oae" verify --x
check "score with two folders: 64" fails 64 "b" "$oae" score a b
check "verify of no folder" fails 1 "no such folder" "$oae" verify "$tmp/none"
check "score of no folder" fails 1 "journal.jsonl" "$oae" score "$tmp/none"
check "help of both" bash -c '"$0" verify --help | grep -q "exit codes" &&
	"$0" score --help | grep -q "exit codes"' "$oae"
if [ "$(id -u)" -ne 0 ]; then
	chmod a-w "$tmp/unscored"
	check "a read-only folder" fails 1 "result.json" \
		"$oae" score "$tmp/unscored"
	check "nothing half-written" test ! -e "$tmp/unscored/result.json"
	chmod u+w "$tmp/unscored"
elif mounts 600k "$tmp/small"; then
	cp -r "$tmp/unscored/." "$tmp/small/" 2>/dev/null
	dd if=/dev/zero of="$tmp/small/fill" bs=1k 2>/dev/null
	check "a full disk" fails 1 "small" "$oae" score "$tmp/small"
	check "nothing half-written" test ! -e "$tmp/small/result.json"
else
	skip "a full disk" "no mount, and root writes everywhere"
fi
finish
