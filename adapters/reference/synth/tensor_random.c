/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "adapters/reference/synth/tensor_random.h"

#define LEVEL_BITS 12
#define LEVELS_A_DRAW 5 /* of LEVEL_BITS each in 64 bits */
/*
 * Scales are uniform in 3/4 .. 5/4 of their mean, so that a scale that is
 * read from the wrong place shows; this is the mean of their square.
 */
#define SCALE_SQUARE (1 + 1.0f / 48)

/*
 * Near normal (the sum of four uniform numbers), out of exact arithmetic.
 * Each level has its negative, so that the table's mean is 0: a common part
 * of all weights would grow with the width.
 */
static void make_levels(float mean, float sigma, struct oae_rng *rng,
			float *levels)
{
	const size_t half = OAE_TENSOR_LEVELS / 2;
	int32_t sums[OAE_TENSOR_LEVELS / 2];
	double squares = 0;
	float scale;
	uint64_t r;

	for (size_t i = 0; i < half; i++) {
		r = oae_rng_u64(rng);
		sums[i] = (int32_t)(r & 0xffff) + (int32_t)(r >> 16 & 0xffff) +
			  (int32_t)(r >> 32 & 0xffff) + (int32_t)(r >> 48) -
			  2 * 65535;
		squares += (double)sums[i] * sums[i];
	}
	scale = sigma / (float)sqrt(squares / (double)half);
	for (size_t i = 0; i < half; i++) {
		levels[i] = mean + (float)sums[i] * scale;
		levels[i + half] = mean - (float)sums[i] * scale;
	}
}

/* f16 scales; floors are `ratio` times as great. */
static void make_scales(struct oae_tensor_draw *d, float scale, float ratio)
{
	float x;

	for (size_t i = 0; i < OAE_TENSOR_SCALES; i++) {
		x = scale *
		    (0.75f + ((float)i + 0.5f) / (2 * OAE_TENSOR_SCALES));
		d->scales[i] = oae_f16_from_f32(x);
		x = oae_f32_from_f16(d->scales[i]);
		d->floors[i] = oae_f16_from_f32(x * ratio);
	}
}

void oae_tensor_draw_init(struct oae_tensor_draw *d, enum oae_tensor_type type,
			  float mean, float sigma, struct oae_rng *rng)
{
	float levels[OAE_TENSOR_LEVELS];

	d->type = type;
	switch (type) {
	case OAE_TENSOR_F32:
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		make_levels(mean, sigma, rng, levels);
		oae_tensor_from_f32(type, levels, OAE_TENSOR_LEVELS, d->levels);
		return;
	case OAE_TENSOR_Q8_0: /* the square's mean over -127..127 and a 0 */
		make_scales(d, sigma / sqrtf(5397.5f * SCALE_SQUARE), 0);
		return;
	case OAE_TENSOR_Q4_0: /* over -8..7 */
		make_scales(d, sigma / sqrtf(21.5f * SCALE_SQUARE), 0);
		return;
	case OAE_TENSOR_Q5_0: /* over -16..15 */
		make_scales(d, sigma / sqrtf(85.5f * SCALE_SQUARE), 0);
		return;
	case OAE_TENSOR_Q4_K: /* 0..15 less 7.5, by 32..63; and the jitter */
		make_scales(d,
			    sigma / sqrtf((21.25f * 2341.5f + 28.1f) *
					  SCALE_SQUARE),
			    7.5f);
		return;
	case OAE_TENSOR_Q6_K: /* -32..31, by 64..127 */
		make_scales(d, sigma / sqrtf(341.5f * 9461.5f * SCALE_SQUARE),
			    0);
		return;
	}
}

static void draw_f32(const struct oae_tensor_draw *d, struct oae_rng *rng,
		     size_t n, uint8_t *out)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % LEVELS_A_DRAW == 0)
			bits = oae_rng_u64(rng);
		memcpy(out + 4 * i, &d->levels[bits % OAE_TENSOR_LEVELS], 4);
		bits >>= LEVEL_BITS;
	}
}

static void draw_f16(const struct oae_tensor_draw *d, struct oae_rng *rng,
		     size_t n, uint8_t *out)
{
	const uint8_t *levels = (const uint8_t *)d->levels;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % LEVELS_A_DRAW == 0)
			bits = oae_rng_u64(rng);
		memcpy(out + 2 * i, levels + 2 * (bits % OAE_TENSOR_LEVELS), 2);
		bits >>= LEVEL_BITS;
	}
}

/* Eight bytes of which those that are -128 become 0: no quantiser makes it. */
static uint64_t draw_bytes(struct oae_rng *rng)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7full;
	uint64_t x = oae_rng_u64(rng), t = x ^ ~low;

	/* the high bit of each byte of t that is 0 */
	return x ^ ~(((t & low) + low) | t | low);
}

static void draw_q8_0(const struct oae_tensor_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint64_t bits = 0, q;

	for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++) {
		if (b % 8 == 0)
			bits = oae_rng_u64(rng);
		memcpy(out, &d->scales[bits % OAE_TENSOR_SCALES], 2);
		bits >>= 8;
		for (size_t i = 0; i < 4; i++) {
			q = draw_bytes(rng);
			memcpy(out + 2 + 8 * i, &q, 8);
		}
		out += OAE_Q8_0_BYTES;
	}
}

/* The scale's sign is random, as with a quantiser: -8..7 has mean -1/2. */
static void draw_q4_0(const struct oae_tensor_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint64_t bits = 0, q;
	uint16_t scale;

	for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++) {
		if (b % 4 == 0)
			bits = oae_rng_u64(rng);
		scale = d->scales[bits % OAE_TENSOR_SCALES];
		scale |= (uint16_t)((bits >> 8 & 1) << 15);
		bits >>= 16;
		memcpy(out, &scale, 2);
		for (size_t i = 0; i < 2; i++) {
			q = oae_rng_u64(rng);
			memcpy(out + 2 + 8 * i, &q, 8);
		}
		out += OAE_Q4_0_BYTES;
	}
}

static void draw_q5_0(const struct oae_tensor_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint64_t bits, q;
	uint16_t scale;

	for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++) {
		bits = oae_rng_u64(rng); /* scale, its sign, fifth bits */
		scale = d->scales[bits % OAE_TENSOR_SCALES];
		scale |= (uint16_t)((bits >> 8 & 1) << 15);
		bits >>= 32;
		memcpy(out, &scale, 2);
		memcpy(out + 2, &bits, 4);
		for (size_t i = 0; i < 2; i++) {
			q = oae_rng_u64(rng);
			memcpy(out + 6 + 8 * i, &q, 8);
		}
		out += OAE_Q5_0_BYTES;
	}
}

/*
 * Scales 32..63; minimums are the scales, or one less or more: weights are
 * d * scale * (q - 7.5), and a minimum in the wrong place shows.
 */
static void draw_q4_k(const struct oae_tensor_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint8_t scale[8], minimum[8];
	uint64_t bits, q;
	size_t which;

	for (size_t b = 0; b < n / OAE_TENSOR_SUPER; b++) {
		bits = oae_rng_u64(rng);
		which = bits % OAE_TENSOR_SCALES;
		bits >>= 8;
		for (size_t j = 0; j < 8; j++) {
			scale[j] = 32 + (bits & 31);
			minimum[j] = (uint8_t)(scale[j] + (bits >> 5 & 1) -
					       (bits >> 6 & 1));
			minimum[j] = minimum[j] < 63 ? minimum[j] : 63;
			bits >>= 7;
		}
		memcpy(out, &d->scales[which], 2);
		memcpy(out + 2, &d->floors[which], 2);
		for (size_t j = 0; j < 4; j++) {
			out[4 + j] = (uint8_t)((scale[j] & 63) |
					       scale[j + 4] >> 4 << 6);
			out[8 + j] = (uint8_t)((minimum[j] & 63) |
					       minimum[j + 4] >> 4 << 6);
			out[12 + j] = (uint8_t)((scale[j + 4] & 15) |
						(minimum[j + 4] & 15) << 4);
		}
		for (size_t i = 0; i < 16; i++) {
			q = oae_rng_u64(rng);
			memcpy(out + 16 + 8 * i, &q, 8);
		}
		out += OAE_Q4_K_BYTES;
	}
}

/* Scales 64..127 of either sign: -32..31 has mean -1/2. */
static void draw_q6_k(const struct oae_tensor_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint64_t q;
	int scale;

	for (size_t b = 0; b < n / OAE_TENSOR_SUPER; b++) {
		for (size_t i = 0; i < (OAE_Q6_K_SCALES + 16) / 8; i++) {
			q = oae_rng_u64(rng);
			memcpy(out + 8 * i, &q, 8);
		}
		for (size_t i = OAE_Q6_K_SCALES; i < OAE_Q6_K_SCALES + 16;
		     i++) {
			scale = 64 + (out[i] & 63);
			out[i] = (uint8_t)(out[i] & 64 ? -scale : scale);
		}
		q = oae_rng_u64(rng);
		memcpy(out + OAE_Q6_K_SCALES + 16,
		       &d->scales[q % OAE_TENSOR_SCALES], 2);
		out += OAE_Q6_K_BYTES;
	}
}

void oae_tensor_draw(const struct oae_tensor_draw *d, struct oae_rng *rng,
		     size_t n, void *out)
{
	switch (d->type) {
	case OAE_TENSOR_F32:
		draw_f32(d, rng, n, out);
		return;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		draw_f16(d, rng, n, out);
		return;
	case OAE_TENSOR_Q8_0:
		draw_q8_0(d, rng, n, out);
		return;
	case OAE_TENSOR_Q4_0:
		draw_q4_0(d, rng, n, out);
		return;
	case OAE_TENSOR_Q5_0:
		draw_q5_0(d, rng, n, out);
		return;
	case OAE_TENSOR_Q4_K:
		draw_q4_k(d, rng, n, out);
		return;
	case OAE_TENSOR_Q6_K:
		draw_q6_k(d, rng, n, out);
		return;
	}
}

void oae_tensor_random(enum oae_tensor_type type, struct oae_rng *rng,
		       float sigma, size_t n, void *out)
{
	struct oae_tensor_draw d;

	oae_tensor_draw_init(&d, type, 0, sigma, rng);
	oae_tensor_draw(&d, rng, n, out);
}
