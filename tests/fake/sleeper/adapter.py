#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sleeps for the time that a request takes: a slower version is another
SERVICE_MS, or the knob slower_pct."""
import json
import os
import random
import sys
import time

SERVICE_MS = 40
WORDS = ["a", " short", " quiet", " nap"]


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def now():
    return str(time.monotonic_ns())


def answer(m, pause_s):
    due = time.monotonic()
    for word in WORDS:
        due += pause_s
        time.sleep(max(0, due - time.monotonic()))
        say(type="token", id=m["id"], t_ns=now(), n=1, text=word)
    say(type="done", id=m["id"], t_ns=now(), finish="stop",
        tokens_in=1, tokens_out=len(WORDS))


def main():
    hello = json.loads(sys.stdin.readline())
    knobs = hello["knobs"]
    noise = random.Random(os.urandom(8)).uniform(-1, 1) * knobs["noise_pct"]
    factor = (1 + knobs["slower_pct"] / 100) * (1 + noise / 100)
    pause_s = SERVICE_MS / 1000 / len(WORDS) * factor
    say(type="ready", protocol=1, adapter="sleeper", version="1",
        system=hello["system"], max_in_flight=1, verbs=["submit"],
        details={})
    for line in sys.stdin:
        m = json.loads(line)
        if m["type"] == "close":
            break
        if m["type"] == "submit":
            answer(m, pause_s)
    say(type="bye")


main()
