#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An adapter in a few lines. The good case is say(), main() and answer();
every other line is one way to misbehave, chosen by the knob "mode"."""
import json
import os
import signal
import sys
import time


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def now(offset=0):
    return str(time.monotonic_ns() + offset)


def answer(m):
    words = m["prompt"].split()[:m["max_tokens"]]
    for i, word in enumerate(words):
        say(type="token", id=m["id"], t_ns=now(), n=1,
            text=(" " if i else "") + word)
    say(type="done", id=m["id"], t_ns=now(), finish="stop",
        tokens_in=len(m["prompt"].split()), tokens_out=len(words))


def raw(data):
    sys.stdout.flush()
    os.write(1, data)


def token(m, **more):
    say(**{"type": "token", "id": m["id"], "t_ns": now(), "n": 1,
           "text": "a", **more})


def done(m, **more):
    say(**{"type": "done", "id": m["id"], "t_ns": now(), "finish": "stop",
           "tokens_in": 1, "tokens_out": 1, **more})


def huge(m):
    raw(b'{"type":"token","text":"')
    block = b"a" * (1 << 20)
    for _ in range(1024):
        raw(block)


def stderr_flood(m):
    block = b"noise\n" * 10000
    while True:
        os.write(2, block)


def backwards(m):
    token(m)
    token(m, t_ns=now(-10**9))


def child(m):
    # A grandchild that outlives us must not keep the harness waiting.
    if os.fork() == 0:
        os.setsid()
        time.sleep(30)
        os._exit(0)
    os._exit(0)


def hungry(m):
    # What a memory limit is for.
    bytearray(64 << 20)
    answer(m)


def busy(m):
    end = time.process_time() + 0.03
    while time.process_time() < end:
        pass
    answer(m)


BAD = {
    # of each four the first has no answer
    "one_silent": lambda m: None if int(m["id"]) % 4 == 1 else answer(m),
    "hungry": hungry,
    "busy": busy,
    "crash": lambda m: os.kill(os.getpid(), signal.SIGSEGV),
    "exit0": lambda m: sys.exit(0),
    "exit3": lambda m: (sys.stderr.write("no more memory\n"), sys.exit(3)),
    "hang": lambda m: time.sleep(1000),
    "deaf": lambda m: time.sleep(1000),
    "close_stdout": lambda m: (os.close(1), time.sleep(1000)),
    "garbage": lambda m: raw(b"\x00\xff%$&!\n"),
    "not_json": lambda m: raw(b"Loading model... done\n"),
    "utf8": lambda m: raw(b'{"type":"token","id":"1","t_ns":"1","n":1,'
                          b'"text":"\xc3\x28"}\n'),
    "huge": huge,
    "unknown_type": lambda m: say(type="hallo", id=m["id"]),
    "unknown_id": lambda m: token(m, id="77"),
    "no_id": lambda m: say(type="token", t_ns=now(), n=1, text="a"),
    "twice": lambda m: (answer(m), done(m)),
    "future": lambda m: token(m, t_ns=now(10**12)),
    "backwards": backwards,
    "too_many": lambda m: token(m, n=m["max_tokens"] + 1),
    "miscount": lambda m: (token(m), done(m, tokens_out=5)),
    "cancelled": lambda m: (token(m), done(m, finish="cancelled")),
    "negative": lambda m: token(m, n=-1),
    "half_line": lambda m: (raw(b'{"type":"tok'), os._exit(0)),
    "error_all": lambda m: say(type="error", id=None, code="internal",
                               message="out of cheese"),
    "stderr_flood": stderr_flood,
    "child": child,
}


def reverse(held):
    # Their tokens in turn, the last one first, and so their ends.
    for i in range(3):
        for m in reversed(held):
            token(m, text=" " + m["id"])
    for m in reversed(held):
        done(m, tokens_out=3)


def error_many(held):
    for m in held:
        say(type="error", id=m["id"], code="model", message="no")


# What happens once so many are in flight as it takes.
MANY = {
    "reverse": reverse,
    "crash_many": lambda held: os.kill(os.getpid(), signal.SIGSEGV),
    "error_many": error_many,
}


def main():
    hello = json.loads(sys.stdin.readline())
    mode, when = hello["knobs"]["mode"], hello["knobs"]["when"]
    flight = hello["knobs"].get("flight", 1)
    if mode in ("exit0", "crash", "hang") and when == 0:
        BAD[mode](None)
    if mode == "wrong_protocol":
        say(type="ready", protocol=2, adapter="fake", version="1",
            system=hello["system"], max_in_flight=1, verbs=["submit"])
    if mode == "two_ready":
        say(type="ready", protocol=1, adapter="fake", version="1",
            system=hello["system"], max_in_flight=1, verbs=["submit"])
    say(type="ready", protocol=1, adapter="fake", version="1",
        system=hello["system"], max_in_flight=flight,
        verbs=["submit"],
        details={"synthetic": hello["synthetic"]})
    held = []
    for line in sys.stdin:
        m = json.loads(line)
        if m["type"] == "close":
            break
        if m["type"] == "cancel" and mode != "deaf":
            done(m, finish="cancelled", tokens_out=0)
        elif m["type"] == "submit":
            time.sleep(hello["knobs"]["delay_ms"] / 1000)
            if mode == "error" and int(m["id"]) >= when:
                say(type="error", id=m["id"], code="model",
                    message="the model has no answer")
            elif mode == "slow" and int(m["id"]) >= when:
                continue
            elif mode in MANY and int(m["id"]) >= when:
                held.append(m)
                if len(held) == flight:
                    MANY[mode](held)
                    held = []
            elif mode in BAD and int(m["id"]) >= when:
                BAD[mode](m)
            else:
                answer(m)
    if mode == "no_bye":
        sys.exit(0)
    if mode == "stay":
        say(type="bye")
        time.sleep(1000)
    if mode == "exit5":
        say(type="bye")
        sys.exit(5)
    if mode == "stderr_line":
        sys.stderr.write("x" * 100000 + "\n")
    say(type="bye")


main()
