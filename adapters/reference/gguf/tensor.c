/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/gguf/tensor.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct type_info {
	enum oae_tensor_type type;
	const char *name;
	size_t block, bytes;
	bool written; /* out of floats */
};

static const struct type_info types[] = {
	{ OAE_TENSOR_F32, "F32", 1, 4, true },
	{ OAE_TENSOR_F16, "F16", 1, 2, true },
	{ OAE_TENSOR_BF16, "BF16", 1, 2, true },
	{ OAE_TENSOR_Q8_0, "Q8_0", OAE_TENSOR_BLOCK, OAE_Q8_0_BYTES, true },
	{ OAE_TENSOR_Q4_0, "Q4_0", OAE_TENSOR_BLOCK, OAE_Q4_0_BYTES, true },
	{ OAE_TENSOR_Q5_0, "Q5_0", OAE_TENSOR_BLOCK, OAE_Q5_0_BYTES, false },
	{ OAE_TENSOR_Q4_K, "Q4_K", OAE_TENSOR_SUPER, OAE_Q4_K_BYTES, false },
	{ OAE_TENSOR_Q6_K, "Q6_K", OAE_TENSOR_SUPER, OAE_Q6_K_BYTES, false },
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

/* The types of GGUF v3 by number; NULL where none was given out. */
static const char *const gguf_names[] = {
	"F32",	 "F16",	  "Q4_0",    "Q4_1",   NULL,	  NULL,	   "Q5_0",
	"Q5_1",	 "Q8_0",  "Q8_1",    "Q2_K",   "Q3_K",	  "Q4_K",  "Q5_K",
	"Q6_K",	 "Q8_K",  "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL",
	"IQ3_S", "IQ2_S", "IQ4_XS",  "I8",     "I16",	  "I32",   "I64",
	"F64",	 "IQ1_M", "BF16",    NULL,     NULL,	  NULL,	   "TQ1_0",
	"TQ2_0", NULL,	  NULL,	     NULL,     "MXFP4",
};

static const struct type_info *find_type(uint32_t type)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if ((uint32_t)types[i].type == type)
			return &types[i];
	return NULL;
}

int oae_tensor_type_known(uint32_t type)
{
	return find_type(type) != NULL;
}

const char *oae_tensor_type_name(uint32_t type)
{
	static _Thread_local char text[24];
	size_t n = sizeof(gguf_names) / sizeof(gguf_names[0]);

	if (type < n && gguf_names[type])
		return gguf_names[type];
	snprintf(text, sizeof(text), "type %u", type);
	return text;
}

static const struct type_info *find_name(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (!strcasecmp(name, types[i].name))
			return &types[i];
	return NULL;
}

enum oae_status oae_tensor_type_parse(const char *name,
				      enum oae_tensor_type *out,
				      struct oae_error *err)
{
	const struct type_info *info = find_name(name);

	if (!info || !info->written)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"tensor type \"%.32s\": %s; use f32, f16, "
				"bf16, q8_0 or q4_0",
				name,
				info ? "read, but not written here" :
				       "not known");
	*out = info->type;
	return OAE_OK;
}

int oae_tensor_type_written(enum oae_tensor_type type)
{
	const struct type_info *info = find_type((uint32_t)type);

	return info && info->written;
}

size_t oae_tensor_type_block(enum oae_tensor_type type)
{
	const struct type_info *info = find_type((uint32_t)type);

	return info ? info->block : 0;
}

size_t oae_tensor_bytes(enum oae_tensor_type type, size_t n)
{
	const struct type_info *info = find_type((uint32_t)type);

	return info ? n / info->block * info->bytes : 0;
}

static uint16_t bf16_from_f32(float x)
{
	uint32_t u;

	memcpy(&u, &x, 4);
	if ((u & 0x7fffffffu) > 0x7f800000u)
		return (uint16_t)(u >> 16 | 0x40u); /* quiet NaN */
	return (uint16_t)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

static void q8_0_from_f32(const float *x, uint8_t *out)
{
	float max = 0, d, inverse;
	uint16_t h;

	for (int i = 0; i < OAE_TENSOR_BLOCK; i++)
		max = fmaxf(max, fabsf(x[i]));
	d = max / 127.0f;
	inverse = d > 0 ? 1.0f / d : 0;
	h = oae_f16_from_f32(d);
	memcpy(out, &h, 2);
	for (int i = 0; i < OAE_TENSOR_BLOCK; i++)
		out[2 + i] = (uint8_t)(int8_t)lrintf(x[i] * inverse);
}

static uint8_t nibble(float x, float inverse)
{
	int q = (int)(x * inverse + 8.5f);

	return (uint8_t)(q < 0 ? 0 : q > 15 ? 15 : q);
}

/* The element of greatest magnitude becomes -8, as in ggml. */
static void q4_0_from_f32(const float *x, uint8_t *out)
{
	float max = 0, d, inverse;
	uint16_t h;

	for (int i = 0; i < OAE_TENSOR_BLOCK; i++)
		if (fabsf(x[i]) > fabsf(max))
			max = x[i];
	d = max / -8.0f;
	inverse = d < 0 || d > 0 ? 1.0f / d : 0;
	h = oae_f16_from_f32(d);
	memcpy(out, &h, 2);
	for (int i = 0; i < 16; i++)
		out[2 + i] = (uint8_t)(nibble(x[i], inverse) |
				       nibble(x[i + 16], inverse) << 4);
}

void oae_tensor_from_f32(enum oae_tensor_type type, const float *src, size_t n,
			 void *dst)
{
	uint8_t *out = dst;
	uint16_t h;

	switch (type) {
	case OAE_TENSOR_F32:
		memcpy(dst, src, n * sizeof(float));
		return;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		for (size_t i = 0; i < n; i++) {
			h = type == OAE_TENSOR_F16 ? oae_f16_from_f32(src[i]) :
						     bf16_from_f32(src[i]);
			memcpy(out + 2 * i, &h, 2);
		}
		return;
	case OAE_TENSOR_Q8_0:
		for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++)
			q8_0_from_f32(src + b * OAE_TENSOR_BLOCK,
				      out + b * OAE_Q8_0_BYTES);
		return;
	case OAE_TENSOR_Q4_0:
		for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++)
			q4_0_from_f32(src + b * OAE_TENSOR_BLOCK,
				      out + b * OAE_Q4_0_BYTES);
		return;
	case OAE_TENSOR_Q5_0:
	case OAE_TENSOR_Q4_K:
	case OAE_TENSOR_Q6_K:
		return;
	}
}

static void q8_0_to_f32(const uint8_t *in, float *x)
{
	uint16_t h;
	float d;

	memcpy(&h, in, 2);
	d = oae_f32_from_f16(h);
	for (int i = 0; i < OAE_TENSOR_BLOCK; i++)
		x[i] = d * (float)(int8_t)in[2 + i];
}

static void q4_0_to_f32(const uint8_t *in, float *x)
{
	uint16_t h;
	float d;

	memcpy(&h, in, 2);
	d = oae_f32_from_f16(h);
	for (int i = 0; i < 16; i++) {
		x[i] = d * (float)((in[2 + i] & 15) - 8);
		x[i + 16] = d * (float)((in[2 + i] >> 4) - 8);
	}
}

static void q5_0_to_f32(const uint8_t *in, float *x)
{
	uint16_t h;
	float d;

	memcpy(&h, in, 2);
	d = oae_f32_from_f16(h);
	for (size_t i = 0; i < OAE_TENSOR_BLOCK; i++)
		x[i] = d * (float)oae_q5_0_quant(in, i);
}

static void q4_k_to_f32(const uint8_t *in, float *x)
{
	uint16_t h[2];
	uint8_t scale, minimum;
	float d, m;

	memcpy(h, in, 4);
	for (size_t i = 0; i < OAE_TENSOR_SUPER; i++) {
		oae_q4_k_scale(in, i / 32, &scale, &minimum);
		d = oae_f32_from_f16(h[0]) * scale;
		m = oae_f32_from_f16(h[1]) * minimum;
		x[i] = d * oae_q4_k_quant(in, i) - m;
	}
}

static void q6_k_to_f32(const uint8_t *in, float *x)
{
	const uint8_t *scales = in + OAE_Q6_K_SCALES;
	uint16_t h;
	float d;

	memcpy(&h, scales + 16, 2);
	d = oae_f32_from_f16(h);
	for (size_t i = 0; i < OAE_TENSOR_SUPER; i++)
		x[i] = d * (float)((int8_t)scales[i / 16] *
				   (oae_q6_k_quant(in, i) - 32));
}

void oae_tensor_to_f32(enum oae_tensor_type type, const void *src, size_t n,
		       float *dst)
{
	const uint8_t *in = src;
	uint16_t h;

	switch (type) {
	case OAE_TENSOR_F32:
		memcpy(dst, src, n * sizeof(float));
		return;
	case OAE_TENSOR_F16:
		for (size_t i = 0; i < n; i++) {
			memcpy(&h, in + 2 * i, 2);
			dst[i] = oae_f32_from_f16(h);
		}
		return;
	case OAE_TENSOR_BF16:
		for (size_t i = 0; i < n; i++) {
			memcpy(&h, in + 2 * i, 2);
			dst[i] = oae_f32_from_bf16(h);
		}
		return;
	case OAE_TENSOR_Q8_0:
		for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++)
			q8_0_to_f32(in + b * OAE_Q8_0_BYTES,
				    dst + b * OAE_TENSOR_BLOCK);
		return;
	case OAE_TENSOR_Q4_0:
		for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++)
			q4_0_to_f32(in + b * OAE_Q4_0_BYTES,
				    dst + b * OAE_TENSOR_BLOCK);
		return;
	case OAE_TENSOR_Q5_0:
		for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++)
			q5_0_to_f32(in + b * OAE_Q5_0_BYTES,
				    dst + b * OAE_TENSOR_BLOCK);
		return;
	case OAE_TENSOR_Q4_K:
		for (size_t b = 0; b < n / OAE_TENSOR_SUPER; b++)
			q4_k_to_f32(in + b * OAE_Q4_K_BYTES,
				    dst + b * OAE_TENSOR_SUPER);
		return;
	case OAE_TENSOR_Q6_K:
		for (size_t b = 0; b < n / OAE_TENSOR_SUPER; b++)
			q6_k_to_f32(in + b * OAE_Q6_K_BYTES,
				    dst + b * OAE_TENSOR_SUPER);
		return;
	}
}
