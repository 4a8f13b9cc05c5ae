#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a site with other people's parsers; fails at the first fault.

    tests/board/read.py SITE SCHEMA
"""
import csv
import html.parser
import json
import pathlib
import sys
import urllib.parse

site = pathlib.Path(sys.argv[1])
VOID = {"meta", "link", "img", "br", "hr", "input", "path"}


class Page(html.parser.HTMLParser):
    """Well-formed, nothing that runs, and links that lead somewhere."""

    def __init__(self, path):
        super().__init__()
        self.path, self.open, self.ids, self.links = path, [], [], []
        self.count, self.policy = {}, None
        self.feed(path.read_text(encoding="utf-8"))
        assert not self.open, (path, self.open)
        assert len(self.ids) == len(set(self.ids)), (path, "an id twice")

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.count[tag] = self.count.get(tag, 0) + 1
        assert tag not in ("img", "iframe", "object", "style", "base"), tag
        if tag == "script":
            assert values["src"].endswith("board.js"), values
        if tag == "meta" and "http-equiv" in values:
            self.policy = values["content"]
        for key, value in attrs:
            assert not key.startswith("on") and key != "style", (tag, key)
            if key == "href":
                self.link(value)
            if key == "id":
                self.ids.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (self.path, tag)

    def link(self, value):
        parts = urllib.parse.urlsplit(value)
        assert parts.scheme in ("", "https"), value
        if parts.scheme or not parts.path:
            return
        target = (self.path.parent / urllib.parse.unquote(parts.path))
        assert target.exists(), (self.path, value)


pages = {p: Page(p) for p in site.rglob("*.html")}
for path, page in pages.items():
    assert page.count["h1"] == page.count["main"] == 1, path
    assert page.policy.startswith("default-src 'none'"), path
    assert "unsafe" not in page.policy, path
    # Tables have a caption, and heads say of what they are.
    assert page.count.get("table", 0) == page.count.get("caption", 0), path

feed = json.loads((site / "board.json").read_text(encoding="utf-8"))
try:
    import jsonschema
    schema = json.loads(pathlib.Path(sys.argv[2]).read_text())
    jsonschema.Draft202012Validator(schema).validate(feed)
except ImportError:
    print("no jsonschema here", file=sys.stderr)
with open(site / "board.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file, strict=True))
flat = [(t, r) for t in feed["tables"] for r in t["rows"]]
assert len(rows) == len(flat), (len(rows), len(flat))
for line, (table, row) in zip(rows, flat):
    assert None not in line and None not in line.values(), line
    assert line["mode"] == table["mode"], line
    assert line["oae"] == "" or float(line["oae"]) == row["oae"]["value"]
    assert (line["rank_low"] == "") == (row["rank"] is None), line
    for text in line.values():
        assert text[:1] not in "=+@" or text == "", text

# The rule of ranks, computed in the slow way.
for table in feed["tables"]:
    leagues = {}
    for row in table["rows"]:
        if row["rank"]:
            key = (row["baseline_sha256"], row["baseline"],
                   row["oae"]["class"])
            leagues.setdefault(key, []).append(row)
    for league in leagues.values():
        for row in league:
            above = sum(o["oae"]["low"] > row["oae"]["high"] for o in league)
            below = sum(o["oae"]["high"] < row["oae"]["low"] for o in league)
            assert row["rank"] == {
                "low": 1 + above, "high": len(league) - below,
                "not_distinguishable_from": len(league) - above - below - 1,
            }, row
    assert sum(map(len, leagues.values())) == table["ranked"]
    page = pages[site / table["page"]]
    # Without a script: every row is there.
    assert page.count["tr"] >= len(table["rows"]), table["page"]
listed = [s for s in feed["submissions"] if s["page"]]
assert all((site / s["page"]) in pages for s in listed)
assert len(pages) == len(listed) + len(feed["tables"] or [0]) + 1 + (
    1 if feed["tables"] else 0)
