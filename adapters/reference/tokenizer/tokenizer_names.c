/* SPDX-License-Identifier: Apache-2.0 */
/* What tokens are by their names: types, ends, and names inside a text. */
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/tokenizer/tokenizer_internal.h"

#define N(list) (sizeof(list) / sizeof((list)[0]))

/*
 * Tokens that end an answer whatever the metadata says: chat formats' end of
 * a turn, and the ends of a document, a file or a repository.
 */
static const char *const end_names[] = {
	"<|eot_id|>",
	"<|im_end|>",
	"<|end|>",
	"<|eom_id|>",
	"<|endoftext|>",
	"<|end_of_text|>",
	"<|return|>",
	"<|call|>",
	"<end_of_turn>",
	"<end_of_utterance>",
	"</s>",
	"<eos>",
	"<EOT>",
	"_<EOT>",
	"[EOT]",
	"[EOS]",
	"<\xef\xbd\x9c\x65nd\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
	"<|fim_pad|>",
	"<fim-pad>",
	"<fim_pad>",
	"<PAD>",
	"[PAD]",
	"<|fim_repo|>",
	"<|repo_name|>",
	"<fim-repo>",
	"<REPO>",
	"<reponame>",
	"<|file_sep|>",
};

/* Control tokens whatever their type: where a gap to fill begins and ends. */
static const char *const control_names[] = {
	"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<fim-prefix>",
	"<fim-suffix>",	  "<fim-middle>",   "<fim_prefix>",   "<fim_suffix>",
	"<fim_middle>",	  "<PRE>",	    "<SUF>",	      "<MID>",
};

static bool among(const char *text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[0] == names[i][0] && !strcmp(text, names[i]))
			return true;
	return false;
}

/* What a name says of its token: OAE_MARK_... */
static uint8_t mark_of(const char *text)
{
	if (text[0] != '<' && text[0] != '[' && text[0] != '_')
		return 0; /* no name begins so */
	if (among(text, end_names, N(end_names)))
		return OAE_MARK_ENDS | OAE_MARK_CONTROL;
	return among(text, control_names, N(control_names)) ? OAE_MARK_CONTROL :
							      0;
}

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "tokenizer: out of memory");
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int oae_token_byte(const char *s)
{
	if (strlen(s) != 6 || strncmp(s, "<0x", 3) || s[5] != '>' ||
	    hex(s[3]) < 0 || hex(s[4]) < 0)
		return -1;
	return hex(s[3]) << 4 | hex(s[4]);
}

enum oae_status oae_token_types_init(struct oae_tokenizer *t,
				     struct oae_error *err)
{
	const struct oae_tokenizer_parts *p = &t->parts;

	t->types = oae_arena_alloc(&t->arena, p->n_tokens);
	t->marks = oae_arena_alloc(&t->arena, p->n_tokens);
	if (!t->types || !t->marks)
		return no_memory(err);
	for (size_t i = 0; i < p->n_tokens; i++) {
		int32_t type = p->types ? p->types[i] : OAE_TOKEN_NORMAL;
		const char *text = p->tokens[i];

		if (type < OAE_TOKEN_NORMAL || type > OAE_TOKEN_BYTE)
			type = OAE_TOKEN_UNUSED;
		t->marks[i] = mark_of(text);
		if (p->kind == OAE_TOKENIZER_SPM && type == OAE_TOKEN_NORMAL &&
		    oae_token_byte(text) >= 0)
			type = OAE_TOKEN_BYTE; /* old files call it normal */
		if (type == OAE_TOKEN_BYTE && oae_token_byte(text) < 0)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tokenizer: token %zu is a byte but is "
					"named \"%.20s\", not <0xNN>",
					i, text);
		t->types[i] = (uint8_t)type;
	}
	if (p->eos >= 0)
		t->marks[p->eos] |= OAE_MARK_ENDS;
	for (size_t i = 0; i < p->n_ends; i++)
		t->marks[p->ends[i]] |= OAE_MARK_ENDS;
	return OAE_OK;
}

struct named {
	const char *text;
	int32_t id;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

enum oae_status oae_token_special_init(struct oae_tokenizer *t,
				       struct oae_error *err)
{
	size_t n = 0, all = t->parts.n_tokens;
	struct named *order = calloc(all, sizeof(*order));

	if (!order)
		return no_memory(err);
	for (size_t i = 0; i < all; i++) {
		const char *text = t->parts.tokens[i];

		enum oae_token_type type = oae_tokenizer_type(t, (int32_t)i);

		if ((type == OAE_TOKEN_CONTROL || type == OAE_TOKEN_UNKNOWN ||
		     type == OAE_TOKEN_USER) &&
		    *text && strlen(text) <= OAE_TOKEN_NAME_BYTES_MAX)
			order[n++] = (struct named){ text, (int32_t)i };
	}
	qsort(order, n, sizeof(*order), by_name);
	t->special = oae_arena_array(&t->arena, n + 1, sizeof(*t->special));
	for (size_t i = 0; t->special && i < n; i++) {
		if (i && !strcmp(order[i].text, order[i - 1].text))
			continue;
		t->special[t->n_special++] = order[i].id;
		t->special_first[(uint8_t)order[i].text[0]] = true;
	}
	free(order);
	return t->special ? OAE_OK : no_memory(err);
}

/* Byte d of a special token's text; 0 behind its end. */
static uint8_t special_byte(const struct oae_tokenizer *t, size_t i, size_t d)
{
	return (uint8_t)t->parts.tokens[t->special[i]][d];
}

/* The first in [from, to) whose byte d is at least c. */
static size_t special_bound(const struct oae_tokenizer *t, size_t from,
			    size_t to, size_t d, unsigned c)
{
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (special_byte(t, middle, d) < c)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

size_t oae_token_special(const struct oae_tokenizer *t, const char *s,
			 size_t len, bool control, int32_t *id)
{
	size_t from = 0, to = t->n_special, found = 0;

	if (!len || !t->special_first[(uint8_t)s[0]])
		return 0;
	/* [from, to) are those that begin with s[0..d) and are longer */
	for (size_t d = 0; d < len && s[d] && from < to; d++) {
		unsigned c = (uint8_t)s[d];
		int32_t first;

		if (special_byte(t, from, d) != c ||
		    special_byte(t, to - 1, d) != c) {
			from = special_bound(t, from, to, d, c);
			to = special_bound(t, from, to, d, c + 1);
		}
		if (from == to || special_byte(t, from, d + 1))
			continue; /* none ends here */
		first = t->special[from++];
		if (control || oae_tokenizer_type(t, first) == OAE_TOKEN_USER) {
			found = d + 1;
			*id = first;
		}
	}
	return found;
}
