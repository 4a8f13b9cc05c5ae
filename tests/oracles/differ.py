# SPDX-License-Identifier: Apache-2.0
"""Three validators, one verdict.

usage: differ.py SEED VALIDATE_BATCH AJV|- SCHEMA=DOCUMENT... ...

For every schema of schema/documents/ documents are invented, and those and
the given ones are broken; ours, python3-jsonschema and ajv must say the same
of each. Prints what was compared; exit 2 when two differ.
"""
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import jsonschema

import makes

INVENTED, BROKEN, FROM_GIVEN = 40, 120, 40
BYTES_MAX = 60000  # of a given document; larger ones are read, not broken


def pattern(validator, value, instance, schema):
    if validator.is_type(instance, "string") and \
            not re.search(makes.same_end(value), instance):
        yield jsonschema.ValidationError("pattern")


Python = jsonschema.validators.extend(jsonschema.Draft202012Validator,
                                      {"pattern": pattern})


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def given(path):
    lines = Path(path).read_text().splitlines()
    if path.endswith(".jsonl"):
        # The first of each kind of line.
        kinds = {}
        for line in map(json.loads, lines):
            kinds.setdefault(line.get("type"), line)
        return list(kinds.values())
    return [json.loads("\n".join(lines))]


def documents(schema, files, rng):
    own = [d for f in files for d in given(f)]
    maker = makes.Maker(schema, rng)
    invented = [maker.make(schema) for _ in range(INVENTED)]
    out = own + invented
    out += [makes.broken(rng.choice(invented), rng) for _ in range(BROKEN)]
    small = [d for d in own if len(text(d)) < BYTES_MAX]
    if small:
        out += [makes.broken(rng.choice(small), rng)
                for _ in range(FROM_GIVEN + 40 * (len(small) > 3))]
    # What no JSON text may be is refused before a schema is asked.
    return [d for d in out if makes.depth_of(d) <= 60 and makes.is_finite(d)]


def ask(command, blocks):
    lines = []
    for schema, docs in blocks:
        lines.append("S" + text(schema))
        lines += ["I" + text(d) for d in docs]
    got = subprocess.run(command, input="\n".join(lines) + "\n", text=True,
                         capture_output=True, timeout=200, check=True)
    answers = got.stdout.splitlines()
    if len(answers) != len(lines):
        sys.exit(f"{command[0]}: {len(answers)} answers to {len(lines)}")
    return answers


def main():
    seed, batch, ajv, *pairs = sys.argv[1:]
    files = {}
    for pair in pairs:
        name, path = pair.split("=", 1)
        files.setdefault(name, []).append(path)
    names, blocks = [], []
    for path in sorted(Path("schema/documents").glob("*.schema.json")):
        name = path.name.removesuffix(".schema.json")
        schema = json.loads(path.read_text())
        Python.check_schema(schema)
        rng = random.Random(f"{seed} {name}")
        names.append(name)
        blocks.append((schema, documents(schema, files.get(name, []), rng)))
    ours = ask([batch], blocks)
    theirs = ask(["node", ajv], blocks) if ajv != "-" else None
    at, differ, verdicts, poor = 0, 0, 0, []
    for name, (schema, docs) in zip(names, blocks):
        if ours[at] != "ok" or (theirs and theirs[at] != "ok"):
            sys.exit(f"{name}: ours: {ours[at]}; "
                     f"ajv: {theirs[at] if theirs else '-'}")
        at += 1
        python = Python(schema)
        taken = 0
        for d in docs:
            said = {"ours": ours[at],
                    "python": "1" if python.is_valid(d) else "0"}
            if theirs:
                said["ajv"] = theirs[at]
            at += 1
            verdicts += len(said)
            taken += said["ours"] == "1"
            if len(set(said.values())) > 1:
                differ += 1
                if differ < 10:
                    print(f"{name}: {said}: {text(d)[:600]}")
        print(f"{name}: {len(docs)} documents, {taken} fit,"
              f" {len(docs) - taken} do not")
        # A test that only ever hears one answer tests nothing.
        if min(taken, len(docs) - taken) < len(docs) // 20:
            poor.append(name)
    count = sum(len(d) for _, d in blocks)
    print(f"{count} documents for {len(names)} schemas, {verdicts} verdicts"
          f" of {3 if theirs else 2} validators: {differ} differ")
    if poor:
        print(f"too few of one verdict: {', '.join(poor)}")
    sys.exit(2 if differ or poor else 0)


main()
