/* SPDX-License-Identifier: Apache-2.0 */
/* An instance against the rules of a schema. */
#include "schema/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/validate_internal.h"

static bool check_node(struct oae_checker *c, const struct oae_schema_node *n,
		       const struct oae_subject *s);

bool oae_check_give_up(struct oae_checker *c, enum oae_status status,
		       const char *why)
{
	if (!c->status)
		c->status = oae_fail(c->err, status, 0, "%s", why);
	return false;
}

/* Charges n steps; false when there were too many. */
bool oae_check_charge(struct oae_checker *c, uint64_t n)
{
	c->steps += n;
	if (c->steps <= OAE_SCHEMA_STEPS_MAX)
		return true;
	return oae_check_give_up(
		c, OAE_ERR_LIMIT,
		"the document takes more steps to check than are"
		" allowed: too large or too entangled");
}

/* No more faults are wanted. */
static bool enough(const struct oae_checker *c)
{
	return c->status || !c->faults || c->faults->more;
}

/* Notes a fault; always false. */
bool oae_check_fault(struct oae_checker *c, const struct oae_schema_rule *rule,
		     const struct oae_subject *s, const char *text)
{
	struct oae_faults *all = c->faults;
	struct oae_fault *f;

	if (!all || c->status)
		return false;
	if (all->count == c->faults_max) {
		all->more = true;
		return false;
	}
	f = &all->at[all->count++];
	f->keyword = rule->name;
	f->depth = oae_place_depth(s->at);
	oae_place_text(s->at, f->path, sizeof(f->path));
	if (text)
		(void)snprintf(f->text, sizeof(f->text), "%s", text);
	else
		oae_fault_text(rule, s->value, f->text, sizeof(f->text));
	return false;
}

/* The verdict without the faults. */
static bool fits(struct oae_checker *c, const struct oae_schema_node *n,
		 const struct oae_subject *s)
{
	struct oae_faults *faults = c->faults;
	bool good;

	c->faults = NULL;
	good = check_node(c, n, s);
	c->faults = faults;
	return good;
}

typedef bool checking(struct oae_checker *c, const struct oae_schema_node *n,
		      const struct oae_schema_rule *rule,
		      const struct oae_subject *s);

/* ---- objects ---------------------------------------------------------- */

static int by_name(const void *key, const void *element)
{
	const struct oae_schema_member *m = element;

	return strcmp(key, m->name);
}

static const struct oae_schema_member *
find_member(const struct oae_schema_rule *properties, const char *name)
{
	return properties->count ?
		       bsearch(name, properties->members, properties->count,
			       sizeof(*properties->members), by_name) :
		       NULL;
}

static bool check_properties(struct oae_checker *c,
			     const struct oae_schema_node *n,
			     const struct oae_schema_rule *rule,
			     const struct oae_subject *s)
{
	bool good = true;
	const cJSON *item;

	(void)n;
	if (!cJSON_IsObject(s->value))
		return true;
	cJSON_ArrayForEach(item, s->value) {
		const struct oae_schema_member *m =
			find_member(rule, item->string);
		struct oae_place at = { s->at, item->string, 0 };
		struct oae_subject inner = { item, &at };

		if (m && !check_node(c, m->node, &inner))
			good = false;
		if (!oae_check_charge(c, 1) || (!good && enough(c)))
			return false;
	}
	return good;
}

static bool check_additional(struct oae_checker *c,
			     const struct oae_schema_node *n,
			     const struct oae_schema_rule *rule,
			     const struct oae_subject *s)
{
	bool good = true;
	const cJSON *item;

	if (!cJSON_IsObject(s->value))
		return true;
	cJSON_ArrayForEach(item, s->value) {
		struct oae_place at = { s->at, item->string, 0 };
		struct oae_subject inner = { item, &at };

		if (n->properties && find_member(n->properties, item->string))
			continue;
		if (rule->node->never)
			good = oae_check_fault(c, rule, &inner, NULL);
		else if (!check_node(c, rule->node, &inner))
			good = false;
		if (!oae_check_charge(c, 1) || (!good && enough(c)))
			return false;
	}
	return good;
}

static bool check_names(struct oae_checker *c, const struct oae_schema_node *n,
			const struct oae_schema_rule *rule,
			const struct oae_subject *s)
{
	bool good = true;
	const cJSON *item;

	(void)n;
	if (!cJSON_IsObject(s->value))
		return true;
	cJSON_ArrayForEach(item, s->value) {
		cJSON name = { .type = cJSON_String,
			       .valuestring = item->string };
		struct oae_place at = { s->at, item->string, 0 };
		struct oae_subject inner = { &name, &at };

		if (!check_node(c, rule->node, &inner))
			good = false;
		if (!good && enough(c))
			return false;
	}
	return good;
}

static bool need_names(struct oae_checker *c,
		       const struct oae_schema_rule *rule, const cJSON *names,
		       const struct oae_subject *s)
{
	char text[256], quoted[120];
	bool good = true;
	const cJSON *name;

	cJSON_ArrayForEach(name, names) {
		if (oae_check_member(c, s->value, name->valuestring))
			continue;
		good = false;
		if (enough(c))
			return false;
		oae_quoted_text(name->valuestring, quoted, sizeof(quoted));
		(void)snprintf(text, sizeof(text), "the member %s is missing",
			       quoted);
		oae_check_fault(c, rule, s, text);
	}
	return good;
}

static bool check_required(struct oae_checker *c,
			   const struct oae_schema_node *n,
			   const struct oae_schema_rule *rule,
			   const struct oae_subject *s)
{
	(void)n;
	return !cJSON_IsObject(s->value) || need_names(c, rule, rule->value, s);
}

static bool check_dependent(struct oae_checker *c,
			    const struct oae_schema_node *n,
			    const struct oae_schema_rule *rule,
			    const struct oae_subject *s)
{
	bool good = true;
	const cJSON *item;

	(void)n;
	if (!cJSON_IsObject(s->value))
		return true;
	cJSON_ArrayForEach(item, rule->value) {
		if (oae_check_member(c, s->value, item->string) &&
		    !need_names(c, rule, item, s))
			good = false;
		if (!good && enough(c))
			return false;
	}
	return good;
}

/* ---- arrays ----------------------------------------------------------- */

static bool check_items(struct oae_checker *c, const struct oae_schema_node *n,
			const struct oae_schema_rule *rule,
			const struct oae_subject *s)
{
	bool prefix = rule->keyword == OAE_KW_PREFIX_ITEMS, good = true;
	const cJSON *item;
	size_t i = 0;

	if (!cJSON_IsArray(s->value))
		return true;
	cJSON_ArrayForEach(item, s->value) {
		struct oae_place at = { s->at, NULL, i };
		struct oae_subject inner = { item, &at };

		if (prefix && i == rule->count)
			break;
		if (prefix && !check_node(c, rule->list[i], &inner))
			good = false;
		if (!prefix && i >= n->prefix &&
		    !check_node(c, rule->node, &inner))
			good = false;
		if (!oae_check_charge(c, 1) || (!good && enough(c)))
			return false;
		i++;
	}
	return good;
}

/* ---- combinations ----------------------------------------------------- */

static bool check_ref(struct oae_checker *c, const struct oae_schema_node *n,
		      const struct oae_schema_rule *rule,
		      const struct oae_subject *s)
{
	(void)n;
	return check_node(c, rule->node, s);
}

static bool check_all(struct oae_checker *c, const struct oae_schema_node *n,
		      const struct oae_schema_rule *rule,
		      const struct oae_subject *s)
{
	bool good = true;

	(void)n;
	for (size_t i = 0; i < rule->count; i++) {
		if (!check_node(c, rule->list[i], s))
			good = false;
		if (!good && enough(c))
			return false;
	}
	return good;
}

/* The value is of another kind, or another variant. */
static bool of_kind(const struct oae_fault *f)
{
	return strcmp(f->keyword, "type") == 0 ||
	       strcmp(f->keyword, "const") == 0 ||
	       strcmp(f->keyword, "enum") == 0;
}

/* Further in says more; at one level, all but the kind does. */
static bool nearer(const struct oae_fault *a, const struct oae_fault *b)
{
	if (a->depth != b->depth)
		return a->depth > b->depth;
	return of_kind(b) && !of_kind(a);
}

/* None of the forms fits: names the fault of the one that came furthest. */
static bool fault_nearest(struct oae_checker *c,
			  const struct oae_schema_rule *rule,
			  const struct oae_subject *s)
{
	struct oae_faults *all = c->faults, *one;
	struct oae_fault best = { .keyword = NULL };
	size_t max = c->faults_max;
	char text[sizeof(best.text) + sizeof(best.path) + 100];

	if (!all || c->status)
		return false;
	one = malloc(sizeof(*one));
	if (!one)
		return oae_check_give_up(c, OAE_ERR_NOMEM, "out of memory");
	c->faults = one;
	c->faults_max = 1;
	for (size_t i = 0; i < rule->count; i++) {
		one->count = 0;
		one->more = false;
		check_node(c, rule->list[i], s);
		if (one->count && (!best.keyword || nearer(&one->at[0], &best)))
			best = one->at[0];
	}
	free(one);
	c->faults = all;
	c->faults_max = max;
	if (!best.keyword)
		return oae_check_fault(c, rule, s, NULL);
	if (best.depth == oae_place_depth(s->at) && of_kind(&best))
		return oae_check_fault(c, rule, s, NULL);
	(void)snprintf(text, sizeof(text),
		       "fits none of %zu forms; the nearest: %s: %s: %s",
		       rule->count, best.path[0] ? best.path : "(top)",
		       best.keyword, best.text);
	return oae_check_fault(c, rule, s, text);
}

static bool check_any(struct oae_checker *c, const struct oae_schema_node *n,
		      const struct oae_schema_rule *rule,
		      const struct oae_subject *s)
{
	(void)n;
	for (size_t i = 0; i < rule->count; i++)
		if (fits(c, rule->list[i], s))
			return true;
	return fault_nearest(c, rule, s);
}

static bool check_one(struct oae_checker *c, const struct oae_schema_node *n,
		      const struct oae_schema_rule *rule,
		      const struct oae_subject *s)
{
	size_t count = 0, first = 0;
	char text[80];

	(void)n;
	for (size_t i = 0; i < rule->count; i++) {
		if (!fits(c, rule->list[i], s))
			continue;
		if (count++) {
			(void)snprintf(text, sizeof(text),
				       "fits forms %zu and %zu, wanted exactly"
				       " one",
				       first, i);
			return oae_check_fault(c, rule, s, text);
		}
		first = i;
	}
	return count == 1 || fault_nearest(c, rule, s);
}

static bool check_not(struct oae_checker *c, const struct oae_schema_node *n,
		      const struct oae_schema_rule *rule,
		      const struct oae_subject *s)
{
	(void)n;
	return !fits(c, rule->node, s) || oae_check_fault(c, rule, s, NULL);
}

static bool check_if(struct oae_checker *c, const struct oae_schema_node *n,
		     const struct oae_schema_rule *rule,
		     const struct oae_subject *s)
{
	const struct oae_schema_node *next;

	if (!n->then && !n->otherwise)
		return true;
	next = fits(c, rule->node, s) ? n->then : n->otherwise;
	return !next || check_node(c, next, s);
}

/* ---- the whole -------------------------------------------------------- */

/* Of those that lead to other schemas. */
static checking *const checks[OAE_KEYWORDS] = {
	[OAE_KW_REF] = check_ref,
	[OAE_KW_ALL_OF] = check_all,
	[OAE_KW_ANY_OF] = check_any,
	[OAE_KW_ONE_OF] = check_one,
	[OAE_KW_NOT] = check_not,
	[OAE_KW_IF] = check_if,
	[OAE_KW_PROPERTIES] = check_properties,
	[OAE_KW_REQUIRED] = check_required,
	[OAE_KW_ADDITIONAL] = check_additional,
	[OAE_KW_NAMES] = check_names,
	[OAE_KW_DEPENDENT] = check_dependent,
	[OAE_KW_ITEMS] = check_items,
	[OAE_KW_PREFIX_ITEMS] = check_items,
};

static bool check_rule(struct oae_checker *c, const struct oae_schema_node *n,
		       const struct oae_schema_rule *rule,
		       const struct oae_subject *s)
{
	checking *check = checks[rule->keyword];

	if (!oae_check_charge(c, 1))
		return false;
	return check ? check(c, n, rule, s) : oae_check_value(c, rule, s);
}

static bool check_node(struct oae_checker *c, const struct oae_schema_node *n,
		       const struct oae_subject *s)
{
	static const struct oae_schema_rule never = { .name = "false" };
	bool good = true;

	if (c->status || !oae_check_charge(c, 1))
		return false;
	if (c->levels >= OAE_SCHEMA_LEVELS_MAX)
		return oae_check_give_up(c, OAE_ERR_LIMIT,
					 "nested too deep to check");
	if (n->never)
		return oae_check_fault(c, &never, s, "nothing is allowed here");
	c->levels++;
	for (size_t i = 0; i < n->rule_count; i++) {
		const struct oae_schema_rule *rule = &n->rules[i];

		if (!check_rule(c, n, rule, s))
			good = false;
		if (!good && enough(c))
			break;
	}
	c->levels--;
	return good;
}

enum oae_status oae_schema_check(const struct oae_schema *s, const cJSON *tree,
				 struct oae_faults *faults,
				 struct oae_error *err)
{
	struct oae_faults *own = NULL, *all = faults;
	struct oae_checker c = { .err = err };
	struct oae_subject top = { tree, NULL };
	const struct oae_fault *f;
	bool good;

	/* Most instances are fine: the verdict first, then the reasons. */
	good = check_node(&c, s->root, &top);
	if (faults)
		faults->count = 0, faults->more = false;
	if (c.status || good)
		return c.status;
	if (!all)
		all = own = calloc(1, sizeof(*own));
	if (!all)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	all->count = 0;
	all->more = false;
	c.faults = all;
	c.faults_max = faults ? OAE_FAULTS_MAX : 1;
	c.steps = 0;
	check_node(&c, s->root, &top);
	f = &all->at[0];
	if (!c.status)
		c.status = oae_fail(
			err, OAE_ERR_CHECK, 0, "%s: %s: %s%s",
			f->path[0] ? f->path : "(top)", f->keyword, f->text,
			all->count > 1 || all->more ? " (and more)" : "");
	free(own);
	return c.status;
}
