#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The adapters as programs, and what stands about them in files.
cd "$(dirname "$0")/../.." || exit 1
BUILD=${OAE_BUILD:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
count=0

ok() {		# ok STATUS NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$tmp/diag" 2>/dev/null
	fi
	rm -f "$tmp/diag"
}

same() {	# same FILE FILE NAME
	diff "$1" "$2" > "$tmp/diag"
	ok $? "$3"
}

# ---- PROTOCOL.md and protocol.h name the same things
doc=adapters/PROTOCOL.md
header=adapters/sdk/protocol.h
sed -n 's/^#define OAE_MSG_[A-Z]* "\(.*\)"$/\1/p' $header | sort > "$tmp/in_header"
sed -n 's/^### `\(.*\)`$/\1/p' $doc | sort > "$tmp/in_doc"
[ "$(wc -l < "$tmp/in_header")" -ge 13 ]; ok $? "protocol.h has the messages"
same "$tmp/in_header" "$tmp/in_doc" "each message has its section"
sed -n 's/^#define OAE_CODE_[A-Z_]* "\([a-z_]*\)".*/\1/p' $header | sort > "$tmp/in_header"
sed -n '/^| `code` | meaning/,/^$/s/^| `\([a-z_]*\)` |.*/\1/p' $doc | grep -v '^code$' | sort > "$tmp/in_doc"
same "$tmp/in_header" "$tmp/in_doc" "each error code has its row"
version=$(sed -n 's/^#define OAE_PROTOCOL_VERSION //p' $header)
grep -q "^# The adapter protocol, version $version\$" $doc; ok $? "the versions agree"

# ---- the transcript, by hand
sed -n '/^## A transcript/,$s/^> //p' $doc > "$tmp/say"
sed -n '/^## A transcript/,$s/^< //p' $doc > "$tmp/expect"
[ "$(wc -l < "$tmp/say")" -ge 5 ]; ok $? "there is a transcript"
while read -r line; do
	echo "$line"
	sleep 0.1
done < "$tmp/say" | "$BUILD/adapters/null" > "$tmp/heard"
for f in heard expect; do
	sed 's/"t_ns":"[0-9]*"/"t_ns":"0"/' "$tmp/$f" > "$tmp/$f.plain"
done
same "$tmp/expect.plain" "$tmp/heard.plain" "the null adapter answers as in the transcript"

# ---- command lines
for a in null skeleton reference; do
	"$BUILD/adapters/$a" --version > "$tmp/out"
	[ $? = 0 ] && grep -q "^$a [0-9.]*, oae protocol $version\$" "$tmp/out"
	ok $? "$a --version"
	"$BUILD/adapters/$a" --nonsense > "$tmp/out" 2> "$tmp/diag"
	[ $? = 64 ] && [ ! -s "$tmp/out" ] && [ "$(wc -l < "$tmp/diag")" = 1 ]
	ok $? "$a refuses an unknown argument"
	"$BUILD/adapters/$a" < /dev/null > "$tmp/out" 2> "$tmp/diag"
	[ $? = 0 ] && [ ! -s "$tmp/diag" ]
	ok $? "$a ends with its input"
done

# ---- what adapter.json says is what the program does
for dir in adapters/null adapters/skeleton adapters/reference; do
	a=${dir#adapters/}
	[ "$(jq -r .name $dir/adapter.json)" = "$a" ]; ok $? "$a: name of the folder"
	for system in $(jq -r '.systems[].name' $dir/adapter.json); do
		jq -c --arg s "$system" '[.systems[] | select(.name == $s).knobs[] |
			{(.name): .default}] | add // {}' $dir/adapter.json |
			jq -cS . > "$tmp/expect"
		# all files of models must be there
		missing=0
		for f in $(jq -r --arg s "$system" '.systems[] |
				select(.name == $s).models[]' $dir/adapter.json); do
			[ -f "$f" ] || missing=$f
		done
		effort=$dir/$(jq -r --arg s "$system" \
			'.systems[] | select(.name == $s).effort' $dir/adapter.json)
		[ "$(jq -r .system "$effort")" = "$a/$system" ]
		ok $? "$a/$system has its ledger"
		if [ "$missing" != 0 ]; then
			count=$((count + 1))
			echo "ok $count - $a/$system # SKIP no $missing"
			continue
		fi
		printf '{"type":"hello","protocol":1,"system":"%s","home":"%s"}\n' \
			"$system" "$PWD" | "$BUILD/adapters/$a" 2> "$tmp/diag" |
			head -1 | jq -cS .details.knobs > "$tmp/heard"
		same "$tmp/expect" "$tmp/heard" "$a/$system: defaults of adapter.json"
	done
done

# ---- what a ledger takes from the defaults is the defaults' own
for ledger in adapters/*/effort/*.ledger.json; do
	jq -r '.entries[] | select(.class == "assumed") |
		"\(.source | sub("^[^#]*#"; "")),\(.class),\(.low),\(.mid),\(.high),\(.unit)"' \
		"$ledger" > "$tmp/assumed"
	while read -r row; do
		grep -F "${row%%,*}," schema/tables/defaults.csv > "$tmp/diag"
		grep -qF "$row," "$tmp/diag"
		ok $? "$ledger: ${row%%,*} is the default"
	done < "$tmp/assumed"
done

# ---- measured machine time in a ledger is the record's own number
for ledger in adapters/*/effort/*.ledger.json; do
	dir=${ledger%/effort/*}
	jq -r '.entries[] | select(.class == "measured") |
		"\(.value) \(.source)"' "$ledger" > "$tmp/measured"
	while read -r value source; do
		file=$dir/${source%%#*}
		key=${source##*#}
		if [ -f "$file" ]; then
			jq -e --argjson v "$value" --arg k "$key" \
				'.[$k] == $v' "$file" > "$tmp/diag"
			ok $? "$ledger: $value is $source (else run adapters/reference/effort/refresh)"
		else
			echo "$file is missing" > "$tmp/diag"
			ok 1 "$ledger: $source"
		fi
	done < "$tmp/measured"
done

# ---- no model that was trained here is free of charge
jq -r '.systems[] | .name as $s | .models[] | "\($s) \(.)"' \
	adapters/reference/adapter.json > "$tmp/models"
while read -r system model; do
	record=${model#adapters/reference/}
	record=${record%.q8_0.gguf}.train.json
	[ -f "adapters/reference/$record" ] || continue
	jq -e --arg r "$record#" 'any(.entries[]; .class == "measured" and
		.kind == "machine" and (.source | startswith($r)))' \
		"adapters/reference/effort/$system.ledger.json" > "$tmp/diag"
	ok $? "reference/$system is charged for $record"
done < "$tmp/models"

echo "1..$count"
