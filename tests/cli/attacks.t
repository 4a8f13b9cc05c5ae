#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Submissions that somebody has tampered with, each by a rule that finds it:
# tests/cli/attacks.py plays the attacker.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
for program in zstd ssh-keygen jq; do
	command -v "$program" >/dev/null || { echo "1..0 # SKIP no $program" &&
		exit 0; }
done

# A project's folder of its own, with a suite that takes seconds and an adapter
# of few files.
home=$tmp/home
mkdir -p "$home/adapters/reference"
ln -s "$PWD/schema" "$home/"
cp -r workloads "$home/workloads"
cp -r adapters/reference/{adapter.json,effort,engine.c,engine.h} \
	"$home/adapters/reference/"
ln -s "$PWD/adapters/reference/models" "$home/adapters/reference/"
cat >"$home/workloads/suites/tiny.json" <<'JSON'
{"oae_suite": 1, "id": "tiny", "title": "Two systems, seven items", "about": "",
 "systems": ["reference/dense", "reference/speculative"],
 "baseline": "reference/dense",
 "workloads": [{"id": "letters", "items_per_run": 3}, {"id": "notices", "items_per_run": 4}],
 "scenario": "SingleStream", "conditions": ["nominal"], "runs": 2, "scale": [],
 "profiles": ["clinic", "school", "enterprise", "hyperscale"]}
JSON
export OAE_HOME=$home
"$oae" run --suite tiny --out "$tmp/run" --quiet --no-report \
	--no-calibration >/dev/null || exit 1
for who in acme other; do
	ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$tmp/$who" || exit 1
	echo "$who $(cut -d' ' -f1-2 "$tmp/$who.pub")" >>"$tmp/signers"
done
"$oae" submit "$tmp/run" --org acme --name good --key "$tmp/acme" \
	--out "$tmp/submissions" >"$tmp/log" || exit 1
/usr/bin/python3 tests/cli/attacks.py "$oae" "$tmp"
