/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "adapters/reference/tokenizer/tokenizer.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"

static struct options {
	const char *prompt, *file;
	bool plain, no_bos, ids, json;
} o;

/* What a token stands for; a control token's name. */
static void piece_of(const struct oae_tokenizer *t, int32_t id,
		     struct oae_buf *out)
{
	oae_buf_clear(out);
	oae_tokenizer_decode(t, id, out);
	if (!out->len)
		oae_buf_puts(out, oae_tokenizer_parts(t)->tokens[id]);
}

/* A string, or the bytes of what is only part of a character. */
static void write_piece(struct oae_jw *w, const char *key,
			const struct oae_buf *piece)
{
	const char *s = oae_buf_str(piece);

	if (oae_utf8_valid(s, piece->len) == piece->len) {
		oae_jw_strn(w, key, s, piece->len);
		return;
	}
	oae_jw_arr(w, key);
	for (size_t i = 0; i < piece->len; i++)
		oae_jw_int(w, NULL, (unsigned char)s[i]);
	oae_jw_end_arr(w);
}

static void write_json(const struct oae_tokenizer *t, const int32_t *ids,
		       size_t n, struct oae_buf *piece, struct oae_buf *out)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_int(&w, "n", (int64_t)n);
	oae_jw_arr(&w, "tokens");
	for (size_t i = 0; i < n; i++) {
		oae_jw_obj(&w, NULL);
		oae_jw_int(&w, "id", ids[i]);
		piece_of(t, ids[i], piece);
		write_piece(&w, "piece", piece);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

/* An id a line with its piece as JSON has it, so that blanks are seen. */
static void write_text(const struct oae_tokenizer *t, const int32_t *ids,
		       size_t n, struct oae_buf *piece, struct oae_buf *out)
{
	struct oae_jw w;

	for (size_t i = 0; i < n; i++) {
		if (o.ids) {
			oae_buf_printf(out, "%s%d", i ? " " : "", ids[i]);
			continue;
		}
		oae_buf_printf(out, "%7d  ", ids[i]);
		piece_of(t, ids[i], piece);
		oae_jw_init(&w, out, 0);
		write_piece(&w, NULL, piece);
		oae_buf_putc(out, '\n');
	}
	if (o.ids)
		oae_buf_putc(out, '\n');
}

static enum oae_status tokenize(const struct oae_tokenizer *t,
				const struct oae_buf *text,
				struct oae_error *err)
{
	unsigned how = (o.plain ? 0 : OAE_TOKENIZE_CONTROL) |
		       (o.no_bos ? 0 : OAE_TOKENIZE_BOS);
	/* a byte is a token at most, or three when it is no UTF-8 */
	size_t max = 3 * (text->len + 2), n;
	int32_t *ids = calloc(max, sizeof(*ids));
	struct oae_buf piece, out;

	if (!ids)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	oae_buf_init(&piece, 1u << 16);
	oae_buf_init(&out, 256u << 20);
	if (!oae_tokenizer_encode_as(t, how, oae_buf_str(text), text->len, ids,
				     max, &n, err)) {
		if (o.json)
			write_json(t, ids, n, &piece, &out);
		else
			write_text(t, ids, n, &piece, &out);
		oae_lm_print(&out, err);
		if (!err->status && !o.json)
			oae_info("%zu tokens for %zu bytes", n, text->len);
	}
	oae_buf_release(&piece);
	free(ids);
	return err->status;
}

static const struct oae_lm_option table[] = {
	{ 'p', "prompt", "TEXT", "what to tokenize", .text = &o.prompt },
	{ 'f', "file", "FILE", "the text is in a file (- is stdin)",
	  .text = &o.file },
	{ 0, "plain", NULL, "names of control tokens are only text",
	  .flag = &o.plain },
	{ 0, "no-bos", NULL, "without the token that begins a text",
	  .flag = &o.no_bos },
	{ 0, "ids", NULL, "only the ids, on one line", .flag = &o.ids },
	{ 0, "json", NULL, "ids and pieces as JSON", .flag = &o.json },
};

static const struct oae_lm_command command = {
	"tokenize",
	"oae-lm tokenize MODEL.gguf -p TEXT [options]",
	"Shows the tokens that a model reads a text as, just as `generate` "
	"reads a prompt:\nafter the beginning-of-text token, where the model "
	"wants it, and with names such\nas <|im_start|> as the control tokens "
	"that they name. What is only part of a\ncharacter is shown as a list "
	"of bytes. The weights are not read.",
	"examples:\n"
	"  oae-lm tokenize model.gguf -p 'Hello world'\n"
	"  oae-lm tokenize model.gguf -f prompt.txt --ids\n"
	"  oae-lm tokenize model.gguf -p '<s>' --plain --no-bos --json",
	table,
	sizeof(table) / sizeof(table[0]),
	1,
	1,
};

int oae_lm_tokenize(int argc, char **argv)
{
	struct oae_tokenizer *t = NULL;
	struct oae_error err = { 0 };
	struct oae_gguf *g = NULL;
	struct oae_buf text;
	const char *path;
	int code;

	if (!oae_lm_parse(&command, argc, argv, &path, &code))
		return code;
	oae_buf_init(&text, OAE_PROMPT_BYTES_MAX);
	if (!oae_lm_prompt(o.prompt, o.file, &text, &err) &&
	    !oae_gguf_open(path, &g, &err)) {
		if (oae_tokenizer_read(g, 0, &t, &err))
			oae_error_prefix(&err, "%s", path);
		else if (!t)
			oae_fail(&err, OAE_ERR_UNSUPPORTED, 0,
				 "%s has no tokenizer", path);
		else
			tokenize(t, &text, &err);
	}
	oae_tokenizer_free(t);
	oae_gguf_close(g);
	oae_buf_release(&text);
	return oae_lm_end("tokenize", &err);
}
