# SPDX-License-Identifier: Apache-2.0
"""Attacks on what holds a submission together: its files, sums, signature,
compression, JSON, documents and the journal's chain. Run by attacks.py.
"""
import os
import subprocess

from attack_kit import (
    BAD, OAE, TMP, attack, bind, chain, edit, expand, lines, of, pack, read,
    rebind, rechain, run, seal, sha, sign, sum_up, write)


# ---- the container --------------------------------------------------------

@attack("nothing: a good one", "")
def _():
    pass


@attack("nothing: packed and chained again by the attacker's tools", "")
def _():
    rechain(lines())


@attack("a link to a file outside", "OAE-V010")
def _():
    os.symlink("/etc/passwd", BAD + "/adapter/passwd")


@attack("a link to a folder outside", "OAE-V010")
def _():
    os.symlink("/", BAD + "/adapter/root")


@attack("the result is a link", "OAE-V010 +")
def _():
    os.rename(BAD + "/result.json", TMP + "/outside.json")
    os.symlink(TMP + "/outside.json", BAD + "/result.json")


@attack("a pipe that nobody writes to", "OAE-V010")
def _():
    os.mkfifo(BAD + "/adapter/pipe")


@attack("a hidden file", "OAE-V010")
def _():
    write("adapter/.hidden", "x")


@attack("a hidden folder", "OAE-V010")
def _():
    write("adapter/.git/config", "x")


@attack("names with a line end, a space, a letter beyond ASCII", "OAE-V010")
def _():
    for name in ("a\nb", "a b", "\u00e4", "-rf"):
        write("adapter/" + name, "x")


@attack("two names that differ in case only", "OAE-V010")
def _():
    write("adapter/reference/ENGINE.c", "x")
    bind()
    seal()


@attack("folders too deep", "OAE-V011")
def _():
    os.makedirs(BAD + "/adapter/" + "/".join("d" * 40))


@attack("a path too long", "OAE-V011")
def _():
    os.makedirs(BAD + "/adapter/" + "/".join(["d" * 100] * 3))


@attack("a file too large", "OAE-V011")
def _():
    write("adapter/large", "")
    os.truncate(BAD + "/adapter/large", 1 << 40)


@attack("more files than anybody counts", "OAE-V011 +")
def _():
    os.makedirs(BAD + "/adapter/many")
    for i in range(4200):
        os.close(os.open(BAD + "/adapter/many/%d" % i, os.O_CREAT))


@attack("a part missing", "OAE-V012")
def _():
    os.unlink(BAD + "/system.json")
    seal()


@attack("a part too many", "OAE-V012")
def _():
    write("claims.md", "ten times faster")
    seal()


@attack("SHA256SUMS: a path outside", "OAE-V013")
def _():
    write("SHA256SUMS", read("SHA256SUMS") +
          (sha(b"") + "  ../../../etc/passwd\n").encode())
    sign()


@attack("SHA256SUMS: other forms of lines", "OAE-V013 +")
def _():
    text = read("SHA256SUMS").decode().splitlines()
    text[0] = text[0].replace("  ", " *")
    text[1] = text[1].upper()
    text[2] = "\\" + text[2]
    text[3] += "\r"
    text[4] = text[4].replace("  ", "  ./")
    text[5] = text[5].replace("  ", "  /")
    write("SHA256SUMS", "\n".join(text) + "\n")
    sign()


@attack("SHA256SUMS: a path twice", "OAE-V013")
def _():
    text = read("SHA256SUMS").decode().splitlines(True)
    write("SHA256SUMS", "".join([text[0]] + text))
    sign()


@attack("SHA256SUMS: another order", "OAE-V013")
def _():
    text = read("SHA256SUMS").decode().splitlines(True)
    write("SHA256SUMS", "".join(reversed(text)))
    sign()


@attack("SHA256SUMS: no end, and a NUL", "OAE-V013 +")
def _():
    write("SHA256SUMS", read("SHA256SUMS")[:-1] + b"\0")
    sign()


@attack("SHA256SUMS: names itself", "OAE-V013")
def _():
    write("SHA256SUMS", (sha(b"") + "  SHA256SUMS\n").encode() +
          read("SHA256SUMS"))
    sign()


@attack("a changed file", "OAE-V014 OAE-V035")
def _():
    write("adapter/reference/engine.c", read("adapter/reference/engine.c") + b" ")


@attack("a file that no sum names", "OAE-V014 OAE-V035")
def _():
    write("adapter/reference/more.c", "x")


@attack("a file that a sum names and that is not there", "OAE-V014 OAE-V035")
def _():
    os.unlink(BAD + "/adapter/reference/engine.c")


# ---- the signature --------------------------------------------------------

@attack("no signature", "OAE-V015")
def _():
    os.unlink(BAD + "/SHA256SUMS.sig")


@attack("another organisation's signature", "OAE-V015")
def _():
    sign("other")


@attack("another organisation's name", "OAE-V015 OAE-V019")
def _():
    edit("submission.json", lambda t: t.update(org="other"))
    seal()


@attack("a signature for something else", "OAE-V015")
def _():
    sign(namespace="git")


@attack("a torn signature", "OAE-V015")
def _():
    write("SHA256SUMS.sig", read("SHA256SUMS.sig")[:150])


@attack("a signature of other sums", "OAE-V015")
def _():
    write("adapter/reference/engine.c", read("adapter/reference/engine.c") + b" ")
    bind()
    sum_up()


@attack("an organisation whose name is a pattern",
        "OAE-V015 OAE-V018 OAE-V019")
def _():
    edit("submission.json", lambda t: t.update(org="*"))
    seal()


@attack("a huge signature", "OAE-V015")
def _():
    write("SHA256SUMS.sig", read("SHA256SUMS.sig") + b"x" * 100000)


# ---- compression ----------------------------------------------------------

@attack("a bomb: a line of 256 MiB", "OAE-V016")
def _():
    with open(BAD + "/journal.jsonl.zst", "wb") as f:
        a = subprocess.Popen(["head", "-c", "268435456", "/dev/zero"],
                             stdout=subprocess.PIPE)
        subprocess.run(["zstd", "-1cq"], stdin=a.stdout, stdout=f, check=True)
        a.wait()
    seal()


@attack("a torn frame", "OAE-V016")
def _():
    write("journal.jsonl.zst", read("journal.jsonl.zst")[:-9])
    seal()


@attack("a damaged frame", "OAE-V016")
def _():
    data = bytearray(read("journal.jsonl.zst"))
    data[len(data) // 2] ^= 1
    write("journal.jsonl.zst", bytes(data))
    seal()


@attack("something after the frame", "OAE-V016")
def _():
    write("journal.jsonl.zst", read("journal.jsonl.zst") + b"more")
    seal()


@attack("a second frame", "OAE-V016")
def _():
    write("journal.jsonl.zst", read("journal.jsonl.zst") * 2)
    seal()


@attack("a frame that asks for 128 MiB of window", "OAE-V016")
def _():
    write("journal.jsonl.zst", run("zstd", "-cq", "--long=27", input=expand()))
    seal()


@attack("a frame to be skipped", "OAE-V016")
def _():
    write("journal.jsonl.zst", b"\x50\x2a\x4d\x18\x04\0\0\0xxxx" +
          read("journal.jsonl.zst"))
    seal()


@attack("no frame at all", "OAE-V016")
def _():
    write("journal.jsonl.zst", expand())
    seal()


# ---- JSON -----------------------------------------------------------------

@attack("JSON: a key twice", "OAE-V017 +")
def _():
    write("system.json", read("system.json").replace(
        b'"no_meter"', b'"schema": "system-1",\n "no_meter"', 1))
    seal()


@attack("JSON: 100,000 levels", "OAE-V017 +")
def _():
    write("system.json", "[" * 100000 + "]" * 100000)
    seal()


@attack("JSON: a number that no double holds", "OAE-V017 +")
def _():
    write("system.json", read("system.json").replace(
        b'"memory_bytes": ', b'"memory_bytes": 1e999, "more": ', 1))
    seal()


@attack("JSON: bytes after the end", "OAE-V017 +")
def _():
    write("result.json", read("result.json") + b"{}")
    rebind()
    seal()


@attack("JSON: not UTF-8", "OAE-V017 +")
def _():
    write("inputs/suite.json", read("inputs/suite.json").replace(
        b"Two systems", b"Two \xff systems"))
    seal()


@attack("JSON: a journal line with a key twice", "OAE-V017")
def _():
    text = expand().splitlines(True)
    text[5] = text[5].replace(b'{"seq"', b'{"seq":1,"seq"', 1)
    pack(b"".join(text))
    seal()


@attack("JSON: a journal line that is none", "OAE-V017")
def _():
    text = expand().splitlines(True)
    text[5] = b"{'seq': 5}\n"
    pack(b"".join(text))
    seal()


@attack("a result of another shape", "OAE-V018")
def _():
    edit("result.json", lambda t: t.pop("profiles"))
    rebind()
    write("README.md", read("README.md"))
    seal()


@attack("a journal line of an unknown type", "OAE-V018")
def _():
    j = lines()
    j.insert(5, {"seq": 0, "prev": "", "type": "bonus"})
    pack(chain(j))
    seal()


# ---- documents beside each other ------------------------------------------

@attack("a status of one's own", "OAE-V018 OAE-V019")
def _():
    edit("submission.json", lambda t: t.update(status="reproduced"))
    seal()


@attack("another adapter's hash", "OAE-V019")
def _():
    edit("submission.json", lambda t: t.update(adapter_sha256=sha(b"")))
    seal()


@attack("a machine that is not the measured one", "OAE-V019")
def _():
    edit("system.json", lambda t: t["start"]["cpu"].update(model="Potato"))
    seal()


@attack("a headline of one's own", "OAE-V019")
def _():
    write("README.md", read("README.md").replace(b"# acme", b"# 10x: acme"))
    seal()


# ---- the journal ----------------------------------------------------------

@attack("a journal without its seal", "OAE-V020 +")
def _():
    pack(b"".join(expand().splitlines(True)[:-1]))
    seal()


@attack("an edited line", "OAE-V020 +")
def _():
    pack(expand().replace(b'"outcome":"failed"', b'"outcome":"ok"')
         .replace(b'"AMD', b'"Amd').replace(b'"Intel', b'"intel')
         .replace(b'"seed":"42"', b'"seed":"43"', 1))
    seal()


@attack("a line left out, not chained again", "OAE-V020 +")
def _():
    text = expand().splitlines(True)
    del text[20]
    pack(b"".join(text))
    seal()


@attack("bytes after the seal", "OAE-V020 +")
def _():
    pack(expand() + b'{"type":"sample"')
    seal()


@attack("an input that the journal does not name", "OAE-V021")
def _():
    write("inputs/prompts.txt", "x")
    seal()


@attack("cheaper machines, hash not told", "OAE-V021")
def _():
    write("inputs/tables/defaults.csv",
          read("inputs/tables/defaults.csv").replace(b"0.00003", b"0.00009"))
    seal()


@attack("an edited number of the result", "OAE-V019 OAE-V022")
def _():
    def better(t):
        t["profiles"][0]["scores"][-1]["modes"]["on_demand"]["oae"][
            "low"] = 7.5
    edit("result.json", better)
    rebind()
    seal()
