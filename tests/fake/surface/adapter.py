#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers right, from the workload's own items, after a time that follows
from its knobs: what a tuning finds can be computed beforehand."""
import glob
import json
import os
import sys
import time


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answers(home):
    known = {}
    for path in glob.glob(home + "/workloads/*.items.jsonl"):
        with open(path, encoding="utf-8") as f:
            for line in f:
                item = json.loads(line)
                known[item["prompt"]] = item["expected"]
    return known


def main():
    hello = json.loads(sys.stdin.readline())
    knobs = hello["knobs"]
    mode = knobs.get("mode", "good")
    ms = 30 / knobs["batch"] if "batch" in knobs else 20
    if mode == "refuse":
        say(type="error", id=None, code="knob", message="mode is refused")
        sys.exit(1)
    known = answers(hello["home"])
    say(type="ready", protocol=1, adapter="surface", version="1",
        system=hello["system"], max_in_flight=1, verbs=["submit"])
    for line in sys.stdin:
        m = json.loads(line)
        if m["type"] == "close":
            break
        if m["type"] != "submit":
            continue
        time.sleep(ms / 1000)
        if mode == "crash" and m["id"] == "2":
            os.abort()
        # the text that warms up is no item
        words = known.get(m["prompt"], "no idea")
        if mode == "wrong":
            words = "no idea"
        say(type="token", id=m["id"], t_ns=str(time.monotonic_ns()), n=1,
            text=words)
        say(type="done", id=m["id"], t_ns=str(time.monotonic_ns()),
            finish="stop", tokens_in=1, tokens_out=1)
    say(type="bye")


main()
