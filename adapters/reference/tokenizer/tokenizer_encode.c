/* SPDX-License-Identifier: Apache-2.0 */
/* Text to ids: special tokens first, then the text between them. */
#include <string.h>

#include "adapters/reference/tokenizer/tokenizer_internal.h"
#include "base/utf8.h"

#define SPACE "\xe2\x96\x81"	   /* U+2581 */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct job {
	const struct oae_tokenizer *t;
	struct oae_merging merging;
	struct oae_buf text; /* a rewritten copy of a stretch */
	int32_t *ids;
	size_t n, max;
	struct oae_error *err;
};

static enum oae_status emit(struct job *j, int32_t id)
{
	if (j->n >= j->max)
		return oae_fail(j->err, OAE_ERR_LIMIT, 0,
				"tokenizer: the text has more than %zu tokens",
				j->max);
	j->ids[j->n++] = id;
	return OAE_OK;
}

/* One symbol, or the bytes of what is no token. */
static enum oae_status emit_symbol(struct job *j, const uint8_t *text,
				   const struct oae_symbol *s)
{
	enum oae_status status = OAE_OK;

	if (s->id >= 0)
		return emit(j, s->id);
	for (uint32_t i = s->from; i < s->from + s->len && !status; i++) {
		int32_t id = j->t->byte_id[text[i]];

		if (id < 0)
			return oae_fail(j->err, OAE_ERR_UNSUPPORTED, 0,
					"tokenizer: the vocabulary has no "
					"token for byte 0x%02x",
					text[i]);
		status = emit(j, id);
	}
	return status;
}

/* Merges the n symbols of a text that were laid out, and gives them out. */
static enum oae_status merge(struct job *j, const uint8_t *text, size_t n)
{
	enum oae_status status = OAE_OK;

	oae_merging_run(j->t, &j->merging, text, n);
	for (int32_t i = 0; i >= 0 && !status; i = j->merging.symbols[i].next)
		status = emit_symbol(j, text, &j->merging.symbols[i]);
	return status;
}

/* ---- BPE ----------------------------------------------------------------- */

static enum oae_status encode_piece(struct job *j, const uint8_t *piece,
				    size_t len)
{
	struct oae_symbol *s;
	enum oae_status status;

	if (j->t->split.whole_first) {
		int32_t id = oae_token_find(j->t, piece, len);

		if (id >= 0)
			return emit(j, id);
	}
	status = oae_merging_grow(&j->merging, len, j->err);
	if (status)
		return status;
	s = j->merging.symbols;
	for (size_t i = 0; i < len; i++)
		s[i] = (struct oae_symbol){ .from = (uint32_t)i,
					    .len = 1,
					    .id = j->t->byte_id[piece[i]] };
	return merge(j, piece, len);
}

/* Writes the text to j->text with U+FFFD for each such byte. */
static enum oae_status repair(struct job *j, const char *text, size_t len)
{
	size_t from = 0, good;

	oae_buf_clear(&j->text);
	while (from < len) {
		good = oae_utf8_valid(text + from, len - from);
		oae_buf_add(&j->text, text + from, good);
		from += good;
		if (from++ < len)
			oae_buf_puts(&j->text, REPLACEMENT);
	}
	return oae_buf_check(&j->text, "the text", j->err);
}

static enum oae_status encode_bpe(struct job *j, const char *text, size_t len)
{
	struct oae_split_pass pass;
	enum oae_status status;
	size_t from, to;

	if (oae_utf8_valid(text, len) < len) {
		status = repair(j, text, len);
		if (status)
			return status;
		text = oae_buf_str(&j->text);
		len = j->text.len;
	}
	status = oae_split_begin(&pass, &j->t->split, text, len, j->err);
	while (!status) {
		status = oae_split_next(&pass, &from, &to, j->err);
		if (status || from == to)
			break;
		status = encode_piece(j, (const uint8_t *)text + from,
				      to - from);
	}
	oae_split_end(&pass);
	return status;
}

/* ---- SPM ----------------------------------------------------------------- */

/* Writes spaces as U+2581, one more at the front when asked. */
static enum oae_status escape(struct job *j, const char *text, size_t len,
			      bool prefix)
{
	const char *end = text + len, *gap;

	oae_buf_clear(&j->text);
	if (prefix)
		oae_buf_puts(&j->text, SPACE);
	for (; text < end; text = gap + 1) {
		gap = memchr(text, ' ', (size_t)(end - text));
		if (!gap) {
			oae_buf_add(&j->text, text, (size_t)(end - text));
			break;
		}
		oae_buf_add(&j->text, text, (size_t)(gap - text));
		oae_buf_puts(&j->text, SPACE);
	}
	return oae_buf_check(&j->text, "the text", j->err);
}

/* The bytes that a sequence's first byte announces, within what is left. */
static size_t announced(uint8_t c, size_t left)
{
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

	return n < left ? n : left;
}

static enum oae_status encode_spm(struct job *j, const char *text, size_t len,
				  bool prefix)
{
	enum oae_status status = escape(j, text, len, prefix);
	size_t bytes = j->text.len, n = 0;
	const uint8_t *spelled;
	struct oae_symbol *s;

	if (!status)
		/* a byte that is no UTF-8 may split the space after it */
		status = oae_merging_grow(&j->merging, bytes, j->err);
	if (status)
		return status;
	spelled = (const uint8_t *)oae_buf_str(&j->text);
	s = j->merging.symbols;
	for (size_t i = 0; i < bytes; i += s[n++].len) {
		size_t size = announced(spelled[i], bytes - i);

		s[n] = (struct oae_symbol){
			.from = (uint32_t)i,
			.len = (uint32_t)size,
			.id = oae_token_find(j->t, spelled + i, size),
		};
	}
	return merge(j, spelled, n);
}

/* ---- both ---------------------------------------------------------------- */

static enum oae_status encode_text(struct job *j, const char *text, size_t len,
				   bool prefix)
{
	if (!len)
		return OAE_OK;
	if (j->t->parts.kind == OAE_TOKENIZER_BPE)
		return encode_bpe(j, text, len);
	return encode_spm(j, text, len, prefix && j->t->parts.space_prefix);
}

enum oae_status oae_tokenizer_encode_as(const struct oae_tokenizer *t,
					unsigned how, const char *text,
					size_t len, int32_t *ids, size_t max,
					size_t *n, struct oae_error *err)
{
	struct job j = { .t = t, .ids = ids, .max = max, .err = err };
	bool control = how & OAE_TOKENIZE_CONTROL;
	bool prefix = !(how & OAE_TOKENIZE_INNER);
	size_t from = 0, at = 0, found;
	enum oae_status status = OAE_OK;
	int32_t id;

	*n = 0;
	oae_buf_init(&j.text, 3 * (len + 1));
	if (len > INT32_MAX / 4)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: a text of %zu bytes", len);
	if ((how & OAE_TOKENIZE_BOS) && t->parts.add_bos && t->parts.bos >= 0)
		status = emit(&j, t->parts.bos);
	while (at < len && !status) {
		found = oae_token_special(t, text + at, len - at, control, &id);
		if (!found) {
			at++;
			continue;
		}
		status = encode_text(&j, text + from, at - from, prefix);
		if (!status)
			status = emit(&j, id);
		from = at += found;
		prefix = true; /* as at the beginning */
	}
	if (!status)
		status = encode_text(&j, text + from, len - from, prefix);
	oae_merging_free(&j.merging);
	oae_buf_release(&j.text);
	*n = j.n;
	return status;
}

enum oae_status oae_tokenizer_encode(const struct oae_tokenizer *t,
				     const char *text, size_t len, int32_t *ids,
				     size_t max, size_t *n,
				     struct oae_error *err)
{
	return oae_tokenizer_encode_as(t, 0, text, len, ids, max, n, err);
}
