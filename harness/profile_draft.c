/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/profile_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "schema/check.h"
#include "workloads/workload.h"

/* ---- beginning and end ------------------------------------------------ */

enum oae_status oae_profile_find(const char *home, const char *name,
				 const struct oae_tables *t,
				 struct oae_profile *p, struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX], known[240];
	struct oae_id_list ids = { .count = 0 };
	enum oae_status status;

	memset(p, 0, sizeof(*p));
	if (oae_file_exists(name))
		return oae_profile_read(name, t, p, err);
	(void)snprintf(path, sizeof(path), "%s/schema/profiles", home);
	status = oae_id_list_read(path, ".json", &ids, err);
	if (status)
		return status;
	(void)snprintf(path, sizeof(path), "%s/schema/profiles/%.200s.json",
		       home, name);
	if (oae_check_name(name) && oae_file_exists(path))
		return oae_profile_read(path, t, p, err);
	oae_id_list_text(&ids, known, sizeof(known));
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"profile '%.100s': no such file, and none of that name;"
			" known are %s",
			name, known);
}

bool oae_draft_put(cJSON *obj, const char *key, cJSON *value)
{
	if (!value)
		return false;
	if (cJSON_GetObjectItemCaseSensitive(obj, key))
		return cJSON_ReplaceItemInObjectCaseSensitive(obj, key, value);
	return cJSON_AddItemToObject(obj, key, value);
}

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "profile");
}

enum oae_status oae_draft_begin(struct oae_draft *d, const char *from,
				const char *folder, const char *id,
				struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX], about[200];
	enum oae_status status;

	memset(d, 0, sizeof(*d));
	(void)snprintf(d->folder, sizeof(d->folder), "%s", folder);
	(void)snprintf(d->id, sizeof(d->id), "%s", id);
	status = oae_home(d->home, sizeof(d->home), err);
	(void)snprintf(path, sizeof(path), "%s/schema/tables", d->home);
	if (!status)
		status = oae_tables_read(path, &d->tables, err);
	if (!status)
		status = oae_profile_find(d->home, from, &d->tables, &d->base,
					  err);
	if (status)
		return status;
	(void)snprintf(about, sizeof(about),
		       "Made with `oae profile new`, beginning with %.100s.",
		       d->base.id);
	d->tree = cJSON_Duplicate(d->base.tree, true);
	d->shape = d->base.has_shape;
	if (!d->tree || !oae_draft_put(d->tree, "id", cJSON_CreateString(id)) ||
	    !oae_draft_put(d->tree, "about", cJSON_CreateString(about)))
		return no_memory(err);
	return OAE_OK;
}

void oae_draft_release(struct oae_draft *d)
{
	cJSON_Delete(d->tree);
	oae_profile_release(&d->base);
	oae_tables_release(&d->tables);
	oae_prompts_release(&d->prompts);
	memset(d, 0, sizeof(*d));
}

/* ---- defaults --------------------------------------------------------- */

bool oae_question_applies(const struct oae_question *q,
			  const struct oae_draft *d)
{
	switch (q->kind) {
	case OAE_ASK_JUDGE:
		return d->has_prompts && d->prompts.expected;
	case OAE_ASK_MAX_TOKENS:
		return d->has_prompts;
	case OAE_ASK_FLOOR:
		return d->has_prompts && d->judge != OAE_JUDGE_NONE;
	case OAE_ASK_QUANT:
	case OAE_ASK_TOKENS:
		return d->shape;
	default:
		return true;
	}
}

static const void *member(const struct oae_question *q,
			  const struct oae_draft *d)
{
	return (const char *)&d->base + q->at;
}

static void range_text(const struct oae_range *r, double scale,
		       struct oae_buf *out)
{
	if (r->low == r->high)
		oae_buf_printf(out, "%.10g", r->mid * scale);
	else
		oae_buf_printf(out, "%.10g %.10g %.10g", r->low * scale,
			       r->mid * scale, r->high * scale);
}

static void workloads_text(const struct oae_draft *d, struct oae_buf *out)
{
	if (d->has_prompts) {
		oae_buf_printf(out, "%s=1", d->id);
		return;
	}
	for (size_t i = 0; i < d->base.workload_count; i++)
		oae_buf_printf(out, "%s%s=%.6g", i ? " " : "",
			       d->base.workloads[i].id,
			       d->base.workloads[i].weight);
}

static double number_of(const struct oae_question *q, const struct oae_draft *d)
{
	switch (q->kind) {
	case OAE_ASK_MAX_TOKENS:
		return 256;
	case OAE_ASK_FLOOR:
		return 0.8;
	case OAE_ASK_TOKENS:
		if (!d->base.has_shape)
			return q->at == offsetof(struct oae_profile,
						 tokens_in) ?
				       600 :
				       200;
		/* fall through */
	default:
		return *(const double *)member(q, d);
	}
}

void oae_question_default(const struct oae_question *q,
			  const struct oae_draft *d, struct oae_buf *out)
{
	switch (q->kind) {
	case OAE_ASK_ID:
		oae_buf_puts(out, d->id);
		break;
	case OAE_ASK_TITLE:
		oae_buf_puts(out, d->base.title);
		break;
	case OAE_ASK_GRID:
		if (d->base.grid)
			oae_buf_puts(out, d->base.grid);
		else
			range_text(&d->base.grid_g_kwh, 1, out);
		break;
	case OAE_ASK_RANGE:
		range_text(member(q, d), q->scale, out);
		break;
	case OAE_ASK_TIER:
		oae_buf_printf(out, "T%d", d->base.tier + 1);
		break;
	case OAE_ASK_PROMPTS:
		oae_buf_puts(out, "none");
		break;
	case OAE_ASK_JUDGE:
		oae_buf_puts(out, "exact");
		break;
	case OAE_ASK_WORKLOADS:
		workloads_text(d, out);
		break;
	case OAE_ASK_SHAPE:
		oae_buf_puts(out, d->base.has_shape ? d->base.shape : "none");
		break;
	case OAE_ASK_QUANT:
		oae_buf_puts(out, d->base.has_shape ? d->base.quant : "q8_0");
		break;
	default:
		oae_buf_printf(out, "%.10g", number_of(q, d));
	}
}

/* ---- documents -------------------------------------------------------- */

enum oae_status oae_draft_profile(const struct oae_draft *d,
				  struct oae_buf *out, struct oae_error *err)
{
	struct oae_profile back;
	enum oae_status status;
	cJSON *tree = NULL;
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_value(&w, NULL, d->tree);
	oae_buf_putc(out, '\n');
	status = oae_buf_check(out, "profile", err);
	if (!status)
		status = oae_json_parse(oae_buf_str(out), out->len, &tree, err);
	if (status)
		return status;
	status = oae_profile_take(tree, "profile", &d->tables, &back, err);
	oae_profile_release(&back);
	return status;
}

void oae_draft_workload(const struct oae_draft *d, struct oae_buf *out)
{
	struct oae_prompts_workload w = {
		.id = d->id,
		.title = oae_json_str_or(d->tree, "title", d->id),
		.judge = d->judge,
		.max_tokens = d->max_tokens,
		.floor = d->floor,
	};

	if (d->has_prompts)
		oae_prompts_write(&d->prompts, &w, out);
}
