# SPDX-License-Identifier: Apache-2.0
"""Documents that a schema takes, and systematic ways to break one."""
import copy
import math
import re

try:
    from re import _parser as sre
except ImportError:  # before Python 3.11
    import sre_parse as sre


class Maker:
    """Invents documents from a schema; most of them fit it."""

    def __init__(self, schema, rng):
        self.schema, self.rng = schema, rng

    def resolve(self, ref):
        at = self.schema
        for step in ref.split("/")[1:]:
            at = at[step.replace("~1", "/").replace("~0", "~")]
        return at

    def merge(self, a, b):
        """One schema that says what both do, as far as that is easy."""
        if b is True or b is False:
            return a
        a = dict(a)
        for key, value in b.items():
            if key == "properties":
                a[key] = {**a.get(key, {}), **value}
            elif key == "required":
                a[key] = sorted({*a.get(key, []), *value})
            else:
                a[key] = value
        return a

    def flat(self, schema, depth=0):
        """Without references and combinations: one of the ways is taken."""
        if schema is True or schema is False or depth > 20:
            return {}
        s = dict(schema)
        if "$ref" in s:
            s = self.merge(self.resolve(s.pop("$ref")), s)
            return self.flat(s, depth + 1)
        for key in ("anyOf", "oneOf"):
            if key in s:
                one = self.rng.choice(s.pop(key))
                return self.flat(self.merge(s, one), depth + 1)
        if "allOf" in s:
            parts = s.pop("allOf")
            if all("if" in p for p in parts):
                p = self.rng.choice(parts)
                parts = [self.narrow(p["if"]), p.get("then", {})]
            for p in parts:
                s = self.merge(s, self.flat(p, depth + 1))
            return self.flat(s, depth + 1)
        if "if" in s:
            test, yes = s.pop("if"), s.pop("then", {})
            no = s.pop("else", {})
            if self.rng.random() < 0.5:
                s = self.merge(self.merge(s, self.flat(test)), yes)
            else:
                s = self.merge(s, no)
            return self.flat(s, depth + 1)
        return s

    @staticmethod
    def narrow(schema):
        return {k: v for k, v in schema.items() if k != "not"}

    def make(self, schema, depth=0):
        s = self.flat(schema)
        if "const" in s:
            return copy.deepcopy(s["const"])
        if "enum" in s and s["enum"]:
            return copy.deepcopy(self.rng.choice(s["enum"]))
        kind = s.get("type")
        if isinstance(kind, list):
            kind = self.rng.choice(kind)
        if kind is None:
            kind = "object" if "properties" in s else "string"
        return getattr(self, "a_" + kind)(s, depth)

    def a_null(self, s, depth):
        return None

    def a_boolean(self, s, depth):
        return self.rng.random() < 0.5

    def a_number(self, s, depth):
        low = s.get("minimum", s.get("exclusiveMinimum", -10))
        high = s.get("maximum", s.get("exclusiveMaximum", max(low, 0) + 1000))
        pick = self.rng.random()
        if pick < 0.2 and "exclusiveMinimum" not in s:
            return low
        if pick < 0.3 and "exclusiveMaximum" not in s:
            return high
        return low + (high - low) * self.rng.random()

    def a_integer(self, s, depth):
        v = int(self.a_number(s, depth))
        step = s.get("multipleOf", 1)
        v = max(v - v % step, s.get("minimum", v))
        return float(v) if self.rng.random() < 0.1 else v

    def a_string(self, s, depth):
        if "pattern" in s:
            return self.text_of(sre.parse(s["pattern"]))
        n = self.rng.randint(s.get("minLength", 0), s.get("minLength", 0) + 6)
        return "".join(self.rng.choice("aZ09 _-/é€😀") for _ in range(n))

    def text_of(self, tree):
        out = ""
        for op, arg in tree:
            name = str(op)
            if name == "LITERAL":
                out += chr(arg)
            elif name == "ANY":
                out += self.rng.choice("ab.é")
            elif name == "NOT_LITERAL":
                out += "a" if chr(arg) != "a" else "b"
            elif name == "IN":
                out += self.one_of(arg)
            elif name == "MAX_REPEAT":
                low, high, inner = arg
                n = self.rng.randint(low, min(int(high), low + 8))
                out += "".join(self.text_of(inner) for _ in range(n))
            elif name == "SUBPATTERN":
                out += self.text_of(arg[-1])
            elif name == "BRANCH":
                out += self.text_of(self.rng.choice(arg[1]))
            elif name != "AT":
                raise ValueError(name)
        return out

    def one_of(self, parts):
        if str(parts[0][0]) == "NEGATE":
            taken = {chr(a) for op, a in parts[1:] if str(op) == "LITERAL"}
            return self.rng.choice([c for c in "abc.-é" if c not in taken])
        op, arg = self.rng.choice(parts)
        if str(op) == "RANGE":
            return chr(self.rng.randint(arg[0], arg[1]))
        return chr(arg)

    def a_array(self, s, depth):
        prefix = s.get("prefixItems", [])
        low = s.get("minItems", 0)
        n = self.rng.randint(low, min(low + 2, s.get("maxItems", low + 2)))
        if depth > 8:
            n = low
        items = s.get("items", True)
        return [self.make(prefix[i] if i < len(prefix) else items, depth + 1)
                for i in range(max(n, len(prefix)))]

    def a_object(self, s, depth):
        out, need = {}, s.get("required", [])
        for name, inner in s.get("properties", {}).items():
            if inner is False or (isinstance(inner, dict) and
                                  inner.get("not") == {}):
                continue
            if name in need or self.rng.random() < (0.5 if depth < 6 else 0):
                out[name] = self.make(inner, depth + 1)
        more = s.get("additionalProperties", True)
        if isinstance(more, dict):
            for i in range(self.rng.randint(0, 2)):
                out[f"more.{i}"] = self.make(more, depth + 1)
        return out


# ---- breaking ------------------------------------------------------------

def deep(n):
    v = 1
    for _ in range(n):
        v = [v]
    return v


OTHERS = [None, True, False, 0, 1, -1, 1.5, 1e300, -1e300, "", "x", "a\n",
          "\u00e9" * 300, [], {}, [1, 1], [True, 1], {"a": None}, deep(40)]


def places(value, at=()):
    """Every place in a document, as a list of steps."""
    yield at
    if isinstance(value, dict):
        for k, v in value.items():
            yield from places(v, (*at, k))
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from places(v, (*at, i))


def look(value, at):
    for step in at:
        value = value[step]
    return value


def change(v, rng):
    """Another value in place of v, often of the same type."""
    if rng.random() < 0.35:
        return copy.deepcopy(rng.choice(OTHERS))
    if isinstance(v, bool) or v is None:
        return rng.choice([1, 0, "true", None, not v])
    if isinstance(v, (int, float)):
        return rng.choice([-v, v + 1, v - 1, v + 0.5, v * 1e6, float(v),
                           str(v), -1e-9, v + 1e-9])
    if isinstance(v, str):
        return rng.choice([v + "\n", v[:-1], v.upper(), v + v, " " + v, "",
                           v[1:], v + "\u20ac", v.replace("-", "_")])
    if isinstance(v, list):
        return rng.choice([v + v, v[:1] * 70, v[1:], [], v + [v],
                           v + [None],
                           {str(i): x for i, x in enumerate(v)}])
    keys = list(v)
    out = dict(v)
    if not keys:
        return {"new": 1}
    k, way = rng.choice(keys), rng.randrange(5)
    if way == 0:
        out.pop(k)
    elif way == 1:
        out["zz_new"] = 1
    elif way == 2:
        out[k + "x"] = out.pop(k)
    elif way == 3:
        out[k] = out[rng.choice(keys)]
    else:
        out[k.upper()] = out[k]
    return out


def broken(document, rng):
    """A copy with one to three changes; objects are changed most often."""
    out = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        every = list(places(out))
        objects = [p for p in every if isinstance(look(out, p), dict)]
        at = rng.choice(objects if objects and rng.random() < 0.5 else every)
        if not at:
            out = change(out, rng)
            continue
        parent = look(out, at[:-1])
        parent[at[-1]] = change(parent[at[-1]], rng)
    return out


def depth_of(v):
    """Levels of objects and arrays."""
    if isinstance(v, dict):
        return 1 + max(map(depth_of, v.values()), default=0)
    if isinstance(v, list):
        return 1 + max(map(depth_of, v), default=0)
    return 0


def is_finite(v):
    """No number of it is beyond what a double holds."""
    if isinstance(v, dict):
        return all(map(is_finite, v.values()))
    if isinstance(v, list):
        return all(map(is_finite, v))
    return not isinstance(v, float) or math.isfinite(v)


def same_end(pattern):
    """Python's $ also fits before a last newline; that of schemas does not."""
    return re.sub(r"(?<!\\)\$$", r"\\Z", pattern)
