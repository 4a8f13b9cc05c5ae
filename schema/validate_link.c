/* SPDX-License-Identifier: Apache-2.0 */
/* References within a schema: where they lead, and that each chain ends. */
#include <stdlib.h>
#include <string.h>

#include "schema/validate_internal.h"

/* ---- references ------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent signs of a fragment, in place; false when malformed. */
static bool decode_percent(char *s)
{
	char *to = s;

	for (; *s; s++) {
		int high, low;

		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		high = hex_digit(s[1]);
		low = high < 0 ? -1 : hex_digit(s[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*to++ = (char)(high * 16 + low);
		s += 2;
	}
	*to = '\0';
	return true;
}

/* "~0" and "~1" of one step, in place; false when malformed. */
static bool decode_step(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s != '~') {
			*to++ = *s;
			continue;
		}
		s++;
		if (*s != '0' && *s != '1')
			return false;
		*to++ = *s == '0' ? '~' : '/';
	}
	*to = '\0';
	return true;
}

static const cJSON *step_into(const cJSON *at, const char *name)
{
	size_t len = strlen(name), index;
	const cJSON *item;

	if (cJSON_IsObject(at)) {
		cJSON_ArrayForEach(item, at)
			if (strcmp(item->string, name) == 0)
				return item;
		return NULL;
	}
	if (!cJSON_IsArray(at) || !len || len > 9 ||
	    strspn(name, "0123456789") != len || (name[0] == '0' && len > 1))
		return NULL;
	index = strtoul(name, NULL, 10);
	for (item = at->child; item && index; index--)
		item = item->next;
	return item;
}

/* What "#/a/b" names, or NULL. `text` is a copy that is used up. */
static const cJSON *follow(const cJSON *root, char *text)
{
	const cJSON *at = root;
	char *step, *end;

	if (!decode_percent(text))
		return NULL;
	for (step = strchr(text, '/'); at && step; step = end) {
		step++;
		end = strchr(step, '/');
		if (end)
			*end = '\0';
		at = decode_step(step) ? step_into(at, step) : NULL;
	}
	return at;
}

static enum oae_status resolve(struct oae_schema *s,
			       const struct oae_schema_node *node,
			       struct oae_schema_rule *rule,
			       struct oae_error *err)
{
	const char *text = rule->value->valuestring;
	char *copy = oae_arena_strdup(&s->arena, text);
	const cJSON *target = copy ? follow(s->tree, copy) : NULL;

	if (!copy)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"schema %s: out of memory", s->name);
	for (rule->node = s->nodes; target && rule->node;
	     rule->node = rule->node->next)
		if (rule->node->source == target)
			return OAE_OK;
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"schema %s: %s/$ref: \"%.100s\" leads to no schema",
			s->name, node->place, text);
}

/* ---- chains ----------------------------------------------------------- */

static enum oae_status measure(const struct oae_schema *s,
			       struct oae_schema_node *n, unsigned depth,
			       struct oae_error *err);

/* One schema that speaks of the same value as `n` does. */
static enum oae_status measure_next(const struct oae_schema *s,
				    struct oae_schema_node *n,
				    struct oae_schema_node *next,
				    unsigned depth, struct oae_error *err)
{
	enum oae_status status;

	if (!next)
		return OAE_OK;
	status = measure(s, next, depth + 1, err);
	if (!status && next->height + 1 > n->height)
		n->height = next->height + 1;
	return status;
}

static enum oae_status measure_rule(const struct oae_schema *s,
				    struct oae_schema_node *n,
				    const struct oae_schema_rule *rule,
				    unsigned depth, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	switch (rule->keyword) {
	case OAE_KW_REF:
	case OAE_KW_NOT:
	case OAE_KW_IF:
		return measure_next(s, n, rule->node, depth, err);
	case OAE_KW_ALL_OF:
	case OAE_KW_ANY_OF:
	case OAE_KW_ONE_OF:
		for (size_t i = 0; !status && i < rule->count; i++)
			status = measure_next(s, n, rule->list[i], depth, err);
		return status;
	default:
		return OAE_OK;
	}
}

/*
 * The longest chain of schemas for one value. One that is endless could
 * never be checked.
 */
static enum oae_status measure(const struct oae_schema *s,
			       struct oae_schema_node *n, unsigned depth,
			       struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const char *at = n->place[0] ? n->place : "the top";

	if (n->open)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"schema %s: %s refers to itself without going"
				" deeper into what it checks",
				s->name, at);
	if (n->height && depth + n->height <= OAE_SCHEMA_CHAIN_MAX)
		return OAE_OK;
	if (n->height || depth >= OAE_SCHEMA_CHAIN_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"schema %s: %s is in a chain of more than %u"
				" schemas for one value",
				s->name, at, OAE_SCHEMA_CHAIN_MAX);
	n->open = true;
	n->height = 1;
	for (size_t i = 0; !status && i < n->rule_count; i++)
		status = measure_rule(s, n, &n->rules[i], depth, err);
	if (!status)
		status = measure_next(s, n, n->then, depth, err);
	if (!status)
		status = measure_next(s, n, n->otherwise, depth, err);
	n->open = false;
	return status;
}

enum oae_status oae_schema_link(struct oae_schema *s, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_schema_node *n;

	for (n = s->nodes; n; n = n->next)
		for (size_t i = 0; !status && i < n->rule_count; i++)
			if (n->rules[i].keyword == OAE_KW_REF)
				status = resolve(s, n, &n->rules[i], err);
	for (n = s->nodes; n && !status; n = n->next)
		status = measure(s, n, 0, err);
	return status;
}
