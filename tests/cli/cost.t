#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# oae cost: the worked example, another computation of the same, bad files.
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/tap.sh
golden=tests/golden/oae-worked-example.json
jq .inputs "$golden" >"$tmp/in.json"

# ---- the worked example, compared by another program
cat >"$tmp/golden.py" <<'PY'
import json
import sys

golden = json.load(open(sys.argv[1]))
got = json.load(open(sys.argv[2]))
checked = 0


def near(is_, should, where):
    global checked
    checked += 1
    if abs(is_ - should) > 1e-6 * max(1, abs(should)):
        sys.exit(f"{where}: is {is_}, should be {should}")


def compare(is_, should, where):
    if isinstance(should, dict):
        for key, value in should.items():
            compare(is_[key], value, f"{where}.{key}")
    elif isinstance(should, str):
        if is_ != should:
            sys.exit(f"{where}: is {is_}, should be {should}")
    else:
        near(is_, should, where)


for mode in "on_demand", "owned":
    assert len(got[mode]) == len(golden[mode])
    for i, row in enumerate(golden[mode]):
        compare(got[mode][i], row, f"{mode}[{i}]")
compare(got["on_demand_limits"], golden["on_demand_limits"], "limits")
compare(got["break_even"], golden["break_even"], "break_even")
compare(got["on_demand"][2]["retrofit_oae"],
        golden["retrofit_oae_at_5040000"], "retrofit")
for mode in "on_demand", "owned":
    for row in got[mode]:
        for system, verdict in row["verdict"].items():
            hours = row["affordable_hours"][system]
            low, high = row["extra_hours"][system]
            pays = "PAYS" if hours >= high else "DOES-NOT-PAY"
            assert verdict == pays, (mode, system)
assert checked == 58, checked
PY
check "cost computes the worked example" bash -c \
	'"$0" cost "$1" >"$2"' "$oae" "$tmp/in.json" "$tmp/got.json"
check "every number is the golden one to 1e-6" \
	/usr/bin/python3 "$tmp/golden.py" "$golden" "$tmp/got.json"
check "the whole golden file is read as well" bash -c \
	'"$0" cost "$1" | cmp - "$2"' "$oae" "$golden" "$tmp/got.json"
check "standard input is -" bash -c \
	'"$0" cost - <"$1" | cmp - "$2"' "$oae" "$tmp/in.json" "$tmp/got.json"

# ---- the range test of the same file
jq '.inputs | .r_usd_h = [41.65, 70, 99.36] | .systems.S.a_h = [6, 12, 24] |
	.systems.S.mu_h_month = [1, 1.5, 3]' "$golden" >"$tmp/range.json"
"$oae" cost "$tmp/range.json" >"$tmp/range.out"
check "bounds, verdict and flip wage of the range test" jq -e \
	--slurpfile g "$golden" '$g[0].range_test_enterprise_owned_S as $t |
	.owned[2] | (.bounds.S[0] - $t.bounds[0] | fabs < 1e-6) and
	(.bounds.S[1] - $t.bounds[1] | fabs < 1e-6) and
	.verdict.S == $t.verdict and
	(.flip.S.r_usd_h - $t.flip_wage_usd_h | fabs < 1e-6)' "$tmp/range.out"

# ---- demand in a range: whole machines come and go inside it
jq '.inputs | .profiles_requests_a_month = {"enterprise": [70000, 210000,
	630000]}' "$golden" >"$tmp/demand.json"
"$oae" cost "$tmp/demand.json" >"$tmp/demand.out"
check "bounds of M with requests x/: 3 are not those of both ends" jq -e \
	--slurpfile g "$golden" '$g[0].range_test_enterprise_owned_M as $t |
	.owned[0] | (.bounds.M[0] - $t.bounds[0] | fabs < 5e-5) and
	(.bounds.M[1] - $t.bounds[1] | fabs < 5e-5) and
	(.uncertainty.M | .robust and .pays_share == 1 and
	 (.parameters | length == 1) and (.parameters[0] |
	 .parameter == "N" and
	 (.oae_at_low - $t.bounds_at_both_ends_alone[0] | fabs < 5e-5) and
	 (.oae_at_high - $t.bounds_at_both_ends_alone[1] | fabs < 5e-5)))' \
	"$tmp/demand.out"

# ---- draws, once more by another program
cat >"$tmp/draw.py" <<'PY'
import json
import math
import random
import sys

p = json.load(open(sys.argv[1]))
got = json.load(open(sys.argv[2]))["owned"][2]
u = got["uncertainty"]["S"]
random.seed(7)
o = p["owned"]
machine = 17520 * (o["p_h_usd"] + o["p_e_usd_kwh"] * o["p_idle_w"] / 1000)


def draw(v):
    if not isinstance(v, list):
        return v
    return v[0] * (v[2] / v[0]) ** random.random()


scores, hours, pays = [], [], 0
for _ in range(100000):
    r = draw(p["r_usd_h"])
    cost = {}
    for name, m in ("D", 12), ("S", 10):
        x = p["systems"][name]
        cost[name] = [r * (draw(x["a_h"]) + 24 * draw(x["mu_h_month"])),
                      m * machine + 5040000 * o["p_e_usd_kwh"] * x["e_kwh"]]
    scores.append(sum(cost["D"]) / sum(cost["S"]))
    hours.append((cost["D"][1] - cost["S"][1]) / r)
    pays += scores[-1] > 1
for mine, key in (scores, "oae"), (hours, "affordable_hours"):
    mine.sort()
    for at, end in (.025, "low"), (.5, "median"), (.975, "high"):
        want = mine[int(at * len(mine))]
        assert abs(u[key][end] / want - 1) < .02, (key, end, want)
assert abs(u["pays_share"] - pays / 100000) < .02
assert u["draws"] == 5000 and u["seed"] == 1
names = [(q["of"], q["parameter"]) for q in u["parameters"]]
assert sorted(names) == [("shared", "r_usd_h"), ("system", "a_h"),
                         ("system", "mu_h_month")], names
swing = [abs(math.log(q["oae_at_high"] / q["oae_at_low"]))
         for q in u["parameters"]]
assert swing == sorted(swing, reverse=True)
assert .9 < sum(q["share"] for q in u["parameters"]) < 1.02
assert u["agreement"] == {"middle": "PAYS", "draws": "UNDECIDED",
                          "bounds": "UNDECIDED"} and u["robust"] is False
PY
check "draws of the range test agree with Python's" /usr/bin/python3 \
	"$tmp/draw.py" "$tmp/range.json" "$tmp/range.out"
check "drawn again: the same bytes" bash -c \
	'"$0" cost "$1" | cmp - "$2"' "$oae" "$tmp/range.json" "$tmp/range.out"
check "numbers without ranges are not drawn" jq -e \
	'[.owned[], .on_demand[]] | all(has("uncertainty") | not)' \
	"$tmp/got.json"
jq '.N = [range(1; 200)] | del(.profiles_requests_a_month)' \
	"$tmp/range.json" >"$tmp/many.json"
check "too many comparisons are not drawn, and say so" bash -c \
	'"$0" cost "$1" | jq -e ".owned | length == 199 and
	all(.[]; .uncertainty == null and has(\"uncertainty\"))"' \
	"$oae" "$tmp/many.json"

# ---- the formulas once more, in another language, on other numbers
cat >"$tmp/again.py" <<'PY'
import json
import math
import sys

p = json.load(open(sys.argv[1]))
got = json.load(open(sys.argv[2]))
hours = p["H_months"] * 730


def one(x, n, owned):
    g = x.get("g", p.get("g", 1))
    setup = x.get("setup_s", 0)
    labour = p["r_usd_h"] * (x["a_h"] + p["H_months"] * x["mu_h_month"])
    missed = n * (1 - g) * p["rho_usd"]
    if not owned:
        s = p["on_demand"]["p_s_usd"]
        return labour + missed + s * setup + n * s * x["s"]
    o = p["owned"]
    e = x.get("e_kwh", x.get("watt_above_idle", 0) * x["s"] / 3.6e6)
    hour = o["p_h_usd"] + o["p_e_usd_kwh"] * o["p_idle_w"] / 1000
    peak = p["peak_over_mean"] * n / (3600 * hours)
    m = max(1, math.ceil(peak * x["s"] / p["u"] * (1 - 1e-9)))
    return (labour + missed + setup / 3600 * hour + m * hours * hour +
            n * o["p_e_usd_kwh"] * e)


for mode in "on_demand", "owned":
    for row in got[mode]:
        base = one(p["systems"][p["baseline"]], row["N"], mode == "owned")
        for name, x in p["systems"].items():
            c = one(x, row["N"], mode == "owned")
            assert abs(row["C"][name] - c) < 1e-9 * c, (mode, name)
            if name != p["baseline"]:
                assert abs(row["oae"][name] - base / c) < 1e-9
sets = got["owned_oae_above_1"]
for name in sets:
    assert sets[name]["known_to"] is None
    for k in range(1, 4000):
        n = 37 * 1.005 ** k
        c = one(p["systems"][name], n, True)
        b = one(p["systems"][p["baseline"]], n, True)
        inside = any(f < n <= (math.inf if t is None else t)
                     for f, t in sets[name]["N"])
        assert inside == (b / c > 1) or abs(b / c - 1) < 1e-9, (name, n)
PY
cat >"$tmp/other.json" <<'JSON'
{"r_usd_h": 52.5, "H_months": 36, "g": 0.97, "peak_over_mean": 6.5, "u": 0.6,
 "rho_usd": 0.015, "baseline": "plain",
 "systems": {
  "fast": {"a_h": 9, "mu_h_month": 1.4, "s": 2.7, "watt_above_idle": 55,
           "g": 0.96, "setup_s": 5400},
  "plain": {"a_h": 3, "mu_h_month": 1.1, "s": 4.1, "e_kwh": 0.00007},
  "sparse": {"a_h": 5, "mu_h_month": 1.1, "s": 3.3, "e_kwh": 0.00005}},
 "on_demand": {"p_s_usd": 0.00007},
 "owned": {"p_h_usd": 0.08, "p_idle_w": 35, "p_e_usd_kwh": 0.31},
 "N": [5000, 123456, 2500000, 98765432]}
JSON
"$oae" cost "$tmp/other.json" >"$tmp/other.out"
check "costs, scores and the set of N agree with Python's" \
	/usr/bin/python3 "$tmp/again.py" "$tmp/other.json" "$tmp/other.out"
check "the named baseline is the baseline" \
	jq -e '.baseline == "plain" and .on_demand[0].oae.fast' "$tmp/other.out"

# ---- help and words
check "--help holds a file that works" bash -c \
	'"$0" cost --help | sed -n "/^{/,/^}/p" | "$0" cost - >/dev/null' "$oae"
check "no file: 64" fails 64 "one file" "$oae" cost
check "an unknown option: 64" fails 64 "--bogus" "$oae" cost --bogus

# ---- bad files: one line, exit 1
bad() { # WORD JQ-FILTER
	jq "$2" "$tmp/in.json" >"$tmp/bad.json"
	fails 1 "$1" "$oae" cost "$tmp/bad.json"
}
check "no such file" fails 1 "nowhere.json" "$oae" cost nowhere.json
check "a negative number" bad "systems.S.s" '.systems.S.s = -8'
check "zero speed" bad "systems.S.s" '.systems.S.s = 0'
check "a missing number" bad "systems.M.a_h" 'del(.systems.M.a_h)'
check "an unknown key" bad '"sepeed"' '.systems.M.sepeed = 1'
check "an unknown key above" bad '"wage"' '.wage = 1'
check "a range that does not ascend" bad "ascend" '.r_usd_h = [70, 60, 80]'
check "a range of two" bad "three" '.r_usd_h = [60, 80]'
check "a text for a number" bad "u: is not a number" '.u = "0.7"'
check "a share above 1" bad "systems.D.g" '.systems.D.g = 1.1'
check "utilisation 0" bad "u: is 0" '.u = 0'
check "no such baseline" bad "baseline" '.baseline = "Q"'
check "one system alone" bad "needs two" 'del(.systems.S, .systems.M)'
check "no prices" bad "on_demand, owned" 'del(.on_demand, .owned)'
check "no demand" bad "N: is missing" 'del(.profiles_requests_a_month)'
check "hours that contradict months" bad "hours" '.hours = 1'
check "energy that contradicts watts" bad "e_kwh" '.systems.D.e_kwh = 1'
sed 's/"r_usd_h": 70/"r_usd_h": NaN/' "$tmp/in.json" >"$tmp/nan.json"
check "NaN" fails 1 "nan.json" "$oae" cost "$tmp/nan.json"
head -c 200 "$tmp/in.json" >"$tmp/cut.json"
check "a file cut short" fails 1 "cut.json" "$oae" cost "$tmp/cut.json"
if [ -e /dev/full ]; then
	check "a full disk" bash -c \
		'"$0" cost "$1" >/dev/full; [ $? -eq 1 ]' "$oae" "$tmp/in.json"
else
	skip "a full disk" "no /dev/full"
fi
finish
