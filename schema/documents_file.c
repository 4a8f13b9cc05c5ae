/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files against their schemas. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "schema/documents.h"

void oae_schema_set_init(struct oae_schema_set *set, const char *home)
{
	memset(set, 0, sizeof(*set));
	set->home = home;
}

void oae_schema_set_release(struct oae_schema_set *set)
{
	for (size_t i = 0; i < OAE_DOCUMENTS_MAX; i++)
		oae_schema_free(set->loaded[i]);
	memset(set->loaded, 0, sizeof(set->loaded));
}

enum oae_status oae_schema_set_get(struct oae_schema_set *set,
				   const struct oae_document *d,
				   const struct oae_schema **out,
				   struct oae_error *err)
{
	struct oae_schema **slot = &set->loaded[d - oae_documents];
	enum oae_status status = OAE_OK;

	if (!*slot)
		status = oae_document_schema(set->home, d, slot, err);
	*out = *slot;
	return status;
}

static void fault(struct oae_file_check *c, uint64_t line, const char *text)
{
	c->wrong++;
	if (c->fault)
		c->fault(c->ctx, line, text);
}

/* Each kind that could have been meant. */
static void unknown_kind(struct oae_file_check *c, uint64_t line)
{
	char text[1024];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text),
			     "is of no known kind: it has none of the members");
	for (size_t i = 0; i < oae_document_count && n < sizeof(text); i++)
		if (oae_documents[i].mark)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s \"%s\"", i ? "," : "",
					      oae_documents[i].mark);
	if (n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - n,
			       ", nor a \"schema\" that names one");
	fault(c, line, text);
}

static void tell(struct oae_file_check *c, uint64_t line,
		 const struct oae_faults *all)
{
	char text[sizeof(all->at[0].path) + sizeof(all->at[0].text) + 64];

	for (size_t i = 0; i < all->count; i++) {
		const struct oae_fault *f = &all->at[i];

		(void)snprintf(text, sizeof(text), "%s: %s: %s",
			       f->path[0] ? f->path : "(top)", f->keyword,
			       f->text);
		if (c->fault)
			c->fault(c->ctx, line, text);
	}
	if (all->more && c->fault)
		c->fault(c->ctx, line, "and more");
}

static enum oae_status check_tree(struct oae_file_check *c, const cJSON *tree,
				  uint64_t line, struct oae_error *err)
{
	struct oae_error why = { OAE_OK, 0, "" };
	struct oae_faults faults;
	enum oae_status status;

	c->documents++;
	if (!c->schema && !c->document)
		c->document = oae_document_of(tree);
	if (!c->schema && !c->document) {
		if (c->documents == 1 && !c->any_kind)
			unknown_kind(c, line);
		return OAE_OK;
	}
	if (!c->schema) {
		status = oae_schema_set_get(c->set, c->document, &c->schema,
					    err);
		if (status)
			return status;
	}
	status = oae_schema_check(c->schema, tree, &faults, &why);
	if (status == OAE_ERR_CHECK) {
		c->wrong++;
		tell(c, line, &faults);
		return OAE_OK;
	}
	if (status && line)
		return oae_fail(err, status, 0, "line %" PRIu64 ": %s", line,
				why.text);
	return status ? oae_fail(err, status, 0, "%s", why.text) : OAE_OK;
}

static enum oae_status check_text(struct oae_file_check *c, const char *text,
				  size_t len, uint64_t line,
				  struct oae_error *err)
{
	struct oae_error why = { OAE_OK, 0, "" };
	cJSON *tree = NULL;
	enum oae_status status = oae_json_parse(text, len, &tree, &why);

	if (status == OAE_ERR_NOMEM)
		return oae_fail(err, status, 0, "%s", why.text);
	if (status) {
		fault(c, line, why.text);
		return OAE_OK;
	}
	status = check_tree(c, tree, line, err);
	cJSON_Delete(tree);
	return status;
}

static enum oae_status check_lines(struct oae_file_check *c, FILE *f,
				   struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_buf line;
	char block[65536];
	uint64_t number = 0;
	size_t n;

	oae_buf_init(&line, OAE_JOURNAL_LINE_BYTES_MAX);
	while (!status && (n = fread(block, 1, sizeof(block), f)) > 0) {
		const char *at = block, *end = block + n, *stop;

		while (!status &&
		       (stop = memchr(at, '\n', (size_t)(end - at)))) {
			oae_buf_add(&line, at, (size_t)(stop - at));
			at = stop + 1;
			status = oae_buf_check(&line, "a line", err);
			if (!status)
				status = check_text(c, oae_buf_str(&line),
						    line.len, ++number, err);
			oae_buf_clear(&line);
		}
		oae_buf_add(&line, at, (size_t)(end - at));
	}
	if (!status)
		status = oae_buf_check(&line, "a line", err);
	if (!status && ferror(f))
		status = oae_fail(err, OAE_ERR_IO, errno, "cannot read");
	if (!status && line.len)
		fault(c, number + 1,
		      "the last line has no end; the file was cut short");
	else if (!status && !number)
		fault(c, 0, "is empty");
	oae_buf_release(&line);
	return status;
}

static bool has_lines(const char *path)
{
	size_t len = strlen(path);

	return len > 6 && strcmp(path + len - 6, ".jsonl") == 0;
}

enum oae_status oae_document_check_file(struct oae_file_check *c,
					const char *path, struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf text;
	FILE *f;

	if (c->document ? c->document->lines : has_lines(path)) {
		f = fopen(path, "rb");
		if (!f)
			return oae_fail(err, OAE_ERR_IO, errno,
					"%s: cannot open", path);
		status = check_lines(c, f, err);
		fclose(f);
	} else {
		oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
		status = oae_file_read(path, &text, err);
		if (status) {
			oae_buf_release(&text);
			return status;
		}
		status = check_text(c, oae_buf_str(&text), text.len, 0, err);
		oae_buf_release(&text);
	}
	if (status)
		oae_error_prefix(err, "%s", path);
	return status;
}
