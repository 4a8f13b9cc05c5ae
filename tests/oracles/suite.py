# SPDX-License-Identifier: Apache-2.0
"""Our validator against the JSON Schema Test Suite.

usage: suite.py VALIDATE_BATCH FOLDER      (tests/draft2020-12 of the suite)

A case whose schema has a keyword that we refuse is skipped and counted by
that reason. Exit 2 when a verdict is not the suite's, or too few were tried.
"""
import collections
import json
import re
import subprocess
import sys
from pathlib import Path

TRIED_MIN = 500


def reason(why):
    m = re.search(r'the keyword "([^"]*)"', why)
    if m:
        return f"keyword {m[1]}"
    for words, name in (
            ("a place in this document", "$ref to another document"),
            ("has no $id here", "$id within a schema"),
            ("2020-12/schema", "another dialect"),
            ("leads to no schema", "$ref to what is no schema"),
            ("patterns are those of", "pattern beyond RFC 9485"),
            ("/multipleOf: must be", "multipleOf of a fraction"),
            ("refers to itself", "an endless chain of schemas"),
            ("u0000", "U+0000 in a text")):
        if words in why:
            return name
    return f"other: {why}"


def main():
    batch, folder = sys.argv[1:]
    lines, cases = [], []
    for path in sorted(Path(folder).glob("*.json")):
        for group in json.loads(path.read_text()):
            cases.append((path.name, group))
            lines.append("S" + json.dumps(group["schema"]))
            lines += ["I" + json.dumps(t["data"]) for t in group["tests"]]
    got = subprocess.run([batch], input="\n".join(lines) + "\n", text=True,
                         capture_output=True, timeout=200, check=True)
    answers = iter(got.stdout.splitlines())
    tried, wrong, skipped = 0, 0, collections.Counter()
    for name, group in cases:
        answer = next(answers)
        for t in group["tests"]:
            said = next(answers)
            if answer != "ok":
                skipped[reason(answer)] += 1
            elif said.startswith("? JSON") and "\\u0000" in said:
                skipped["U+0000 in a text"] += 1
            else:
                tried += 1
                if said != ("1" if t["valid"] else "0"):
                    wrong += 1
                    print(f"{name}: {group['description']}:"
                          f" {t['description']}: {said}")
    print(f"{tried} cases of the JSON Schema Test Suite tried, {wrong} wrong,"
          f" {sum(skipped.values())} skipped")
    for why, n in skipped.most_common():
        print(f"  skipped {n:4}: {why}")
    sys.exit(2 if wrong or tried < TRIED_MIN else 0)


main()
