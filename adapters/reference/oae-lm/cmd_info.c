/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "adapters/reference/model/model.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/json.h"
#include "base/sha256.h"

#define TYPES_MAX 8

struct type_sum {
	enum oae_tensor_type type;
	size_t tensors;
	uint64_t elements, bytes;
};

struct info {
	const char *path, *title;
	char sha256[OAE_SHA256_HEX];
	struct oae_shape shape;
	struct type_sum types[TYPES_MAX];
	size_t n_types, n_tensors;
	uint64_t parameters, file_bytes;
	struct oae_tokenizer *tokenizer;   /* NULL: none */
	const struct oae_kernels *kernels; /* that would run it here */
};

static void sum_types(const struct oae_gguf *g, struct info *out)
{
	const struct oae_gguf_tensor *t;
	struct type_sum *sum;

	out->n_tensors = oae_gguf_tensor_count(g);
	for (size_t i = 0; i < out->n_tensors; i++) {
		t = oae_gguf_tensor_at(g, i);
		sum = out->types;
		while (sum < out->types + out->n_types && sum->type != t->type)
			sum++;
		if (sum == out->types + out->n_types)
			*sum = (struct type_sum){ .type = t->type };
		if (!sum->tensors++)
			out->n_types++;
		sum->elements += t->elements;
		sum->bytes += t->bytes;
		out->parameters += t->elements;
	}
}

static enum oae_status collect(struct oae_gguf *g, struct info *out,
			       struct oae_error *err)
{
	enum oae_status status;

	status = oae_shape_read(g, &out->shape, err);
	if (!status)
		status = oae_kernels_select(&out->kernels, err);
	if (!status)
		status = oae_sha256_file(out->path, out->sha256, err);
	if (!status && oae_gguf_has(g, "general.name"))
		status = oae_gguf_str(g, "general.name", &out->title, err);
	if (!status)
		status = oae_tokenizer_read(g, out->shape.n_vocab,
					    &out->tokenizer, err);
	out->file_bytes = oae_gguf_file_bytes(g);
	sum_types(g, out);
	return status;
}

/* null where there is no tokenizer, or SPM has no such thing. */
static void write_tokenizer(struct oae_jw *w, const struct oae_tokenizer *t)
{
	const struct oae_tokenizer_parts *p;
	bool spm;

	if (!t) {
		oae_jw_null(w, "tokenizer");
		return;
	}
	p = oae_tokenizer_parts(t);
	spm = p->kind == OAE_TOKENIZER_SPM;
	oae_jw_str(w, "tokenizer", spm ? "llama" : "gpt2");
	oae_jw_str(w, "tokenizer_kind", spm ? "SPM" : "BPE");
	oae_jw_str(w, "tokenizer_pre", spm ? NULL : p->pre);
	oae_jw_int(w, "tokenizer_tokens", (int64_t)p->n_tokens);
	oae_jw_bool(w, "add_bos", p->add_bos && p->bos >= 0);
	oae_jw_arr(w, "end_tokens");
	for (size_t i = 0; i < p->n_tokens; i++)
		if (oae_tokenizer_ends(t, (int32_t)i))
			oae_jw_int(w, NULL, (int64_t)i);
	oae_jw_end_arr(w);
}

static void write_json(const struct info *x, struct oae_buf *out)
{
	const struct oae_shape *s = &x->shape;
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "file", x->path);
	oae_jw_str(&w, "sha256", x->sha256);
	oae_jw_int(&w, "bytes", (int64_t)x->file_bytes);
	oae_jw_str(&w, "name", x->title);
	oae_jw_str(&w, "architecture", s->architecture);
	oae_jw_int(&w, "parameters", (int64_t)x->parameters);
	oae_jw_bool(&w, "synthetic", s->synthetic);
	oae_jw_int(&w, "layers", s->n_layer);
	oae_jw_int(&w, "width", s->n_embd);
	oae_jw_int(&w, "heads", s->n_head);
	oae_jw_int(&w, "kv_heads", s->n_kv_head);
	oae_jw_int(&w, "head_dim", s->head_dim);
	oae_jw_int(&w, "feed_forward", s->n_ff);
	oae_jw_int(&w, "experts", s->n_expert);
	oae_jw_int(&w, "experts_used", s->n_expert_used);
	oae_jw_int(&w, "context", s->n_ctx);
	oae_jw_int(&w, "context_trained", s->n_ctx_trained);
	if (s->window)
		oae_jw_int(&w, "sliding_window", s->window);
	else
		oae_jw_null(&w, "sliding_window");
	oae_jw_int(&w, "vocabulary", s->n_vocab);
	oae_jw_bool(&w, "tied_output", s->tied);
	write_tokenizer(&w, x->tokenizer);
	oae_jw_arr(&w, "types");
	for (size_t i = 0; i < x->n_types; i++) {
		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "type", oae_tensor_type_name(x->types[i].type));
		oae_jw_int(&w, "tensors", (int64_t)x->types[i].tensors);
		oae_jw_int(&w, "elements", (int64_t)x->types[i].elements);
		oae_jw_int(&w, "bytes", (int64_t)x->types[i].bytes);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_jw_str(&w, "kernels", x->kernels->name);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

/* A name as JSON has it: a file may call its tokens what it likes. */
static void quoted(struct oae_buf *out, const char *name)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 0);
	oae_jw_str(&w, NULL, name);
}

static void print_tokenizer(const struct oae_tokenizer *t, struct oae_buf *out)
{
	const struct oae_tokenizer_parts *p;
	const char *comma = "";

	if (!t) {
		oae_buf_puts(out, "tokenizer     none\n");
		return;
	}
	p = oae_tokenizer_parts(t);
	if (p->kind == OAE_TOKENIZER_SPM)
		oae_buf_puts(out, "tokenizer     SPM (SentencePiece), ");
	else
		oae_buf_printf(out, "tokenizer     BPE (bytes), pre-split %s, ",
			       p->pre);
	oae_buf_printf(out, "%zu tokens\n              ", p->n_tokens);
	if (p->add_bos && p->bos >= 0) {
		oae_buf_puts(out, "a prompt begins with ");
		quoted(out, p->tokens[p->bos]);
		oae_buf_puts(out, "; ");
	}
	oae_buf_puts(out, "an answer ends with ");
	for (size_t i = 0; i < p->n_tokens; i++) {
		if (!oae_tokenizer_ends(t, (int32_t)i))
			continue;
		oae_buf_puts(out, comma);
		quoted(out, p->tokens[i]);
		comma = ", ";
	}
	oae_buf_puts(out, *comma ? "\n" : "nothing\n");
}

static void write_text(const struct info *x, struct oae_buf *out)
{
	const struct oae_shape *s = &x->shape;

	oae_buf_printf(out, "file          %s\n", x->path);
	oae_buf_printf(out, "sha256        %s\n", x->sha256);
	if (x->title)
		oae_buf_printf(out, "name          %.200s\n", x->title);
	oae_buf_printf(out, "architecture  %s%s\n", s->architecture,
		       s->synthetic ? " (synthetic weights: speed only)" : "");
	oae_buf_printf(out, "parameters    %.3f M in %zu tensors, %.2f MiB\n",
		       (double)x->parameters / 1e6, x->n_tensors,
		       (double)x->file_bytes / 1048576);
	oae_buf_printf(out,
		       "shape         %u layers, width %u, feed-forward "
		       "%u",
		       s->n_layer, s->n_embd, s->n_ff);
	if (s->n_expert)
		oae_buf_printf(out, " x %u experts, %u used", s->n_expert,
			       s->n_expert_used);
	oae_buf_printf(out,
		       "\nattention     %u heads of %u over %u key-value "
		       "heads\ncontext       %u, %s",
		       s->n_head, s->head_dim, s->n_kv_head, s->n_ctx,
		       oae_shape_context_why(s));
	if (s->n_ctx < s->n_ctx_trained)
		oae_buf_printf(out, " (trained for %u)", s->n_ctx_trained);
	oae_buf_putc(out, '\n');
	oae_buf_printf(out, "vocabulary    %u, output %s\n", s->n_vocab,
		       s->tied ? "tied to the embedding" : "of its own");
	print_tokenizer(x->tokenizer, out);
	for (size_t i = 0; i < x->n_types; i++)
		oae_buf_printf(out,
			       "%-13s %zu tensors, %.3f M elements, %.2f "
			       "MiB\n",
			       oae_tensor_type_name(x->types[i].type),
			       x->types[i].tensors,
			       (double)x->types[i].elements / 1e6,
			       (double)x->types[i].bytes / 1048576);
	oae_buf_printf(out, "kernels       %s, on this processor\n",
		       x->kernels->name);
}

int oae_lm_info(int argc, char **argv)
{
	bool json = false;
	const struct oae_lm_option options[] = {
		{ 0, "json", NULL, "the same as JSON", .flag = &json },
	};
	const struct oae_lm_command command = {
		"info",
		"oae-lm info MODEL.gguf [--json]",
		"Says what a model file holds: architecture, shape, "
		"parameters, types, tokenizer\nand SHA-256, and which kernels "
		"would run it here. The header is checked as for use.",
		NULL,
		options,
		sizeof(options) / sizeof(options[0]),
		1,
		1,
	};
	struct oae_error err = { 0 };
	struct info info = { 0 };
	struct oae_gguf *g = NULL;
	struct oae_buf out;
	int code;

	if (!oae_lm_parse(&command, argc, argv, &info.path, &code))
		return code;
	oae_buf_init(&out, 1u << 20);
	if (!oae_gguf_open(info.path, &g, &err)) {
		if (collect(g, &info, &err))
			oae_error_prefix(&err, "%s", info.path);
		else if (json)
			write_json(&info, &out);
		else
			write_text(&info, &out);
	}
	oae_lm_print(&out, &err);
	oae_tokenizer_free(info.tokenizer);
	oae_gguf_close(g);
	return oae_lm_end("info", &err);
}
