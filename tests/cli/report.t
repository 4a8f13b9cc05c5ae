#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae report: the folder it makes, hostile names, and what it refuses.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh

run=$tmp/run-a
mkdir "$run" "$tmp/run-b"
cp tests/data/synthetic-result.json "$run/result.json"
cp tests/data/synthetic-result.json "$tmp/run-b/result.json"
echo "a journal" >"$run/journal.jsonl"

made() { "$oae" report "$run" >"$tmp/text"; }
check "a report is made" made
check "the table is on stdout, with the path of the page" \
	grep -qF "report: $run/report/index.html" "$tmp/text"

mkdir "$tmp/few"
jq '.systems[0].measured.by_workload[0].ttft_ms |=
	(.n = 10 | .median = {"value": null, "reason": "insufficient"})' \
	"$run/result.json" >"$tmp/few/result.json"
check "a median of too few requests says so" bash -c \
	'"$0" report "$1" >"$2" && grep -q "too few requests" "$2" &&
	! grep -q "no request finished" "$2"' "$oae" "$tmp/few" "$tmp/few.txt"

all_files() {
	local f
	for f in index.html summary.md systems.csv scores.csv curve.csv \
		latency.csv conditions.csv report.json \
		{oae,tornado,cost,conditions}-{on-demand,owned}.{gp,dat,svg,png} \
		latency.{gp,dat,svg,png}
	do
		[ -s "$run/report/$f" ] || { echo "no $f"; return 1; }
	done
	[ "$(find "$tmp" -name '*.new' | wc -l)" -eq 0 ]
}
check "every file is there" all_files

# Reads a report folder with other people's parsers.
cat >"$tmp/read.py" <<'END'
import csv, html.parser, pathlib, sys, xml.dom.minidom
folder = pathlib.Path(sys.argv[1])
class Page(html.parser.HTMLParser):
    void = {"meta", "link", "img", "br", "hr", "input"}
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.count = [], [], {}
    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "img", "link", "iframe", "object"), tag
        self.count[tag] = self.count.get(tag, 0) + 1
        for key, value in attrs:
            assert not key.startswith("on"), (tag, key)
            assert key not in ("src",), (tag, key)
            if key in ("href", "xlink:href"):
                assert value.startswith("#"), value
            if key == "id":
                self.ids.append(value)
        if tag not in self.void:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag
page = Page()
page.feed((folder / "index.html").read_text(encoding="utf-8"))
assert not page.open, page.open
assert len(page.ids) == len(set(page.ids)), "an id stands twice"
assert page.count["svg"] == 9 and page.count["figcaption"] == 9, page.count
assert page.count["table"] == page.count["caption"] > 8, page.count
assert page.count["h1"] == 1
for svg in folder.glob("*.svg"):
    xml.dom.minidom.parse(str(svg))
for name in ("systems", "scores", "curve", "latency"):
    with open(folder / (name + ".csv"), newline="") as f:
        text = f.read()
    assert text.endswith("\r\n")
    rows = list(csv.reader(text.splitlines(True), strict=True))
    assert len(rows) > 2 and len({len(r) for r in rows}) == 1, name
scores = list(csv.DictReader(open(folder / "scores.csv", newline="")))
none = [r for r in scores if r["verdict"] == "NO-SCORE"]
assert none and all(r["oae"] == "" and r["no_score_because"] for r in none)
for line in (folder / "summary.md").read_text().splitlines():
    if line.startswith("|"):
        cells = line.replace("\\|", "").count("|")
        assert cells >= 3, line
END
check "other parsers read all of it" python3 "$tmp/read.py" "$run/report"
check "SHA256SUMS covers it" sh -c "cd '$run' && sha256sum -c --quiet \
	SHA256SUMS && grep -q '  report/index.html' SHA256SUMS"
check "numbers of the result stand in scores.csv" \
	grep -q '^run-a,clinic,80640,made-up/quick,on_demand,pass,true,' \
	"$run/report/scores.csv"

vouches_not() {
	cp "$run/SHA256SUMS" "$tmp/sums"
	echo "changed" >>"$run/journal.jsonl"
	"$oae" report "$run" || return 1
	grep -v '  report/' "$tmp/sums" >"$tmp/before"
	grep -v '  report/' "$run/SHA256SUMS" | diff "$tmp/before" - || return 1
	! (cd "$run" && sha256sum -c --quiet SHA256SUMS)
}
check "a new report does not vouch for a changed journal" vouches_not

json() {
	"$oae" report "$run" --json >"$tmp/json" &&
		jq -e '.results[0].profiles[0].scores[0].modes.owned.verdict ==
			"DOES-NOT-PAY"' "$tmp/json"
}
check "--json" json

side_by_side() {
	(cd "$tmp" && "$oae" report run-a run-b --out both) >"$tmp/text" &&
		grep -q 'run-b: quick' "$tmp/text" &&
		[ "$(wc -l <"$tmp/both/systems.csv")" -eq 13 ] &&
		python3 "$tmp/read.py" "$tmp/both"
}
check "two runs side by side" side_by_side

# ---- hostile names
cat >"$tmp/hostile.py" <<'END'
import json, sys
evil = ("x'\"`touch PWNED`$(touch PWNED)<script>alert(1)</script>"
        "<img src=x onerror=alert(2)>\n=cmd|' /C calc'!A0\x1b[31m\u202e|*_"
        "[a](javascript:x) %d %s {x}^y \\n\\ @x $y, \\\" " + "L" * 3000)
result = json.load(open(sys.argv[1]))
def rename(v):
    if isinstance(v, dict):
        return {rename(k): rename(x) for k, x in v.items()}
    if isinstance(v, list):
        return [rename(x) for x in v]
    return v.replace("made-up/sloppy", "made-up/" + evil) \
        if isinstance(v, str) else v
result = rename(result)
result["campaign"].update(suite=evil, utc=evil, seed=evil)
result["environment"]["start"]["cpu"]["model"] = evil
result["environment"]["warnings"][0]["text"] = evil
result["profiles"][0]["profile"]["title"] = evil
result["profiles"][0]["id"] = evil
for score in result["profiles"][0]["scores"]:
    score["gate"]["reasons"] = [evil]
    for mode in score["modes"].values():
        mode["sentence"] = mode["verdict"] = evil
        for p in mode.get("uncertainty", {}).get("parameters", []):
            p.update(parameter=evil, of=evil)
for cell in result["profiles"][0]["conditions"]["cells"]:
    for system in cell["systems"]:
        system["reason"] = system["status"] = evil
for system in result["profiles"][0]["access"]:
    system["cells"][1].update(tier=evil, outcome=evil)
    system["worst_group"]["group"] = evil
for row in result["profiles"][0]["conditions"]["robustness"]:
    row["on_demand"].update(at=evil, missing=[evil, evil])
    row["on_demand"]["crosses_1_at"]["cpu"] = evil
for system in result["systems"]:
    for w in system["measured"]["by_workload"]:
        if w["workload"] == "sums":
            w["workload"] = evil
    for entry in system["ledger"]["entries"]:
        entry.update(source=evil, activity=evil, kind=evil)
json.dump(result, open(sys.argv[2], "w"))
END
hostile() {
	mkdir "$tmp/hostile" &&
		python3 "$tmp/hostile.py" "$run/result.json" \
			"$tmp/hostile/result.json" &&
		(cd "$tmp" && "$oae" report hostile >"$tmp/text") &&
		[ -z "$(find . "$tmp" -name PWNED)" ] &&
		python3 "$tmp/read.py" "$tmp/hostile/report" &&
		! grep -q $'\x1b' "$tmp/text" "$tmp/hostile/report/index.html" \
			"$tmp"/hostile/report/*.{csv,md,gp,dat,svg}
}
check "hostile names do no harm" hostile

# ---- what it refuses
check "no folder" fails 64 "no run folder" "$oae" report
check "unknown option" fails 64 "unknown option '--fast'" "$oae" report --fast
check "a folder without a result" fails 1 "oae score $tmp" "$oae" report "$tmp"
mkdir "$tmp/mine"
echo "do not delete" >"$tmp/mine/letter"
check "a folder that is not a report stays" \
	fails 64 "is not a report" "$oae" report "$run" --out "$tmp/mine"
check "and has what it had" grep -q "do not delete" "$tmp/mine/letter"

other_version() {
	mkdir "$tmp/v9"
	sed 's/"oae_result":1/"oae_result":9/' "$run/result.json" \
		>"$tmp/v9/result.json"
	fails 4 "oae_result" "$oae" report "$tmp/v9"
}
check "a result of another version" other_version

keeps_old() {
	local before
	before=$(sha256sum <"$run/report/index.html")
	fails 1 "install" env PATH=/nonexistent "$oae" report "$run" &&
		[ "$(sha256sum <"$run/report/index.html")" = "$before" ] &&
		[ ! -e "$run/report.new" ]
}
check "without gnuplot the old report stays" keeps_old

broken_gnuplot() {
	mkdir "$tmp/bin"
	printf '#!/bin/sh\necho "line one\nline two" >&2\nexit 3\n' \
		>"$tmp/bin/gnuplot"
	chmod +x "$tmp/bin/gnuplot"
	fails 1 "line one line two" env PATH="$tmp/bin:$PATH" \
		"$oae" report "$run" --out "$tmp/new-place" &&
		[ ! -e "$tmp/new-place" ] && [ ! -e "$tmp/new-place.new" ]
}
check "a gnuplot that fails is said in one line" broken_gnuplot

if mounts 64k "$tmp/small"; then
	check "a full disk" fails 1 "No space left" \
		"$oae" report "$run" --out "$tmp/small/report"
	check "and nothing is left there" \
		[ -z "$(ls -A "$tmp/small")" ]
else
	skip "a full disk" "not allowed to mount here"
	skip "and nothing is left there" "not allowed to mount here"
fi
finish
