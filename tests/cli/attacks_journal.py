# SPDX-License-Identifier: Apache-2.0
"""Attacks on what a journal tells: times, counts, plan, settings, parts,
effort and power. Run by attacks.py.
"""
import copy
import os

from attack_kit import (
    BAD, attack, bind, edit, end_of, lines, of, read, rebind, rechain,
    runs_of, samples, seal, set_input, sha, write)


# ---- times ----------------------------------------------------------------

def faster(journal, factor):
    """All times of speculative's requests, and what its runs sum up."""
    for r in runs_of(journal, "reference/speculative"):
        busy = 0
        for x in samples(journal, r):
            for key in ("first_ns", "done_ns"):
                x[key] = x["sent_ns"] + int((x[key] - x["sent_ns"]) * factor)
            span = x["done_ns"] - x["sent_ns"]
            gaps = len(x["token_ns"])
            x["token_ns"] = [x["first_ns"]] + [
                (x["done_ns"] - x["first_ns"]) // gaps] * (gaps - 1)
            busy += span
        end_of(journal, r)["busy_ns"] = busy


@attack("answers before their questions", "OAE-V023 +")
def _():
    j = lines()
    x = samples(j, 0)[0]
    x["first_ns"] = x["sent_ns"] - 1000
    rechain(j)


@attack("sent before it was due", "OAE-V023")
def _():
    j = lines()
    x = samples(j, 0)[0]
    x["due_ns"] = x["sent_ns"] + 1
    rechain(j)


@attack("tokens made before the question came", "OAE-V023")
def _():
    j = lines()
    x = samples(j, 0)[1]
    x["token_ns"][0] = x["sent_ns"] - 5000
    rechain(j)


@attack("faster requests, sums as they were", "OAE-V027")
def _():
    j = lines()
    faster(j, 0.5)
    for r in runs_of(j, "reference/speculative"):
        end_of(j, r)["busy_ns"] *= 2
    rechain(j)


@attack("runs shorter than their requests", "OAE-V023 +")
def _():
    j = lines()
    end_of(j, 1)["wall_ns"] = samples(j, 1)[-1]["done_ns"] // 2
    rechain(j)


@attack("runs at the same time", "OAE-V024")
def _():
    j = lines()
    of(j, "run")[1]["t0_ns"] = str(int(of(j, "run")[0]["t0_ns"]) + 1000)
    rechain(j)


@attack("two clocks that disagree", "OAE-V024")
def _():
    j = lines()
    for x in of(j, "run")[2:]:
        x["t0_ns"] = str(int(x["t0_ns"]) + 3600 * 10**9)
    rechain(j)


@attack("requests at once in SingleStream", "OAE-V025")
def _():
    j = lines()
    for r in runs_of(j, "reference/speculative"):
        a, b = samples(j, r)[:2]
        d = b["sent_ns"] - a["sent_ns"]
        for key in ("due_ns", "sent_ns", "first_ns", "done_ns"):
            b[key] -= d
        b["token_ns"][0] -= d
        all_of = sorted((x["sent_ns"], x["done_ns"]) for x in samples(j, r))
        busy, end = 0, 0
        for sent, done in all_of:
            busy += max(0, done - max(sent, end))
            end = max(end, done)
        end_of(j, r)["busy_ns"] = busy
    rechain(j)


@attack("the best run's times used again", "OAE-V026")
def _():
    j = lines()
    pair = [r for r in runs_of(j, "reference/speculative")
            if of(j, "run")[r]["workload"] == "letters"]
    by_item = samples(j, pair[0]), samples(j, pair[1])
    for good, x in zip(*by_item):
        for key in ("due_ns", "sent_ns", "first_ns", "done_ns", "token_ns",
                    "answer", "tokens_out"):
            x[key] = good[key]
    for key in ("busy_ns", "measure_ns"):
        end_of(j, pair[1])[key] = end_of(j, pair[0])[key]
    end_of(j, pair[1])["wall_ns"] = max(end_of(j, r)["wall_ns"] for r in pair)
    # room for it
    for i, x in enumerate(of(j, "run")):
        x["t0_ns"] = str(int(x["t0_ns"]) + i * 500000000)
    rechain(j)


# ---- counts, answers ------------------------------------------------------

@attack("slow requests left out", "OAE-V027")
def _():
    j = lines()
    x = samples(j, 1)[0]
    j.remove(x)
    rechain(j)


@attack("slow requests left out, never asked", "OAE-V030")
def _():
    j = lines()
    x = samples(j, 1)[-1]
    end_of(j, 1)["busy_ns"] -= x["done_ns"] - x["sent_ns"]
    for key in ("planned", "ok"):
        end_of(j, 1)["requests"][key] -= 1
    of(j, "run")[1]["items"].pop()
    j.remove(x)
    rechain(j)


@attack("what was expected is what was said", "OAE-V028")
def _():
    j = lines()
    x = samples(j, 1)[0]
    x["expected"] = x["answer"] + "!"
    rechain(j)


@attack("a kinder judge", "OAE-V028")
def _():
    j = lines()
    for x in samples(j, 1):
        x["judge"] = "none"
    rechain(j)


@attack("an easier question answered", "OAE-V028")
def _():
    j = lines()
    a, b = samples(j, 1)[:2]
    for key in ("item", "expected", "group", "answer"):
        a[key] = b[key]
    rechain(j)


@attack("more tokens than letters", "OAE-V029")
def _():
    j = lines()
    for x in samples(j, 1):
        x["tokens_out"] *= 100
    rechain(j)


# ---- the plan -------------------------------------------------------------

@attack("the worst pair of runs left out", "OAE-V030")
def _():
    j = lines()
    last = [x["run"] for x in of(j, "run")][-4:]
    j = [x for x in j if x.get("run") not in last]
    j[0]["plan"]["runs"] = 4
    rechain(j)


@attack("one run left out", "OAE-V030")
def _():
    j = lines()
    j = [x for x in j if x.get("run") != 3]
    rechain(j)


@attack("another seed than was drawn", "OAE-V030")
def _():
    j = lines()
    j[0]["seed"] = j[0]["options"]["seed"] = "7"
    rechain(j)


@attack("systems not interleaved", "OAE-V030")
def _():
    j = lines()
    by = {x["run"]: x for x in of(j, "run")}
    by[0]["system"], by[1]["system"] = by[1]["system"], by[0]["system"]
    rechain(j)


@attack("items chosen, not drawn", "OAE-V030 +")
def _():
    j = lines()
    first = of(j, "run")[0]
    first["items"][0], first["items"][1] = (first["items"][1],
                                            first["items"][0])
    rechain(j)


# ---- profiles, settings, baseline -----------------------------------------

@attack("a profile left out", "OAE-V031 +")
def _():
    j = lines()
    del j[0]["inputs"]["profiles/clinic.json"]
    os.unlink(BAD + "/inputs/profiles/clinic.json")
    rechain(j)


@attack("a member that no journal has", "OAE-V018")
def _():
    j = lines()
    of(j, "sample")[0]["claim"] = "best of all"
    rechain(j)


@attack("a mode left out", "OAE-V018 OAE-V019 OAE-V022 OAE-V031")
def _():
    def one_mode(t):
        for p in t["profiles"]:
            for s in p["scores"]:
                s["modes"].pop("owned", None)
    edit("result.json", one_mode)
    rebind()
    seal()


@attack("expert settings called defaults", "OAE-V032")
def _():
    j = lines()
    for s in j[0]["systems"]:
        if "gamma" in s["knobs"]:
            s["knobs"]["gamma"] = 2
    rechain(j)


@attack("expert settings as new defaults", "OAE-V032 OAE-V033")
def _():
    j = lines()

    def tuned(t):
        for s in t["systems"]:
            for k in s["knobs"]:
                if k["name"] == "gamma":
                    k["default"] = 2
    set_input(j, "adapters/reference/adapter.json", tuned)
    for s in j[0]["systems"]:
        if "gamma" in s["knobs"]:
            s["knobs"]["gamma"] = 2
    rechain(j)


@attack("cheaper machines, hash and all", "OAE-V033")
def _():
    j = lines()
    name = "tables/defaults.csv"
    write("inputs/" + name, read("inputs/" + name).replace(b"0.00003",
                                                           b"0.00009"))
    j[0]["inputs"][name] = sha(read("inputs/" + name))
    rechain(j)


@attack("a profile with other demand", "OAE-V033")
def _():
    j = lines()
    set_input(j, "profiles/clinic.json",
              lambda t: t.update(about="ours"))
    rechain(j)


@attack("easier questions under the same name", "OAE-V033")
def _():
    j = lines()
    set_input(j, "workloads/notices.workload.json",
              lambda t: t["gate"].update(floor=0.01))
    rechain(j)


@attack("another model under the same name", "OAE-V033")
def _():
    j = lines()
    for s in j[0]["systems"]:
        s["models"][0]["sha256"] = sha(b"better")
    rechain(j)


@attack("a suite of one's own in the closed division", "OAE-V033")
def _():
    j = lines()
    j[0]["suite"] = j[0]["options"]["suite"] = "mine"
    set_input(j, "suite.json", lambda t: t.update(id="mine"))
    rechain(j)


@attack("the weaker system as baseline", "OAE-V034")
def _():
    j = lines()
    j[0]["baseline"] = "reference/speculative"
    rechain(j)


@attack("a baseline made slow by its settings", "OAE-V034 +")
def _():
    j = lines()
    slow = "reference/dense:kernels=scalar"
    for x in of(j, "run"):
        if x["system"] == "reference/dense":
            x["system"] = slow
    j[0]["systems"][0]["id"] = j[0]["baseline"] = slow
    j[0]["systems"][0]["knobs"]["kernels"] = "scalar"
    j[0]["options"]["systems"][0] = slow
    rechain(j)


# ---- parts and hours ------------------------------------------------------

@attack("a model that the bill does not name", "OAE-V035")
def _():
    edit("adapter/bill-of-materials.json",
         lambda t: t["systems"][1]["models"].pop())
    rebind()
    seal()


@attack("a source that the bill does not name", "OAE-V035")
def _():
    edit("adapter/bill-of-materials.json", lambda t: t["files"].pop())
    rebind()
    seal()


@attack("no bill", "OAE-V035 +")
def _():
    os.unlink(BAD + "/adapter/bill-of-materials.json")
    seal()


@attack("another manifest than was measured", "OAE-V035")
def _():
    edit("adapter/reference/adapter.json", lambda t: t.update(title="x"))
    bind()
    seal()


def open_division(journal):
    edit("submission.json", lambda t: t.update(division="open"))
    write("README.md", read("README.md").replace(
        b"closed division", b"open division"))


LEDGER = "adapters/reference/effort/speculative.ledger.json"


@attack("no word of what the draft took", "OAE-V036")
def _():
    j = lines()
    open_division(j)

    def forget(t):
        t["entries"] = [e for e in t["entries"] if "draft" not in e["id"]]
    set_input(j, LEDGER, forget)
    rechain(j)


@attack("a narrow range that names a log which is not there", "OAE-V036")
def _():
    j = lines()
    open_division(j)

    def narrow(t):
        e = t["entries"][0]
        e["low"], e["mid"], e["high"] = 0.1, 0.1, 0.1
        e["source"] = "log:effort/hours.csv our own clock"
    set_input(j, LEDGER, narrow)
    rechain(j)


@attack("a narrow range without a log", "OAE-V036 +")
def _():
    j = lines()
    open_division(j)

    def narrow(t):
        e = t["entries"][0]
        e["low"], e["mid"], e["high"] = 0.1, 0.1, 0.1
    set_input(j, LEDGER, narrow)
    rechain(j)


# ---- start and power ------------------------------------------------------

@attack("no word of the first request", "OAE-V037")
def _():
    j = lines()
    rechain([x for x in j if x["type"] != "warmup"])


@attack("no word of how long the start took", "OAE-V037 +")
def _():
    j = lines()
    rechain([x for x in j if x["type"] != "ready"])


METER = {"name": "powercap.package", "sensor": "powercap", "unit": "uJ",
         "scope": "machine", "scale": 1, "wrap": "0", "evidence": "measured",
         "covers": "package", "chosen": True, "rate_max": 1e8,
         "update_ns": "1000000", "reason": None}


@attack("a meter without idle power", "OAE-V038")
def _():
    j = lines()
    for x in of(j, "run"):
        x["channels"].append(copy.deepcopy(METER))
    rechain(j)


@attack("an estimate called a meter", "OAE-V039 +")
def _():
    j = lines()
    for x in of(j, "run"):
        x["channels"].append(dict(METER, sensor="estimate"))
    rechain(j)


@attack("a meter whose readings are not measured", "OAE-V039 +")
def _():
    j = lines()
    for x in of(j, "run"):
        x["channels"].append(dict(METER, evidence="estimated"))
    rechain(j)
