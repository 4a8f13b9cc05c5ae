/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest's knobs and the placeholders of its command. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "schema/manifest.h"

const struct oae_knob *oae_system_knob(const struct oae_system_entry *s,
				       const char *name)
{
	for (size_t i = 0; i < s->knob_count; i++)
		if (strcmp(s->knobs[i].name, name) == 0)
			return &s->knobs[i];
	return NULL;
}

static enum oae_status write_number(const struct oae_knob *k, const char *text,
				    struct oae_jw *w, struct oae_error *err)
{
	bool whole = k->type == OAE_KNOB_INT;
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(v) ||
	    (whole && (v != floor(v) || fabs(v) > 9007199254740992.0)))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"knob %s: \"%.60s\" is"
				" no %s",
				k->name, text,
				whole ? "whole number" : "number");
	if (v < k->low || v > k->high)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"knob %s: %.60s is out"
				" of %g..%g",
				k->name, text, k->low, k->high);
	oae_jw_num(w, k->name, v);
	return OAE_OK;
}

static enum oae_status write_choice(const struct oae_knob *k, const char *text,
				    struct oae_jw *w, struct oae_error *err)
{
	const cJSON *c;
	struct oae_buf list;
	enum oae_status status;

	cJSON_ArrayForEach(c, k->choices)
		if (strcmp(c->valuestring, text) == 0) {
			oae_jw_str(w, k->name, text);
			return OAE_OK;
		}
	oae_buf_init(&list, 300);
	cJSON_ArrayForEach(c, k->choices)
		oae_buf_printf(&list, "%s%s", list.len ? ", " : "",
			       c->valuestring);
	status = oae_fail(err, OAE_ERR_USAGE, 0,
			  "knob %s: \"%.60s\" is none"
			  " of %s",
			  k->name, text, oae_buf_str(&list));
	oae_buf_release(&list);
	return status;
}

enum oae_status oae_knob_write(const struct oae_knob *k, const char *text,
			       struct oae_jw *w, struct oae_error *err)
{
	if (!text) {
		oae_jw_value(w, k->name, k->otherwise);
		return OAE_OK;
	}
	switch (k->type) {
	case OAE_KNOB_INT:
	case OAE_KNOB_NUMBER:
		return write_number(k, text, w, err);
	case OAE_KNOB_CHOICE:
		return write_choice(k, text, w, err);
	case OAE_KNOB_STRING:
		oae_jw_str(w, k->name, text);
		return OAE_OK;
	case OAE_KNOB_BOOL:
		break;
	}
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"knob %s: \"%.60s\" is"
				" neither true nor false",
				k->name, text);
	oae_jw_bool(w, k->name, *text == 't');
	return OAE_OK;
}

/* The value given for a knob in "a=1,b=2" (cut in place), or NULL. */
static const char *given(char **words, size_t count, const char *knob)
{
	size_t i, len = strlen(knob);

	for (i = 0; i < count; i++)
		if (!strncmp(words[i], knob, len) && words[i][len] == '=')
			return words[i] + len + 1;
	return NULL;
}

static enum oae_status check_words(const struct oae_system_entry *s,
				   char **words, size_t count,
				   struct oae_error *err)
{
	char name[OAE_NAME_BYTES_MAX], known[240] = "";
	size_t i, k, at = 0;

	for (k = 0; k < s->knob_count && at < sizeof(known); k++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s",
				       k ? ", " : "", s->knobs[k].name);
	for (i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)strcspn(words[i], "="), words[i]);
		if (!strchr(words[i], '='))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"'%.60s' is no knob=value", words[i]);
		if (!oae_system_knob(s, name))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"no knob '%.60s'; there are %s", name,
					known[0] ? known : "none");
		for (k = 0; k < i; k++)
			if (given(&words[k], 1, name))
				return oae_fail(err, OAE_ERR_USAGE, 0,
						"knob '%s' is given twice",
						name);
	}
	return OAE_OK;
}

enum oae_status oae_knobs_read(const struct oae_system_entry *s, char *text,
			       cJSON **out, size_t *set, struct oae_error *err)
{
	char *words[OAE_MANIFEST_LIST_MAX], *word, *rest = NULL;
	enum oae_status status;
	struct oae_buf json;
	struct oae_jw w;
	size_t count = 0, i;

	for (word = text ? strtok_r(text, ",", &rest) : NULL; word;
	     word = strtok_r(NULL, ",", &rest)) {
		if (count == OAE_MANIFEST_LIST_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"more than %u knobs",
					OAE_MANIFEST_LIST_MAX);
		words[count++] = word;
	}
	*out = NULL;
	*set = count;
	status = check_words(s, words, count, err);
	oae_buf_init(&json, OAE_LINE_BYTES_MAX);
	oae_jw_init(&w, &json, 0);
	oae_jw_obj(&w, NULL);
	for (i = 0; !status && i < s->knob_count; i++)
		status = oae_knob_write(&s->knobs[i],
					given(words, count, s->knobs[i].name),
					&w, err);
	oae_jw_end_obj(&w);
	if (!status)
		status = oae_buf_check(&json, "knobs", err);
	if (!status)
		status = oae_json_parse(json.data, json.len, out, err);
	oae_buf_release(&json);
	return status;
}

enum oae_status oae_manifest_expand(const char *word, const char *build,
				    const char *home, const char *adapter,
				    char *out, size_t out_size,
				    struct oae_error *err)
{
	const struct {
		const char *mark, *value;
	} marks[] = {
		{ "{build}", build },
		{ "{home}", home },
		{ "{adapter}", adapter },
	};
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, out_size - 1);
	while (*word) {
		size_t i = 0;

		while (i < 3 &&
		       strncmp(word, marks[i].mark, strlen(marks[i].mark)) != 0)
			i++;
		if (i < 3) {
			oae_buf_puts(&text, marks[i].value);
			word += strlen(marks[i].mark);
		} else {
			oae_buf_putc(&text, *word++);
		}
	}
	status = oae_buf_check(&text, "a word of the adapter's command", err);
	if (!status)
		memcpy(out, oae_buf_str(&text), text.len + 1);
	oae_buf_release(&text);
	return status;
}
