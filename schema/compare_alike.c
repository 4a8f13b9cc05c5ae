/* SPDX-License-Identifier: Apache-2.0 */
/* What must be alike for a difference to be the software's. */
#include <stdio.h>
#include <string.h>

#include "schema/compare.h"

#define TEXT_BYTES 400

struct check {
	struct oae_compare *c;
	const char *allow;
	enum oae_status status;
};

/* Whether a comma-separated list holds the word. */
static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list && *list) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, word, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* NULL is a value too: it is not known there. */
static void same(struct check *k, const char *what, const char *base,
		 const char *head)
{
	struct oae_compare *c = k->c;
	struct oae_compare_difference *d;

	if (base && head ? strcmp(base, head) == 0 : base == head)
		return;
	for (size_t i = 0; i < c->difference_count; i++)
		if (strcmp(c->differences[i].what, what) == 0)
			return; /* said of an earlier part */
	if (c->difference_count == OAE_COMPARE_DIFFERENCES_MAX)
		return;
	d = &c->differences[c->difference_count++];
	d->what = oae_arena_strdup(&c->arena, what);
	d->base = base ? oae_arena_strdup(&c->arena, base) : NULL;
	d->head = head ? oae_arena_strdup(&c->arena, head) : NULL;
	d->allowed = listed(k->allow, what);
	c->differs |= !d->allowed;
	if (!d->what || (base && !d->base) || (head && !d->head))
		k->status = OAE_ERR_NOMEM;
}

static const cJSON *at(const cJSON *obj, const char *a, const char *b)
{
	const cJSON *inner = cJSON_GetObjectItemCaseSensitive(obj, a);

	return b ? cJSON_GetObjectItemCaseSensitive(inner, b) : inner;
}

static const char *text_of(const cJSON *v)
{
	return cJSON_IsString(v) ? v->valuestring : NULL;
}

static void same_text(struct check *k, const char *what, const cJSON *base,
		      const cJSON *head)
{
	same(k, what, text_of(base), text_of(head));
}

static void same_number(struct check *k, const char *what, const cJSON *base,
			const cJSON *head)
{
	char a[40] = "none", b[40] = "none";

	if (cJSON_IsNumber(base))
		snprintf(a, sizeof(a), "%g", base->valuedouble);
	if (cJSON_IsNumber(head))
		snprintf(b, sizeof(b), "%g", head->valuedouble);
	same(k, what, a, b);
}

/* The meters that counted: "powercap, nvml", or "none". */
static void energy_text(const struct oae_score *s, char out[TEXT_BYTES])
{
	const cJSON *source;
	size_t n = 0;

	snprintf(out, TEXT_BYTES, "none");
	cJSON_ArrayForEach(source, s->records.sources)
		if (strcmp(oae_json_str_or(source, "state", ""), "counts") ==
			    0 &&
		    n < TEXT_BYTES)
			n += (size_t)snprintf(
				out + n, TEXT_BYTES - n, "%s%.40s of %.40s",
				n ? ", " : "",
				oae_json_str_or(source, "sensor", "?"),
				oae_json_str_or(source, "covers", "?"));
}

static void models_text(const struct oae_score *s, size_t system,
			char out[TEXT_BYTES])
{
	const cJSON *m;
	size_t n = 0;

	snprintf(out, TEXT_BYTES, "none");
	cJSON_ArrayForEach(m, at(s->systems[system].json, "models", NULL))
		if (n < TEXT_BYTES)
			n += (size_t)snprintf(out + n, TEXT_BYTES - n,
					      "%s%.16s", n ? ", " : "",
					      oae_json_str_or(m, "sha256",
							      "?"));
}

static void same_machine(struct check *k, const struct oae_score *base,
			 const struct oae_score *head)
{
	const cJSON *a = base->records.environment_start;
	const cJSON *b = head->records.environment_start;
	char ea[TEXT_BYTES], eb[TEXT_BYTES];

	same_text(k, "cpu", at(a, "cpu", "model"), at(b, "cpu", "model"));
	same_number(k, "cores", at(a, "cpu", "cores_allowed"),
		    at(b, "cpu", "cores_allowed"));
	same_number(k, "cpu_limit", at(a, "cgroup", "cpu_limit"),
		    at(b, "cgroup", "cpu_limit"));
	same_text(k, "kernel", at(a, "kernel", NULL), at(b, "kernel", NULL));
	energy_text(base, ea);
	energy_text(head, eb);
	same(k, "energy", ea, eb);
	if (strcmp(oae_json_str_or(a, "program_sha256", ""),
		   oae_json_str_or(b, "program_sha256", "")) != 0)
		oae_compare_note(k->c,
				 "two builds of oae measured these results");
}

static void same_work(struct check *k, const struct oae_score *base,
		      const struct oae_score *head)
{
	const cJSON *a = base->records.campaign, *b = head->records.campaign;
	char what[OAE_NAME_BYTES_MAX + 16], file[OAE_NAME_BYTES_MAX + 48];
	size_t common = 0;

	same_text(k, "spec", at(a, "spec", NULL), at(b, "spec", NULL));
	same_text(k, "suite", at(a, "suite", NULL), at(b, "suite", NULL));
	same_text(k, "scenario", at(a, "scenario", NULL),
		  at(b, "scenario", NULL));
	for (size_t i = 0; i < base->workload_count; i++) {
		const char *id = base->workloads[i].id;

		if (oae_score_workload_index(head, id) == head->workload_count)
			continue;
		common++;
		snprintf(what, sizeof(what), "items of %s", id);
		snprintf(file, sizeof(file), "workloads/%s.items.jsonl", id);
		same_text(k, what, at(a, "inputs", file),
			  at(b, "inputs", file));
	}
	if (!common)
		same(k, "workloads", base->workloads[0].id,
		     head->workloads[0].id);
}

enum oae_status
oae_compare_alike(struct oae_compare *c, const struct oae_score *base,
		  size_t base_system, const struct oae_score *head,
		  size_t head_system, const char *allow, struct oae_error *err)
{
	struct check k = { c, allow, OAE_OK };
	char ma[TEXT_BYTES], mb[TEXT_BYTES];

	if (base != head) {
		same_machine(&k, base, head);
		same_work(&k, base, head);
	}
	models_text(base, base_system, ma);
	models_text(head, head_system, mb);
	same(&k, "model", ma, mb);
	return k.status ?
		       oae_fail(err, k.status, 0, "comparison: out of memory") :
		       OAE_OK;
}
