# SPDX-License-Identifier: Apache-2.0
"""The attacker's tools: he takes a submission apart, changes it, and makes it
whole again (chain, seal, score, documents, sums, signature), so that only the
rule in question can find what he did. For attacks.py.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys

OAE, TMP = sys.argv[1:3]
GOOD = TMP + "/submissions/acme/good"
BAD = TMP + "/bad"
attacks = []


def attack(name, rules):
    def add(f):
        attacks.append((name, rules.split(), f))
        return f
    return add


def run(*argv, **more):
    return subprocess.run(argv, check=True, capture_output=True, **more).stdout


def sha(data):
    return hashlib.sha256(data).hexdigest()


def read(path):
    with open(BAD + "/" + path, "rb") as f:
        return f.read()


def write(path, data):
    os.makedirs(os.path.dirname(BAD + "/" + path), exist_ok=True)
    with open(BAD + "/" + path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def load(path):
    return json.loads(read(path))


def edit(path, change):
    tree = load(path)
    change(tree)
    write(path, json.dumps(tree, indent=1, ensure_ascii=False) + "\n")


# ---- what holds a submission together, made again -------------------------

def files():
    found = []
    for folder, _, names in os.walk(BAD):
        for name in names:
            path = os.path.relpath(folder + "/" + name, BAD)
            if not os.path.islink(BAD + "/" + path) and path not in (
                    "SHA256SUMS", "SHA256SUMS.sig"):
                found.append(path)
    return sorted(found, key=os.fsencode)


def sum_up():
    write("SHA256SUMS", "".join("%s  %s\n" % (sha(read(p)), p)
                                for p in files()))


def sign(key="acme", namespace="oae-submission"):
    if os.path.exists(BAD + "/SHA256SUMS.sig"):
        os.unlink(BAD + "/SHA256SUMS.sig")
    run("ssh-keygen", "-q", "-Y", "sign", "-f", TMP + "/" + key, "-n",
        namespace, BAD + "/SHA256SUMS")


def seal():
    sum_up()
    sign()


def bind():
    """The bill and submission.json for the files that are there now."""
    def bill(t):
        t["files"] = [{"path": p[8:], "kind": kind(p), "bytes": len(read(p)),
                       "sha256": sha(read(p))} for p in files()
                      if p.startswith("adapter/") and
                      p != "adapter/bill-of-materials.json"]
    edit("adapter/bill-of-materials.json", bill)
    rebind()


def kind(path):
    if path.endswith("/adapter.json"):
        return "manifest"
    return "ledger" if path.endswith(".ledger.json") else "source"


def rebind():
    def about(t):
        t["result_sha256"] = sha(read("result.json"))
        t["adapter_sha256"] = sha(read("adapter/bill-of-materials.json"))
    edit("submission.json", about)


def expand():
    return run("zstd", "-dcq", BAD + "/journal.jsonl.zst")


def pack(data):
    write("journal.jsonl.zst", run("zstd", "-cq", input=data))


def lines():
    return [json.loads(x) for x in expand().decode().splitlines()]


def chain(journal):
    out, before = b"", "0" * 64
    for i, line in enumerate(journal):
        line["seq"], line["prev"] = i, before
        if line["type"] == "seal":
            line["lines"], line["sha256"] = i, sha(out)
        text = dump(line).encode()
        before = sha(text)
        out += text + b"\n"
    return out


def score(data):
    """result.json and README.md of the journal and inputs there are now."""
    folder = TMP + "/scored"
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    shutil.copytree(BAD + "/inputs", folder + "/inputs")
    with open(folder + "/journal.jsonl", "wb") as f:
        f.write(data)
    done = subprocess.run([OAE, "score", folder], capture_output=True)
    if done.returncode:
        return  # what cannot be scored keeps its old result
    with open(folder + "/result.json", "rb") as f:
        write("result.json", f.read())
    head, _, tail = read("README.md").decode().split("```\n")
    table = done.stdout.decode().replace("`", "'")
    write("README.md", head + "```\n" + table + "```\n" + tail)


def rechain(journal):
    data = chain(journal)
    pack(data)
    score(data)
    campaign = journal[0]

    def bill(t):
        for now, was in zip(t["systems"], campaign["systems"]):
            for key in ("id", "adapter", "version", "knobs", "binary_sha256"):
                now[key] = was[key]
            now["models"] = [{key: m[key] for key in (
                "path", "bytes", "sha256")} for m in was["models"]]
        t["inputs"], t["build"] = campaign["inputs"], campaign["build"]
    edit("adapter/bill-of-materials.json", bill)

    def about(t):
        t["journal_sha256"] = sha(data)
        t["utc"], t["suite"] = campaign["utc"], campaign["suite"]
    edit("submission.json", about)
    rebind()
    seal()


def of(journal, *types):
    return [x for x in journal if x["type"] in types]


def samples(journal, run_id):
    return [x for x in of(journal, "sample") if x["run"] == run_id]


def end_of(journal, run_id):
    return [x for x in of(journal, "run_end") if x["run"] == run_id][0]


def runs_of(journal, system):
    return [x["run"] for x in of(journal, "run") if x["system"] == system]


def set_input(journal, name, change):
    """An input of the journal, changed, and its hash with it."""
    edit("inputs/" + name, change)
    journal[0]["inputs"][name] = sha(read("inputs/" + name))
    if name.endswith("adapter.json"):
        write("adapter/" + name[9:], read("inputs/" + name))
        bind()
