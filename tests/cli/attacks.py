# SPDX-License-Identifier: Apache-2.0
"""Plays every attack against `oae verify`. Each has a name, the rules that
must be broken and no other ("+": others may be, too), and what the attacker
does.

    attacks.py OAE TMP [NAME...]

TMP holds submissions/acme/good, the keys acme and other, and signers. NAME: a
part of the names of those to try. Prints TAP.
"""
import json
import os
import shutil
import subprocess
import sys

import attack_kit
from attack_kit import BAD, GOOD, OAE, TMP
import attacks_container  # noqa: F401  each adds its table
import attacks_journal  # noqa: F401


def verdict():
    """The broken rules, or why there is none to tell."""
    done = subprocess.run(
        [OAE, "verify", BAD, "--allowed-signers", TMP + "/signers", "--json"],
        capture_output=True, timeout=120)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return None, "exit %d: %s" % (done.returncode,
                                      done.stderr.decode()[:300])
    rules = {f["rule"] for f in said["findings"]}
    text = "\n".join("%s %s: %s" % (f["rule"], f["file"], f["text"])
                     for f in said["findings"])
    if done.returncode != (2 if rules else 0) or said["ok"] != (not rules):
        return None, "exit %d with:\n%s" % (done.returncode, text)
    return rules, text


def main():
    only = sys.argv[3:]
    number = 0
    for name, wanted, do in attack_kit.attacks:
        if only and not any(o in name for o in only):
            continue
        number += 1
        shutil.rmtree(BAD, ignore_errors=True)
        shutil.copytree(GOOD, BAD, symlinks=True)
        do()
        rules, text = verdict()
        more = "+" in wanted
        want = set(wanted) - {"+"}
        good = rules is not None and (want <= rules if more else want == rules)
        print("%sok %d - %s: %s" % ("" if good else "not ", number, name,
                                    " ".join(wanted) or "holds"))
        if not good or os.environ.get("OAE_TEST_VERBOSE"):
            for x in text.splitlines()[:20]:
                print("# " + x[:300])
    print("1..%d" % number)


main()
