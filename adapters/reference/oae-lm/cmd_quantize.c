/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/log.h"

#define CHUNK 65536u /* elements converted at once; whole blocks */

/* Matrices are converted; vectors and routers keep their type. */
static enum oae_tensor_type type_for(const struct oae_gguf_tensor *t,
				     enum oae_tensor_type type)
{
	if (t->n_dims == 1 || strstr(t->name, "ffn_gate_inp"))
		return OAE_TENSOR_F32;
	if (t->dims[0] % oae_tensor_type_block(type))
		return OAE_TENSOR_F16;
	return type;
}

/* GGUF's general.file_type: what most tensors are. */
static uint32_t file_type(enum oae_tensor_type type)
{
	switch (type) {
	case OAE_TENSOR_F32:
		return 0;
	case OAE_TENSOR_F16:
		return 1;
	case OAE_TENSOR_Q4_0:
		return 2;
	case OAE_TENSOR_Q8_0:
		return 7;
	case OAE_TENSOR_BF16:
		return 32;
	case OAE_TENSOR_Q5_0: /* not written */
	case OAE_TENSOR_Q4_K:
	case OAE_TENSOR_Q6_K:
		break;
	}
	return 0;
}

static void add_metadata(struct oae_gguf_writer *w, const struct oae_gguf *in,
			 enum oae_tensor_type type)
{
	const char *key;
	const void *raw;
	size_t bytes;

	for (size_t i = 0; i < oae_gguf_key_count(in); i++) {
		key = oae_gguf_key_at(in, i, &raw, &bytes);
		if (strcmp(key, "general.file_type") &&
		    strcmp(key, "general.quantization_version") &&
		    strcmp(key, "general.alignment"))
			oae_gguf_add_raw(w, key, raw, bytes);
	}
	oae_gguf_add_u32(w, "general.file_type", file_type(type));
	oae_gguf_add_u32(w, "general.quantization_version", 2);
}

static void convert(struct oae_gguf_writer *w, const struct oae_gguf_tensor *t,
		    enum oae_tensor_type type, float *chunk,
		    struct oae_error *err)
{
	const uint8_t *from = t->data;
	size_t left = (size_t)t->elements, n;

	if (t->type == type) {
		oae_gguf_put(w, t->data, (size_t)t->bytes, err);
		return;
	}
	while (left && !err->status) {
		n = left < CHUNK ? left : CHUNK;
		oae_tensor_to_f32(t->type, from, n, chunk);
		oae_gguf_put_f32(w, chunk, n, err);
		from += oae_tensor_bytes(t->type, n);
		left -= n;
	}
}

static void quantize(struct oae_gguf *in, const char *out,
		     enum oae_tensor_type type, struct oae_error *err)
{
	size_t n = oae_gguf_tensor_count(in);
	struct oae_gguf_writer *w;
	const struct oae_gguf_tensor *t;
	float *chunk = malloc(CHUNK * sizeof(*chunk));

	if (!chunk) {
		oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
		return;
	}
	if (!oae_gguf_create(out, &w, err)) {
		add_metadata(w, in, type);
		for (size_t i = 0; i < n; i++) {
			t = oae_gguf_tensor_at(in, i);
			oae_gguf_add_tensor(w, t->name, type_for(t, type),
					    t->n_dims, t->dims, NULL);
		}
		for (size_t i = 0; i < n && !err->status; i++) {
			t = oae_gguf_tensor_at(in, i);
			convert(w, t, type_for(t, type), chunk, err);
			oae_progress("quantize: %zu/%zu tensors", i + 1, n);
		}
		oae_progress_end();
		if (err->status)
			oae_gguf_abandon(w);
		else
			oae_gguf_finish(w, err);
	}
	free(chunk);
}

int oae_lm_quantize(int argc, char **argv)
{
	const char *type_name = "q8_0", *files[2];
	const struct oae_lm_option options[] = {
		{ 0, "type", "TYPE", "q8_0 (default), q4_0, f16, bf16 or f32",
		  .text = &type_name },
	};
	const struct oae_lm_command command = {
		"quantize",
		"oae-lm quantize IN.gguf OUT.gguf [--type TYPE]",
		"Writes a copy of a model with its matrices, embeddings too, "
		"in another type.\nVectors and routers stay F32. q8_0 takes "
		"34 bytes for 32 weights, q4_0 18. Files of\nQ5_0, Q4_K and "
		"Q6_K are read, but these types are not written.",
		"example:\n  oae-lm quantize target-f32.gguf target-q8_0.gguf "
		"--type q8_0",
		options,
		sizeof(options) / sizeof(options[0]),
		2,
		2,
	};
	struct oae_error err = { 0 };
	enum oae_tensor_type type;
	struct oae_gguf *in = NULL;
	int code;

	if (!oae_lm_parse(&command, argc, argv, files, &code))
		return code;
	if (!oae_tensor_type_parse(type_name, &type, &err) &&
	    !oae_gguf_open(files[0], &in, &err))
		quantize(in, files[1], type, &err);
	oae_gguf_close(in);
	return oae_lm_end("quantize", &err);
}
