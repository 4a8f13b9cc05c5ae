/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/moved.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-9
#define PATH_BYTES 1024u
#define NAME_BYTES 400u
#define ARENA_BYTES_MAX ((size_t)256 << 20)

/* Members at the top that say who computed and what was measured. */
static const char *const origins[] = {
	"build",   "oae",      "spec",	      "rescored", "redacted",
	"journal", "campaign", "environment", NULL,
};
/* Prose, wherever it stands. */
static const char *const prose[] = {
	"notes", "sentence", "reason", "reasons", "source",
	"title", "about",    "text",   NULL,
};
/* What an element of a list is about: its id, else all of the others. */
static const char *const names[] = {
	"id",	     "system", "name",	   "parameter", "workload",
	"condition", "probe",  "scenario", "profile",	NULL,
};

struct finder {
	struct oae_moves *out;
	struct oae_error *err;
	char path[PATH_BYTES];
	size_t len;
};

static bool is_listed(const char *const *list, const char *key)
{
	for (; *list; list++)
		if (!strcmp(*list, key))
			return true;
	return false;
}

static bool is_leaf(const cJSON *v)
{
	return v && !cJSON_IsNull(v) && !cJSON_IsObject(v) && !cJSON_IsArray(v);
}

/* "x/y, letters, nominal" into out; false when it has no name. */
static bool name_of(const cJSON *element, char out[NAME_BYTES])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; names[i] && (i != 1 || !n); i++) {
		const char *v = oae_json_str_or(element, names[i], NULL);

		if (v && n < NAME_BYTES - 1)
			n += (size_t)snprintf(out + n, NAME_BYTES - n, "%s%s",
					      n ? ", " : "", v);
	}
	return n > 0;
}

/* ---- paths ------------------------------------------------------------ */

/* The end of the part that begins at `at`; dots within [] are of a name. */
static size_t part_end(const char *path, size_t at)
{
	bool inside = false;

	for (; path[at] && (inside || path[at] != '.'); at++)
		inside = path[at] == '[' ? true :
			 path[at] == ']' ? false :
					   inside;
	return at;
}

/* How many parts name what a number belongs to. */
static int group_parts(const char *path)
{
	size_t second = part_end(path, 0);

	if (!strncmp(path, "tables", 6))
		return 1;
	if (path[second] && !strncmp(path + second + 1, "scores[", 7))
		return 4; /* profile, system, "modes", mode */
	return path[second] && !strncmp(path + second + 1, "measured", 8) ? 3 :
									    2;
}

static size_t group_len(const char *path)
{
	int parts = group_parts(path);
	size_t end = part_end(path, 0), next;

	for (int i = 1; i < parts && path[end]; i++) {
		next = part_end(path, end + 1);
		/* What the whole names is never its own group. */
		if (!path[next])
			break;
		/* A score's gate, say, beside its modes. */
		if (i == 2 && parts == 4 && strncmp(path + end, ".modes", 6))
			break;
		end = next;
	}
	return end;
}

static enum oae_status push(struct finder *f, const char *fmt, const char *key,
			    size_t *before)
{
	size_t room = sizeof(f->path) - f->len;
	int n = snprintf(f->path + f->len, room, fmt, key);

	*before = f->len;
	if (n < 0 || (size_t)n >= room)
		return oae_fail(f->err, OAE_ERR_LIMIT, 0,
				"%.100s...: a path of more than %u bytes",
				f->path, PATH_BYTES);
	f->len += (size_t)n;
	return OAE_OK;
}

static void pop(struct finder *f, size_t before)
{
	f->len = before;
	f->path[before] = '\0';
}

/* ---- leaves ----------------------------------------------------------- */

static bool same(const cJSON *a, const cJSON *b)
{
	if (!is_leaf(a) || !is_leaf(b))
		return !is_leaf(a) && !is_leaf(b);
	if ((a->type & 0xff) != (b->type & 0xff))
		return false;
	if (cJSON_IsNumber(a))
		return fabs(a->valuedouble - b->valuedouble) <=
		       TOLERANCE *
			       fmax(fabs(a->valuedouble), fabs(b->valuedouble));
	return !cJSON_IsString(a) || !strcmp(a->valuestring, b->valuestring);
}

static enum oae_status leaf(struct finder *f, const cJSON *was, const cJSON *is)
{
	struct oae_moves *m = f->out;
	struct oae_move *move;

	m->compared++;
	if (same(was, is))
		return OAE_OK;
	if (m->count == OAE_MOVES_MAX)
		return oae_fail(f->err, OAE_ERR_LIMIT, 0,
				"more than %u numbers moved", OAE_MOVES_MAX);
	if (m->count == m->alloc) {
		size_t alloc = m->alloc ? 2 * m->alloc : 256;
		void *item = realloc(m->item, alloc * sizeof(*m->item));

		if (!item)
			return oae_fail(f->err, OAE_ERR_NOMEM, 0, "moves");
		m->item = item;
		m->alloc = alloc;
	}
	move = &m->item[m->count];
	move->path = oae_arena_strdup(&m->arena, f->path);
	if (!move->path)
		return oae_fail(f->err, OAE_ERR_NOMEM, 0, "moves");
	move->group_len = group_len(f->path);
	move->was = is_leaf(was) ? was : NULL;
	move->is = is_leaf(is) ? is : NULL;
	move->relative = NAN;
	if (cJSON_IsNumber(was) && cJSON_IsNumber(is) && was->valuedouble != 0)
		move->relative = is->valuedouble / was->valuedouble - 1;
	m->count++;
	m->numbers += cJSON_IsNumber(was) || cJSON_IsNumber(is);
	return OAE_OK;
}

/* ---- trees ------------------------------------------------------------ */

static enum oae_status walk(struct finder *f, const cJSON *was,
			    const cJSON *is);

/* How many elements of that name stand before `end` (NULL: in all). */
static size_t count_named(const cJSON *list, const cJSON *end, const char *name)
{
	char own[NAME_BYTES];
	const cJSON *v;
	size_t n = 0;

	for (v = list ? list->child : NULL; v && v != end; v = v->next)
		n += name_of(v, own) && !strcmp(own, name);
	return n;
}

/* The element of that name with so many of it before; NULL: there is none. */
static const cJSON *find_element(const cJSON *list, const char *name,
				 size_t before)
{
	char own[NAME_BYTES];
	const cJSON *v;

	cJSON_ArrayForEach(v, list) {
		if (name_of(v, own) && !strcmp(own, name) && !before--)
			return v;
	}
	return NULL;
}

/*
 * What stands in the path for an element of `list`, and its partner of
 * `other`: of the same name, the first with the first and so on; else at the
 * same place.
 */
static const cJSON *pair(const cJSON *list, const cJSON *v, int at,
			 const cJSON *other, char label[NAME_BYTES + 24])
{
	char name[NAME_BYTES];
	size_t before;

	if (!name_of(v, name)) {
		(void)snprintf(label, NAME_BYTES + 24, "%d", at);
		return cJSON_GetArrayItem(other, at);
	}
	before = count_named(list, v, name);
	if (before)
		(void)snprintf(label, NAME_BYTES + 24, "%s #%zu", name,
			       before + 1);
	else
		(void)snprintf(label, NAME_BYTES + 24, "%s", name);
	return find_element(other, name, before);
}

static enum oae_status element(struct finder *f, const cJSON *was,
			       const cJSON *is, const char *label)
{
	size_t before;
	enum oae_status status = push(f, "[%.400s]", label, &before);

	if (!status)
		status = walk(f, was, is);
	pop(f, before);
	return status;
}

static enum oae_status arrays(struct finder *f, const cJSON *was,
			      const cJSON *is)
{
	char label[NAME_BYTES + 24];
	enum oae_status status = OAE_OK;
	const cJSON *v, *partner;
	int i = 0;

	for (v = is ? is->child : NULL; v && !status; v = v->next) {
		partner = pair(is, v, i++, was, label);
		status = element(f, partner, v, label);
	}
	i = 0;
	for (v = was ? was->child : NULL; v && !status; v = v->next)
		if (!pair(was, v, i++, is, label))
			status = element(f, v, NULL, label);
	return status;
}

static enum oae_status member(struct finder *f, const char *key,
			      const cJSON *was, const cJSON *is)
{
	size_t before;
	enum oae_status status;

	if (is_listed(prose, key) || (!f->len && is_listed(origins, key)))
		return OAE_OK;
	/* The path of a new or lost element has its name already. */
	if (is_listed(names, key) && (is_leaf(was) || is_leaf(is)) &&
	    (!was || !is))
		return OAE_OK;
	status = push(f, f->len ? ".%.200s" : "%.200s", key, &before);
	if (!status)
		status = walk(f, was, is);
	pop(f, before);
	return status;
}

static enum oae_status objects(struct finder *f, const cJSON *was,
			       const cJSON *is)
{
	enum oae_status status = OAE_OK;
	const cJSON *v;

	for (v = is ? is->child : NULL; v && !status; v = v->next)
		status = member(
			f, v->string,
			cJSON_GetObjectItemCaseSensitive(was, v->string), v);
	for (v = was ? was->child : NULL; v && !status; v = v->next)
		if (!is || !cJSON_GetObjectItemCaseSensitive(is, v->string))
			status = member(f, v->string, v, NULL);
	return status;
}

/* NULL stands for what is not there. */
static enum oae_status walk(struct finder *f, const cJSON *was, const cJSON *is)
{
	const cJSON *was_object = cJSON_IsObject(was) ? was : NULL;
	const cJSON *is_object = cJSON_IsObject(is) ? is : NULL;
	const cJSON *was_array = cJSON_IsArray(was) ? was : NULL;
	const cJSON *is_array = cJSON_IsArray(is) ? is : NULL;
	enum oae_status status = OAE_OK;

	if (is_leaf(was) || is_leaf(is))
		status = leaf(f, was, is);
	if (!status && (was_object || is_object))
		status = objects(f, was_object, is_object);
	if (!status && (was_array || is_array))
		status = arrays(f, was_array, is_array);
	return status;
}

/* ---- two results ------------------------------------------------------ */

static const char *text_at(const cJSON *result, const char *obj,
			   const char *key)
{
	return oae_json_str_or(cJSON_GetObjectItemCaseSensitive(result, obj),
			       key, "");
}

/*
 * A redacted journal has other bytes and doesn't name the one that it was
 * made from: it is known by when it was measured, and by its seed.
 */
static bool same_run(const cJSON *was, const cJSON *is)
{
	if (!cJSON_HasObjectItem(was, "redacted") !=
	    !cJSON_HasObjectItem(is, "redacted"))
		return !strcmp(text_at(was, "campaign", "utc"),
			       text_at(is, "campaign", "utc")) &&
		       !strcmp(text_at(was, "campaign", "seed"),
			       text_at(is, "campaign", "seed"));
	return !strcmp(text_at(was, "journal", "sha256"),
		       text_at(is, "journal", "sha256"));
}

enum oae_status oae_moves_find(const cJSON *was, const cJSON *is,
			       struct oae_moves *out, struct oae_error *err)
{
	struct finder f = { .out = out, .err = err };

	memset(out, 0, sizeof(*out));
	oae_arena_init(&out->arena, ARENA_BYTES_MAX);
	if (!same_run(was, is))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"the two results are of different journals"
				" (%.12s..., %.12s...): other measurements, not"
				" other scores; compare them with `oae report`",
				text_at(was, "journal", "sha256"),
				text_at(is, "journal", "sha256"));
	return walk(&f, was, is);
}

void oae_moves_release(struct oae_moves *m)
{
	free(m->item);
	oae_arena_release(&m->arena);
	memset(m, 0, sizeof(*m));
}

static void write_side(struct oae_jw *w, const char *key, const cJSON *result)
{
	oae_jw_obj(w, key);
	oae_jw_str(w, "spec", oae_json_str_or(result, "spec", NULL));
	oae_jw_str(w, "oae", oae_json_str_or(result, "oae", NULL));
	oae_jw_end_obj(w);
}

static void write_leaf(struct oae_jw *w, const char *key, const cJSON *v)
{
	if (v)
		oae_jw_value(w, key, v);
	else
		oae_jw_null(w, key);
}

enum oae_status oae_moves_write(const struct oae_moves *m, const cJSON *was,
				const cJSON *is, struct oae_buf *out,
				struct oae_error *err)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", "moved-1");
	write_side(&w, "was", was);
	write_side(&w, "is", is);
	oae_jw_int(&w, "compared", (int64_t)m->compared);
	oae_jw_int(&w, "numbers_moved", (int64_t)m->numbers);
	oae_jw_int(&w, "words_changed", (int64_t)(m->count - m->numbers));
	oae_jw_arr(&w, "moved");
	for (size_t i = 0; i < m->count; i++) {
		const struct oae_move *v = &m->item[i];

		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "path", v->path);
		oae_jw_strn(&w, "group", v->path, v->group_len);
		write_leaf(&w, "was", v->was);
		write_leaf(&w, "is", v->is);
		oae_jw_num(&w, "relative", v->relative);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
	return oae_buf_check(out, "moved numbers", err);
}
