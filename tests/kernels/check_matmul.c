/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/tensor.h"
#include "tests/kernels/checks.h"

#define UNTOUCHED 0x7f /* bytes of y before */
#define PAD 5	       /* floats after a row of y that nobody writes */

struct product {
	struct check_matrix m;
	struct oae_acts a;
	size_t rows, cols, batch, tiles, ldy, bytes; /* bytes of y */
	float *want, *y;
};

/* The oracle's result, one batch row at a time. */
static void expect(struct product *p)
{
	memset(p->want, UNTOUCHED, p->bytes);
	for (size_t r = 0; r < p->batch; r++)
		oae_kernels_scalar.matmul(&p->m.packed, 0, p->tiles, &p->a, r,
					  r + 1, p->want, p->ldy);
}

static void product_make(struct product *p, enum oae_tensor_type type,
			 size_t rows, size_t cols, size_t batch,
			 enum check_weights kind)
{
	snprintf(check_about, sizeof(check_about),
		 "%s, %zu outputs of %zu columns, batch of %zu",
		 oae_tensor_type_name(type), rows, cols, batch);
	*p = (struct product){
		.rows = rows,
		.cols = cols,
		.batch = batch,
		.tiles = (rows + OAE_TILE - 1) / OAE_TILE,
		.ldy = rows + PAD,
		.bytes = batch * (rows + PAD) * sizeof(float),
	};
	p->want = check_get(p->bytes);
	p->y = check_get(p->bytes);
	check_matrix_make(&p->m, type, rows, cols, kind);
	check_acts_make(&p->a, batch, cols);
	expect(p);
}

static void product_free(struct product *p)
{
	check_matrix_free(&p->m);
	check_acts_free(&p->a);
	free(p->want);
	free(p->y);
}

static void same(const struct oae_kernels *k, struct product *p)
{
	memset(p->y, UNTOUCHED, p->bytes);
	k->matmul(&p->m.packed, 0, p->tiles, &p->a, 0, p->batch, p->y, p->ldy);
	CHECK(!memcmp(p->y, p->want, p->bytes));
}

static void once(const struct oae_kernels *k, enum oae_tensor_type type,
		 size_t rows, size_t cols, size_t batch,
		 enum check_weights kind)
{
	struct product p;

	product_make(&p, type, rows, cols, batch, kind);
	same(k, &p);
	product_free(&p);
}

static size_t below(size_t n)
{
	return (size_t)oae_rng_below(&check_rng, n);
}

void check_matmul_bits(const struct oae_kernels *k)
{
	for (int round = 0; round < 16; round++) {
		for (size_t t = 0; t < check_types_n; t++) {
			size_t step = oae_tensor_type_block(check_types[t]);
			size_t cols = step == 1	  ? 1 + below(200) :
				      step == 256 ? 256 * (1 + below(2)) :
						    step * (1 + below(6));

			once(k, check_types[t], 1 + below(90), cols,
			     1 + below(21), CHECK_NORMAL);
		}
	}
}

/* Past the columns of which a kernel works on at a time. */
void check_matmul_columns(const struct oae_kernels *k)
{
	for (size_t cols = 32; cols <= 1120; cols += 32)
		for (size_t t = 0; t < check_types_n; t++)
			if (cols % oae_tensor_type_block(check_types[t]) == 0)
				once(k, check_types[t], 17 + below(31), cols,
				     cols % 128 ? 1 : 9 + below(5),
				     CHECK_NORMAL);
}

void check_matmul_batches(const struct oae_kernels *k)
{
	for (size_t batch = 1; batch <= 17; batch++)
		for (size_t t = 0; t < check_types_n; t++)
			once(k, check_types[t], 65, 256, batch, CHECK_NORMAL);
}

/* Tiles and rows in parts; what is not of a part stays as it was. */
void check_matmul_parts(const struct oae_kernels *k)
{
	struct product p;
	size_t tile, row;

	for (int round = 0; round < 10; round++) {
		for (size_t t = 0; t < check_types_n; t++) {
			product_make(&p, check_types[t], 40 + below(60), 256,
				     2 + below(18), CHECK_NORMAL);
			tile = below(p.tiles + 1);
			row = below(p.batch + 1);
			memset(p.y, UNTOUCHED, p.bytes);
			k->matmul(&p.m.packed, tile, p.tiles, &p.a, row,
				  p.batch, p.y, p.ldy);
			for (size_t r = 0; r < p.batch; r++)
				for (size_t i = 0; i < p.rows; i++)
					if (r < row || i < tile * OAE_TILE)
						memset(p.want + r * p.ldy + i,
						       UNTOUCHED, 4);
			CHECK(!memcmp(p.y, p.want, p.bytes));
			expect(&p);
			k->matmul(&p.m.packed, 0, tile, &p.a, row, p.batch, p.y,
				  p.ldy);
			k->matmul(&p.m.packed, 0, p.tiles, &p.a, 0, row, p.y,
				  p.ldy);
			CHECK(!memcmp(p.y, p.want, p.bytes));
			product_free(&p);
		}
	}
}

/* Quants at the ends of their ranges: no sum of products may saturate. */
void check_matmul_largest(const struct oae_kernels *k)
{
	struct product p;

	/* batches of 1 to 9, each with either sign alone, then mixed */
	for (size_t round = 0; round < 27; round++) {
		for (size_t t = 0; t < check_types_n; t++) {
			product_make(&p, check_types[t], 33, 512, 1 + round % 9,
				     CHECK_LARGEST);
			for (size_t i = 0; i < p.cols * p.batch; i++)
				p.a.x[i] = round < 9  ? 3.5f :
					   round < 18 ? -3.5f :
					   below(2)   ? 3.5f :
							-3.5f;
			check_acts_quantize(&p.a, p.batch, &oae_kernels_scalar);
			expect(&p);
			same(k, &p);
			product_free(&p);
		}
	}
}

/* Scales and activations below the normal range, and zeros. */
void check_matmul_tiny(const struct oae_kernels *k)
{
	struct product p;

	for (int round = 0; round < 6; round++) {
		for (size_t t = 0; t < check_types_n; t++) {
			product_make(&p, check_types[t], 33, 256, 1 + below(12),
				     CHECK_TINY);
			for (size_t i = 0; i < p.cols * p.batch; i++)
				p.a.x[i] *= round < 2 ? 1e-39f :
					    round < 4 ? 1e-30f :
							0.0f;
			check_acts_quantize(&p.a, p.batch, &oae_kernels_scalar);
			expect(&p);
			same(k, &p);
			product_free(&p);
		}
	}
}

/*
 * Another batch row does not see an activation that is not finite; float
 * weights carry a NaN on; quantised ones take a NaN as 0 and make a NaN of an
 * infinity.
 */
void check_matmul_not_finite(const struct oae_kernels *k)
{
	struct product p;
	bool nan;

	for (size_t t = 0; t < 2 * check_types_n; t++) {
		product_make(&p, check_types[t / 2], 40, 256, 9, CHECK_NORMAL);
		p.a.x[3 * p.cols + 70] = t % 2 ? NAN : INFINITY;
		check_acts_quantize(&p.a, p.batch, k);
		nan = t % 2 == 0 || !oae_tensor_type_quantised(p.m.packed.type);
		memset(p.y, UNTOUCHED, p.bytes);
		k->matmul(&p.m.packed, 0, p.tiles, &p.a, 0, p.batch, p.y,
			  p.ldy);
		for (size_t i = 0; i < p.rows; i++)
			CHECK(nan == !isfinite(p.y[3 * p.ldy + i]));
		memcpy(p.y + 3 * p.ldy, p.want + 3 * p.ldy, p.rows * 4);
		CHECK(!memcmp(p.y, p.want, p.bytes));
		product_free(&p);
	}
}
