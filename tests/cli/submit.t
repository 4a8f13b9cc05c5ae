#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae submit: what it packs, the same bytes, keys, and what it refuses; and
# oae verify of a good submission. Attacks are in attacks.t.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

# The null adapter, in a project's folder with a suite for every profile.
null_home
export OAE_HOME=$home
"$oae" run --suite all --out "$tmp/run" --quiet --no-report \
	--no-calibration >/dev/null || exit 1
ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/key"
ssh-keygen -q -t ed25519 -N 'a secret' -C '' -f "$tmp/locked"
{
	echo "acme $(cut -d' ' -f1-2 "$tmp/key.pub")"
	echo "acme $(cut -d' ' -f1-2 "$tmp/locked.pub")"
} >"$tmp/signers"
submit=("$oae" submit "$tmp/run" --org acme)

# ---- the good way
check "packs and says what to do next" bash -c '"$@" >"$0" &&
	grep -q "oae verify" "$0" && grep -q "pull request" "$0"' "$tmp/said" \
	"${submit[@]}" --key "$tmp/key" --out "$tmp/a"
name=$(ls "$tmp/a/acme")
sub=$tmp/a/acme/$name
check "the day and the suite are its name" \
	grep -qE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}-all$' <<<"$name"
"${submit[@]}" --key "$tmp/key" --out "$tmp/b" >/dev/null
check "the same folder: the same bytes" diff -r "$tmp/a" "$tmp/b"
check "sha256sum agrees" bash -c 'cd "$0" && sha256sum --quiet -c SHA256SUMS' \
	"$sub"
check "zstd agrees: the journal is the run's" bash -c \
	'zstd -dcq "$0/journal.jsonl.zst" | cmp - "$1/journal.jsonl"' \
	"$sub" "$tmp/run"
check "ssh-keygen agrees" bash -c 'ssh-keygen -Y verify -f "$1" -I acme \
	-n oae-submission -s "$0/SHA256SUMS.sig" <"$0/SHA256SUMS"' \
	"$sub" "$tmp/signers"
check "the adapter's sources are there, and nothing hidden" bash -c \
	'cmp adapters/null/main.c "$0/adapter/null/main.c" &&
	 ! find "$0" -name ".*" | grep -q "/\."' "$sub"
check "verify finds all well, and whose it is" bash -c '"$0" verify "$1" \
	--allowed-signers "$2" | tee "$3" | grep -q "signature valid, of acme" &&
	grep -q "verified, closed division, self-reported" "$3"' \
	"$oae" "$sub" "$tmp/signers" "$tmp/said"
"$oae" verify "$sub" --allowed-signers "$tmp/signers" --json >"$tmp/v.json"
check "--json: every rule, none broken" jq -e '.ok and .signature == "valid" and
	(.rules | length == 30 and all(.findings == 0)) and
	.findings == [] and .org == "acme"' "$tmp/v.json"
check "without signers the signature is not checked, and that is said" bash -c \
	'"$0" verify "$1" | grep -q "signature not checked"' "$oae" "$sub"
check "several findings are all told" bash -c 'cp -r "$1" "$2" &&
	echo >>"$2/system.json" && rm "$2/README.md" && ln -s x "$2/y"
	"$0" verify "$2" >"$3"; [ $? -eq 2 ] && grep -q "OAE-V010 .*y: is a link" "$3" &&
	grep -q "OAE-V012 .*README.md" "$3" && grep -q "OAE-V014 .*system.json" "$3"' \
	"$oae" "$sub" "$tmp/several" "$tmp/said"
check "a review beside it gives the status" bash -c 'cp -r "$1" "$2" &&
	jq -n --arg h "$(sha256sum <"$1/result.json" | cut -c1-64)" \
	"{schema: \"review-1\", status: \"disputed\", result_sha256: \$h}" \
	>"$2.review.json" && "$0" verify "$2" | grep -q "division, disputed"' \
	"$oae" "$sub" "$tmp/reviewed"

# ---- keys
check "without a key: not signed, and that is said" bash -c \
	'"$@" | grep -q "not signed"' x "${submit[@]}" --out "$tmp/c"
check "an unsigned one does not pass with signers" bash -c '"$0" verify "$1"/acme/* \
	--allowed-signers "$2" | grep -q "OAE-V015"' "$oae" "$tmp/c" "$tmp/signers"
check "a key with a passphrase: refused, and nothing is asked" \
	fails 64 "passphrase" timeout 20 "${submit[@]}" --key "$tmp/locked" \
	--out "$tmp/d"
check "nothing is left behind" bash -c '[ -z "$(ls -A "$0/acme")" ]' "$tmp/d"
check "a key that an agent holds" bash -c 'eval "$(ssh-agent -s)" >/dev/null
	trap "ssh-agent -k >/dev/null" EXIT
	printf "#!/bin/sh\necho a secret\n" >"$0/ask" && chmod +x "$0/ask"
	SSH_ASKPASS="$0/ask" SSH_ASKPASS_REQUIRE=force ssh-add -q "$0/locked" &&
	"$@" --key "$0/locked.pub" --out "$0/e" >/dev/null &&
	"$1" verify "$0"/e/acme/* --allowed-signers "$0/signers"' \
	"$tmp" "${submit[@]}"
cp "$tmp/key.pub" "$tmp/half.pub"
check "a public key without an agent" fails 64 "agent" env -u SSH_AUTH_SOCK \
	"${submit[@]}" --key "$tmp/half.pub" --out "$tmp/f"
check "no such key" fails 64 "ssh-keygen" "${submit[@]}" --key "$tmp/none" \
	--out "$tmp/f"
check "a file that is no key" fails 64 "cannot sign" "${submit[@]}" \
	--key "$tmp/signers" --out "$tmp/f"
check "no such file of signers" fails 64 "no such file" "$oae" verify "$sub" \
	--allowed-signers "$tmp/none"

# ---- what it refuses
check "results are never edited: a name once" fails 64 "is there already" \
	"${submit[@]}" --out "$tmp/a"
cp -r "$tmp/run" "$tmp/unsealed"
sed -i '$d' "$tmp/unsealed/journal.jsonl"
check "no seal: refused, with what to do" fails 64 "oae run --resume" \
	"$oae" submit "$tmp/unsealed" --org acme --out "$tmp/g"
cp -r "$tmp/run" "$tmp/better"
jq '.tables.defaults[0].mid = 5' "$tmp/run/result.json" \
	>"$tmp/better/result.json"
refuses() { # RULE COMMAND...: exit 2, the rule on stdout, a line on stderr
	local rule=$1 rc=0
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	cat "$tmp/out" "$tmp/err"
	[ "$rc" -eq 2 ] && grep -q "^WRONG $rule" "$tmp/out" &&
		grep -q "nothing was packed" "$tmp/err"
}
check "an edited result: the rule, and nothing is packed" refuses OAE-V022 \
	"$oae" submit "$tmp/better" --org acme --out "$tmp/g"
check "nothing is left behind of it" bash -c '[ -z "$(ls -A "$0/acme")" ]' \
	"$tmp/g"
check "an adapter that has changed" bash -c 'sed -i "s/prompt/question/" \
	"$0/adapters/null/adapter.json"; rc=0
	"${@:2}" 2>"$1" || rc=$?; cp adapters/null/adapter.json \
	"$0/adapters/null/"; [ $rc -eq 64 ] && grep -q "has changed since" "$1"' \
	"$home" "$tmp/said" "${submit[@]}" --out "$tmp/g"
check "a run of some profiles only" bash -c '"$0" run --suite smoke --out "$1/some" \
	--quiet --no-report --no-calibration >/dev/null &&
	{ "$0" submit "$1/some" --org acme --out "$1/g" 2>/dev/null; [ $? -eq 2 ]; } |
	cat' "$oae" "$tmp"
check "a name with a slash" fails 64 "--org and --name" "$oae" submit \
	"$tmp/run" --org a/b --out "$tmp/g"
check "a hidden name" fails 64 "--org and --name" "$oae" submit \
	"$tmp/run" --org .. --out "$tmp/g"
check "no organisation: 64" fails 64 "--org NAME" "$oae" submit "$tmp/run"
check "no run folder: 64" fails 64 "run folder" "$oae" submit --org x
check "an unknown option: 64" fails 64 "--bogus" "${submit[@]}" --bogus
check "a folder that is none" fails 1 "journal.jsonl" "$oae" submit \
	"$tmp/none" --org acme
check "help has examples" bash -c '"$0" submit --help | grep -q "^examples:"' \
	"$oae"

# ---- rules
"$oae" list rules --json >"$tmp/rules.json"
rows() { jq -r '.rules[] | "| `\(.id)` | §\(.clause) | \(.text) |"' \
	"$tmp/rules.json" | tail -n +3; }
check "the table of rules in the spec is the program's" bash -c \
	'diff "$0" <(grep -E "^\| .OAE-V0[1-9]" schema/OAE-SPEC.md)' <(rows)
check "oae list rules prints them" bash -c \
	'[ "$("$0" list rules | grep -c "OAE-V")" -eq 32 ]' "$oae"
finish
