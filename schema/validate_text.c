/* SPDX-License-Identifier: Apache-2.0 */
/* What a fault says: where, what was wanted, what was found. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/validate_internal.h"

#define STEP_BYTES 64  /* of one member's name in a pointer */
#define VALUE_BYTES 60 /* of a value that is quoted */

/* Appends while there is room; what does not fit is left out whole. */
struct text {
	char *out;
	size_t size, len;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (t->len + n >= t->size)
		return;
	memcpy(t->out + t->len, s, n);
	t->len += n;
	t->out[t->len] = '\0';
}

static void puts_to(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static struct text text_in(char *out, size_t size)
{
	out[0] = '\0';
	return (struct text){ out, size, 0 };
}

/*
 * A name or text up to `max` bytes, on one line: control characters and
 * C1 ones as \uXXXX, "..." for what is left out.
 */
static void put_plain(struct text *t, const char *s, size_t max)
{
	size_t from = t->len, step;
	char code[8];

	for (; *s; s += step) {
		unsigned char c = (unsigned char)*s;

		step = 1;
		while ((s[step] & 0xc0) == 0x80)
			step++;
		if (t->len - from + step > max) {
			puts_to(t, "...");
			return;
		}
		if (c < 0x20 || c == 0x7f || (c == 0xc2 && s[1] < '\xa0')) {
			(void)snprintf(code, sizeof(code), "\\u%04x",
				       c == 0xc2 ? (unsigned char)s[1] : c);
			puts_to(t, code);
		} else {
			put(t, s, step);
		}
	}
}

/* ---- places ----------------------------------------------------------- */

unsigned oae_place_depth(const struct oae_place *at)
{
	unsigned depth = 0;

	for (; at; at = at->up)
		depth++;
	return depth;
}

static void step_text(const struct oae_place *at, char *out, size_t size)
{
	struct text t = text_in(out, size), step;
	char name[2 * STEP_BYTES];

	if (!at->name) {
		(void)snprintf(out, size, "/%zu", at->index);
		return;
	}
	step = text_in(name, sizeof(name));
	put_plain(&step, at->name, STEP_BYTES);
	puts_to(&t, "/");
	for (const char *s = name; *s; s++) {
		if (*s == '~')
			puts_to(&t, "~0");
		else if (*s == '/')
			puts_to(&t, "~1");
		else
			put(&t, s, 1);
	}
}

/* From the end to the front. */
void oae_place_text(const struct oae_place *at, char *out, size_t size)
{
	size_t from = size - 1, len;
	char step[2 * STEP_BYTES + 16];

	out[from] = '\0';
	for (; at; at = at->up) {
		step_text(at, step, sizeof(step));
		len = strlen(step);
		if (len + 3 > from) {
			from -= 3;
			memcpy(out + from, "...", 3);
			break;
		}
		from -= len;
		memcpy(out + from, step, len);
	}
	memmove(out, out + from, size - from);
}

/* ---- values ----------------------------------------------------------- */

const char *oae_json_kind(const cJSON *value)
{
	if (cJSON_IsObject(value))
		return "an object";
	if (cJSON_IsArray(value))
		return "an array";
	if (cJSON_IsString(value))
		return "a string";
	if (cJSON_IsNumber(value))
		return "a number";
	if (cJSON_IsBool(value))
		return cJSON_IsTrue(value) ? "true" : "false";
	return "null";
}

unsigned oae_json_types(const cJSON *value)
{
	if (cJSON_IsObject(value))
		return OAE_JSON_OBJECT;
	if (cJSON_IsArray(value))
		return OAE_JSON_ARRAY;
	if (cJSON_IsString(value))
		return OAE_JSON_STRING;
	if (cJSON_IsBool(value))
		return OAE_JSON_BOOLEAN;
	if (!cJSON_IsNumber(value))
		return OAE_JSON_NULL;
	if (floor(value->valuedouble) == value->valuedouble)
		return OAE_JSON_NUMBER | OAE_JSON_INTEGER;
	return OAE_JSON_NUMBER;
}

void oae_quoted_text(const char *s, char *out, size_t size)
{
	struct text t = text_in(out, size);

	puts_to(&t, "\"");
	put_plain(&t, s, size > VALUE_BYTES + 10 ? VALUE_BYTES : size - 10);
	puts_to(&t, "\"");
}

static void value_text(const cJSON *value, char *out, size_t size)
{
	if (cJSON_IsString(value))
		oae_quoted_text(value->valuestring, out, size);
	else if (cJSON_IsNumber(value) && isfinite(value->valuedouble))
		oae_json_format_double(out, value->valuedouble);
	else
		(void)snprintf(out, size, "%s", oae_json_kind(value));
}

static void types_text(unsigned types, struct text *t)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ OAE_JSON_OBJECT, "an object" },
		{ OAE_JSON_ARRAY, "an array" },
		{ OAE_JSON_STRING, "a string" },
		{ OAE_JSON_NUMBER, "a number" },
		{ OAE_JSON_INTEGER, "a whole number" },
		{ OAE_JSON_BOOLEAN, "true or false" },
		{ OAE_JSON_NULL, "null" },
	};
	const char *between = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(types & names[i].bit))
			continue;
		puts_to(t, between);
		puts_to(t, names[i].name);
		between = " or ";
	}
}

/* ---- faults ----------------------------------------------------------- */

static void choices_text(const struct oae_schema_rule *rule, struct text *t)
{
	const char *between = "";
	char one[VALUE_BYTES + 20];
	const cJSON *item;

	cJSON_ArrayForEach(item, rule->value) {
		puts_to(t, between);
		if (t->len > 130) {
			puts_to(t, "...");
			return;
		}
		value_text(item, one, sizeof(one));
		puts_to(t, one);
		between = ", ";
	}
}

static void limit_text(const struct oae_schema_rule *rule, struct text *t)
{
	static const char *const words[OAE_KEYWORDS] = {
		[OAE_KW_MINIMUM] = "at least %s",
		[OAE_KW_MAXIMUM] = "at most %s",
		[OAE_KW_ABOVE] = "more than %s",
		[OAE_KW_BELOW] = "less than %s",
		[OAE_KW_MULTIPLE] = "a multiple of %s",
		[OAE_KW_MIN_LENGTH] = "at least %s characters",
		[OAE_KW_MAX_LENGTH] = "at most %s characters",
		[OAE_KW_MIN_ITEMS] = "at least %s items",
		[OAE_KW_MAX_ITEMS] = "at most %s items",
		[OAE_KW_MIN_PROPERTIES] = "at least %s members",
		[OAE_KW_MAX_PROPERTIES] = "at most %s members",
	};
	char number[32], text[80];

	oae_json_format_double(number, rule->number);
	(void)snprintf(text, sizeof(text), words[rule->keyword], number);
	puts_to(t, text);
}

static void wanted_text(const struct oae_schema_rule *rule, struct text *t)
{
	char one[VALUE_BYTES + 20];

	switch (rule->keyword) {
	case OAE_KW_TYPE:
		types_text(rule->types, t);
		return;
	case OAE_KW_ENUM:
		puts_to(t, "one of ");
		choices_text(rule, t);
		return;
	case OAE_KW_CONST:
		value_text(rule->value, one, sizeof(one));
		puts_to(t, one);
		return;
	case OAE_KW_PATTERN:
		puts_to(t, "a text that matches ");
		put_plain(t, rule->value->valuestring, 90);
		return;
	default:
		limit_text(rule, t);
	}
}

void oae_fault_text(const struct oae_schema_rule *rule, const cJSON *value,
		    char *out, size_t size)
{
	struct text t = text_in(out, size);
	char found[VALUE_BYTES + 20], text[120];

	value_text(value, found, sizeof(found));
	switch (rule->keyword) {
	case OAE_KW_ADDITIONAL:
		puts_to(&t, "no such member is known here");
		return;
	case OAE_KW_ANY_OF:
	case OAE_KW_ONE_OF:
		(void)snprintf(text, sizeof(text), "%s fits none of %zu forms",
			       found, rule->count);
		puts_to(&t, text);
		return;
	case OAE_KW_NOT:
		(void)snprintf(text, sizeof(text), "%s is what it must not be",
			       found);
		puts_to(&t, text);
		return;
	default:
		puts_to(&t, "wanted ");
		wanted_text(rule, &t);
		puts_to(&t, ", found ");
		puts_to(&t, found);
	}
}
