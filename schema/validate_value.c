/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that need no other schema: types, limits, equality, patterns. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/validate_internal.h"

/* ---- equal ------------------------------------------------------------ */

const cJSON *oae_check_member(struct oae_checker *c, const cJSON *object,
			      const char *name)
{
	uint64_t steps = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		steps++;
		if (strcmp(item->string, name) == 0)
			break;
	}
	return oae_check_charge(c, steps) ? item : NULL;
}

static bool equal(struct oae_checker *c, const cJSON *a, const cJSON *b);

static bool equal_arrays(struct oae_checker *c, const cJSON *a, const cJSON *b)
{
	const cJSON *x = a->child, *y = b->child;

	for (; x && y; x = x->next, y = y->next)
		if (!equal(c, x, y))
			return false;
	return !x && !y;
}

/* Names are unique: as many, and each of one in the other, is enough. */
static bool equal_objects(struct oae_checker *c, const cJSON *a, const cJSON *b)
{
	const cJSON *x, *y;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	cJSON_ArrayForEach(x, a) {
		y = oae_check_member(c, b, x->string);
		if (!y || !equal(c, x, y))
			return false;
	}
	return true;
}

static bool equal(struct oae_checker *c, const cJSON *a, const cJSON *b)
{
	bool same = false;

	if (c->levels >= OAE_SCHEMA_LEVELS_MAX)
		return oae_check_give_up(c, OAE_ERR_LIMIT,
					 "nested too deep to check");
	if (!oae_check_charge(c, 1) ||
	    (oae_json_types(a) | OAE_JSON_INTEGER) !=
		    (oae_json_types(b) | OAE_JSON_INTEGER))
		return false;
	c->levels++;
	if (cJSON_IsNumber(a))
		same = a->valuedouble >= b->valuedouble &&
		       a->valuedouble <= b->valuedouble;
	else if (cJSON_IsString(a))
		same = oae_check_charge(c, strlen(a->valuestring) / 16) &&
		       strcmp(a->valuestring, b->valuestring) == 0;
	else if (cJSON_IsArray(a))
		same = equal_arrays(c, a, b);
	else if (cJSON_IsObject(a))
		same = equal_objects(c, a, b);
	else
		same = cJSON_IsTrue(a) == cJSON_IsTrue(b);
	c->levels--;
	return same;
}

/* ---- values ----------------------------------------------------------- */

static bool check_type(struct oae_checker *c,
		       const struct oae_schema_rule *rule,
		       const struct oae_subject *s)
{
	return (oae_json_types(s->value) & rule->types) ||
	       oae_check_fault(c, rule, s, NULL);
}

static bool check_enum(struct oae_checker *c,
		       const struct oae_schema_rule *rule,
		       const struct oae_subject *s)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, rule->value)
		if (equal(c, item, s->value))
			return true;
	return oae_check_fault(c, rule, s, NULL);
}

static bool check_const(struct oae_checker *c,
			const struct oae_schema_rule *rule,
			const struct oae_subject *s)
{
	return equal(c, rule->value, s->value) ||
	       oae_check_fault(c, rule, s, NULL);
}

static bool check_number(struct oae_checker *c,
			 const struct oae_schema_rule *rule,
			 const struct oae_subject *s)
{
	double v = s->value->valuedouble;
	bool good;

	if (!cJSON_IsNumber(s->value))
		return true;
	if (rule->keyword == OAE_KW_MINIMUM)
		good = v >= rule->number;
	else if (rule->keyword == OAE_KW_MAXIMUM)
		good = v <= rule->number;
	else if (rule->keyword == OAE_KW_ABOVE)
		good = v > rule->number;
	else if (rule->keyword == OAE_KW_BELOW)
		good = v < rule->number;
	else
		good = !(fabs(fmod(v, rule->number)) > 0);
	return good || oae_check_fault(c, rule, s, NULL);
}

static bool check_length(struct oae_checker *c,
			 const struct oae_schema_rule *rule,
			 const struct oae_subject *s)
{
	const char *text = cJSON_GetStringValue(s->value);
	size_t bytes = text ? strlen(text) : 0;
	double length = 0; /* code points */

	if (!text)
		return true;
	if (!oae_check_charge(c, bytes / 16))
		return false;
	for (size_t i = 0; i < bytes; i++)
		length += (text[i] & 0xc0) != 0x80;
	return (rule->keyword == OAE_KW_MIN_LENGTH ? length >= rule->number :
						     length <= rule->number) ||
	       oae_check_fault(c, rule, s, NULL);
}

static bool check_pattern(struct oae_checker *c,
			  const struct oae_schema_rule *rule,
			  const struct oae_subject *s)
{
	const char *text = cJSON_GetStringValue(s->value);
	struct oae_error why = { 0 };
	bool matches = false;
	enum oae_status status;

	if (!text)
		return true;
	if (!oae_check_charge(c, 16 + strlen(text) / 16))
		return false;
	status = oae_pattern_match(rule->pattern, text, &matches, &why);
	if (status)
		return oae_check_give_up(c, status, why.text);
	return matches || oae_check_fault(c, rule, s, NULL);
}

static bool check_size(struct oae_checker *c,
		       const struct oae_schema_rule *rule,
		       const struct oae_subject *s)
{
	bool of_object = rule->keyword == OAE_KW_MIN_PROPERTIES ||
			 rule->keyword == OAE_KW_MAX_PROPERTIES;
	bool least = rule->keyword == OAE_KW_MIN_PROPERTIES ||
		     rule->keyword == OAE_KW_MIN_ITEMS;
	double size = 0;
	const cJSON *item;

	if (!(of_object ? cJSON_IsObject(s->value) : cJSON_IsArray(s->value)))
		return true;
	cJSON_ArrayForEach(item, s->value)
		size++;
	return (least ? size >= rule->number : size <= rule->number) ||
	       oae_check_fault(c, rule, s, NULL);
}

static bool check_unique(struct oae_checker *c,
			 const struct oae_schema_rule *rule,
			 const struct oae_subject *s)
{
	const cJSON *a, *b;
	size_t i = 0, k;
	char text[80];

	if (!cJSON_IsTrue(rule->value) || !cJSON_IsArray(s->value))
		return true;
	for (a = s->value->child; a; a = a->next, i++) {
		for (b = s->value->child, k = 0; b != a; b = b->next, k++) {
			if (!equal(c, a, b) && !c->status)
				continue;
			(void)snprintf(text, sizeof(text),
				       "the items %zu and %zu are equal", k, i);
			return oae_check_fault(c, rule, s, text);
		}
	}
	return true;
}

bool oae_check_value(struct oae_checker *c, const struct oae_schema_rule *rule,
		     const struct oae_subject *s)
{
	switch (rule->keyword) {
	case OAE_KW_TYPE:
		return check_type(c, rule, s);
	case OAE_KW_ENUM:
		return check_enum(c, rule, s);
	case OAE_KW_CONST:
		return check_const(c, rule, s);
	case OAE_KW_MIN_PROPERTIES:
	case OAE_KW_MAX_PROPERTIES:
	case OAE_KW_MIN_ITEMS:
	case OAE_KW_MAX_ITEMS:
		return check_size(c, rule, s);
	case OAE_KW_UNIQUE:
		return check_unique(c, rule, s);
	case OAE_KW_MIN_LENGTH:
	case OAE_KW_MAX_LENGTH:
		return check_length(c, rule, s);
	case OAE_KW_PATTERN:
		return check_pattern(c, rule, s);
	default:
		return check_number(c, rule, s);
	}
}
