/* SPDX-License-Identifier: Apache-2.0 */
/* Is a text that was replaced still there, anywhere? */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/redact.h"

#define ARENA_BYTES_MAX ((size_t)2 << 30)
#define WINDOW OAE_LEAK_BYTES_MIN

enum oae_status oae_leaks_init(struct oae_leaks *l, struct oae_error *err)
{
	memset(l, 0, sizeof(*l));
	oae_arena_init(&l->arena, ARENA_BYTES_MAX);
	l->slot = calloc(OAE_LEAK_SLOTS, sizeof(struct oae_leak_text *));
	return l->slot ? OAE_OK :
			 oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

void oae_leaks_release(struct oae_leaks *l)
{
	free(l->slot);
	oae_arena_release(&l->arena);
	memset(l, 0, sizeof(*l));
}

/* FNV-1a of the window's bytes. */
static size_t slot_of(const char *bytes)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < WINDOW; i++)
		h = (h ^ (unsigned char)bytes[i]) * 16777619u;
	return (h ^ (h >> 16)) % OAE_LEAK_SLOTS;
}

/* The longest part without a byte that JSON must escape. */
static const char *plain_part(const char *text, size_t *len)
{
	const char *best = text, *at = text, *from = text;

	*len = 0;
	for (;; at++) {
		unsigned char c = (unsigned char)*at;

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		if ((size_t)(at - from) > *len) {
			*len = (size_t)(at - from);
			best = from;
		}
		if (!c)
			return best;
		from = at + 1;
	}
}

enum oae_status oae_leaks_add(struct oae_leaks *l, const char *text,
			      const char *kind, const char *workload,
			      const char *item, struct oae_error *err)
{
	struct oae_leak_text *t, **slot;
	size_t len;
	const char *part = plain_part(text, &len);

	if (len < OAE_LEAK_BYTES_MIN)
		return OAE_OK;
	slot = &l->slot[slot_of(part)];
	for (t = *slot; t; t = t->next)
		if (t->len == len && !memcmp(t->text, part, len))
			return OAE_OK;
	t = oae_arena_alloc(&l->arena, sizeof(*t));
	if (!t)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	t->text = oae_arena_strndup(&l->arena, part, len);
	t->len = len;
	t->what = oae_arena_printf(&l->arena, "the %s of %s/%s", kind, workload,
				   item);
	if (!t->text || !t->what)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	t->next = *slot;
	*slot = t;
	l->count++;
	return OAE_OK;
}

struct scan {
	const struct oae_leaks *l;
	const char *dir;
};

static const struct oae_leak_text *find(const struct oae_leaks *l,
					const char *at, size_t left)
{
	const struct oae_leak_text *t = l->slot[slot_of(at)];

	while (t && (t->len > left || memcmp(t->text, at, t->len) != 0))
		t = t->next;
	return t;
}

static enum oae_status scan_file(void *ctx, const char *relative,
				 struct oae_error *err)
{
	const struct scan *s = ctx;
	const struct oae_leak_text *t = NULL;
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_JOURNAL_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), s->dir, relative, err);
	if (!status)
		status = oae_file_read(path, &text, err);
	for (size_t i = 0; !status && !t && i + WINDOW <= text.len; i++)
		t = find(s->l, text.data + i, text.len - i);
	if (t)
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "%s would still hold %s; take it out of"
				  " there before publishing",
				  relative, t->what);
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_leaks_scan(const struct oae_leaks *l, const char *dir,
			       struct oae_error *err)
{
	struct scan s = { l, dir };

	return oae_dir_walk(dir, scan_file, &s, err);
}
