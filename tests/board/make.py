#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Invented submissions for the tests of `oae board`: no numbers of anybody.

    tests/board/make.py FOLDER COUNT [--seed N] [--profiles N]

Each is tests/data/synthetic-result.json with other scores, machines, dates
and names; every tenth has a review. The same words give the same bytes.
"""
import argparse
import copy
import hashlib
import json
import pathlib
import random

CPUS = [
    ("AMD EPYC 7763", 64, 256), ("AMD Ryzen 7 5700G", 8, 32),
    ("Intel(R) Xeon(R) Gold 6338", 32, 128), ("Intel(R) N100", 4, 16),
    ("Cortex-A76", 4, 8),
]
ORGS = ["acme", "birch-labs", "clinic-north", "delta", "example.org",
        "fjord", "gamma-ray", "hill_school"]
STATUSES = ["reproduced", "disputed", "invalidated"]
PROFILES = ["clinic", "school", "enterprise", "hyperscale"]


def profile_of(template, name):
    """A profile whose scores are marks, to be replaced in its text."""
    profile = copy.deepcopy(template)
    profile["id"] = profile["profile"]["id"] = name
    profile["profile"]["title"] = f"An invented {name}"
    for i, score in enumerate(profile["scores"]):
        if i == 0:
            score["gate"] = "@gate@"
        for mode, body in score["modes"].items():
            mark = f"@{name} {i} {mode} "
            if body["oae"].get("value") is None:
                continue
            body["oae"].update(value=mark + "value@", low=mark + "low@",
                               high=mark + "high@")
            body["verdict"] = mark + "verdict@"
            body["sentence"] = f"An invented score of {name}."
    return profile


def template_of(path, profiles):
    result = json.loads(path.read_text())
    start = result["environment"]["start"]
    start["cpu"].update(model="@cpu@", cores="@cores@")
    start["memory_bytes"] = "@memory@"
    result["campaign"]["utc"] = "@utc@"
    result["profiles"] = [profile_of(result["profiles"][0], name)
                          for name in PROFILES[:profiles]]
    return result, json.dumps(result, indent=1).split('"@')


def scores(result, rng):
    """Values for every mark of a score."""
    values = {}
    for profile in result["profiles"]:
        for i, score in enumerate(profile["scores"]):
            factor = 0.9 * rng.lognormvariate(0, 0.35)
            width = 1 + 0.02 + 0.15 * rng.random()
            for mode, body in score["modes"].items():
                value = factor * (1.1 if mode == "owned" else 1)
                mark = f"{profile['id']} {i} {mode} "
                values[mark + "value"] = value
                values[mark + "low"] = value / width
                values[mark + "high"] = value * width
                values[mark + "verdict"] = (
                    "PAYS" if value / width > 1 else
                    "DOES-NOT-PAY" if value * width < 1 else "UNDECIDED")
    return values


def submission(template, rng, number):
    result, parts = template
    cpu, cores, memory = rng.choice(CPUS)
    values = scores(result, rng)
    values.update({
        "cpu": cpu, "cores": cores, "memory": memory << 30,
        "utc": f"2026-{1 + number % 12:02}-{1 + number % 28:02}T12:00:00Z",
        "gate": {"outcome": "pass", "reasons": []} if number % 7 else
                {"outcome": "unproven", "reasons": ["too few items"]},
    })
    text = parts[0]
    for part in parts[1:]:
        mark, rest = part.split('@"', 1)
        text += json.dumps(values[mark]) + rest
    return (text + "\n").encode()


def review(path, text, status):
    document = {
        "schema": "review-1", "status": status, "by": "the operator",
        "date": "2026-11-25", "nonce": "7f3a", "inside": 40, "outside":
        0 if status == "reproduced" else 9, "not_comparable": 2,
        "reason": None if status == "reproduced" else "an invented reason",
        "result_sha256": hashlib.sha256(text).hexdigest(),
        "adapter_sha256": None, "superseded_by": None,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profiles", type=int, default=len(PROFILES))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    data = pathlib.Path(__file__).parent.parent / "data"
    template = template_of(data / "synthetic-result.json", args.profiles)
    for number in range(args.count):
        folder = (args.folder / ORGS[number % len(ORGS)] /
                  f"run-{number:04}")
        folder.mkdir(parents=True)
        text = submission(template, rng, number)
        (folder / "result.json").write_bytes(text)
        if number % 10 == 3:
            review(folder.with_suffix(".review.json"), text,
                   STATUSES[number // 10 % 3])


main()
