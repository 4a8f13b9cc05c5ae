/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "adapters/reference/synth.h"
#include "adapters/reference/tensor.h"

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
	float scale = sigma / (65536 * sqrtf(4.0f / 12));
	int64_t sum;
	uint64_t r;

	for (size_t i = 0; i < OAE_SYNTH_LEVELS / 2; i++) {
		r = oae_rng_u64(rng);
		sum = (int64_t)(r & 0xffff) + (int64_t)(r >> 16 & 0xffff) +
		      (int64_t)(r >> 32 & 0xffff) + (int64_t)(r >> 48);
		sum -= 2 * 65535;
		levels[i] = mean + (float)sum * scale;
		levels[i + OAE_SYNTH_LEVELS / 2] = mean - (float)sum * scale;
	}
}

/* f16 scales; floors are `ratio` times as great. */
static void make_scales(struct oae_synth_draw *d, float scale, float ratio)
{
	float x;

	for (size_t i = 0; i < OAE_SYNTH_SCALES; i++) {
		x = scale *
		    (0.75f + ((float)i + 0.5f) / (2 * OAE_SYNTH_SCALES));
		d->scales[i] = oae_f16_from_f32(x);
		d->floors[i] = oae_f16_from_f32(x * ratio);
	}
}

void oae_synth_draw_init(struct oae_synth_draw *d, enum oae_tensor_type type,
			 float mean, float sigma, struct oae_rng *rng)
{
	float levels[OAE_SYNTH_LEVELS];

	d->type = type;
	switch (type) {
	case OAE_TENSOR_F32:
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		make_levels(mean, sigma, rng, levels);
		oae_tensor_from_f32(type, levels, OAE_SYNTH_LEVELS, d->levels);
		return;
	case OAE_TENSOR_Q8_0: /* the square's mean over -127..127 and a 0 */
		make_scales(d, sigma / sqrtf(5397.5f * SCALE_SQUARE), 0);
		return;
	case OAE_TENSOR_Q4_0: /* over -8..7 */
		make_scales(d, sigma / sqrtf(21.5f * SCALE_SQUARE), 0);
		return;
	}
}

static void draw_f32(const struct oae_synth_draw *d, struct oae_rng *rng,
		     size_t n, uint8_t *out)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % LEVELS_A_DRAW == 0)
			bits = oae_rng_u64(rng);
		memcpy(out + 4 * i, &d->levels[bits % OAE_SYNTH_LEVELS], 4);
		bits >>= LEVEL_BITS;
	}
}

static void draw_f16(const struct oae_synth_draw *d, struct oae_rng *rng,
		     size_t n, uint8_t *out)
{
	const uint8_t *levels = (const uint8_t *)d->levels;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % LEVELS_A_DRAW == 0)
			bits = oae_rng_u64(rng);
		memcpy(out + 2 * i, levels + 2 * (bits % OAE_SYNTH_LEVELS), 2);
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

static void draw_q8_0(const struct oae_synth_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint64_t bits = 0, q;

	for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++) {
		if (b % 8 == 0)
			bits = oae_rng_u64(rng);
		memcpy(out, &d->scales[bits % OAE_SYNTH_SCALES], 2);
		bits >>= 8;
		for (size_t i = 0; i < 4; i++) {
			q = draw_bytes(rng);
			memcpy(out + 2 + 8 * i, &q, 8);
		}
		out += OAE_Q8_0_BYTES;
	}
}

/* The scale's sign is random, as with a quantiser: -8..7 has mean -1/2. */
static void draw_q4_0(const struct oae_synth_draw *d, struct oae_rng *rng,
		      size_t n, uint8_t *out)
{
	uint64_t bits = 0, q;
	uint16_t scale;

	for (size_t b = 0; b < n / OAE_TENSOR_BLOCK; b++) {
		if (b % 4 == 0)
			bits = oae_rng_u64(rng);
		scale = d->scales[bits % OAE_SYNTH_SCALES];
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

void oae_synth_draw(const struct oae_synth_draw *d, struct oae_rng *rng,
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
	}
}
