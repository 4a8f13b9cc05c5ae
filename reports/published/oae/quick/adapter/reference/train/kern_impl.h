/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Body of the training kernels. The including file defines VL (floats in a
 * vector), MR (rows of a product's tile, whose width is 2 VL), KERN_NAME
 * (a string) and KERN_TABLE (the name of the table it defines).
 */
#include <math.h>
#include <string.h>

#include "adapters/reference/train/kern.h"

#define NR (2 * VL)
#define MB (MR * 10) /* rows of A kept in the L2 cache */
#define KB 256	     /* depth of a block of transposed A */

typedef float vec __attribute__((vector_size(VL * 4)));
typedef int32_t veci __attribute__((vector_size(VL * 4)));
typedef float vecu __attribute__((vector_size(VL * 4), aligned(4), may_alias));

static inline vec load(const float *p)
{
	return *(const vecu *)p;
}

static inline void store(float *p, vec v)
{
	*(vecu *)p = v;
}

static inline vec splat(float s)
{
	return s - (vec){ 0 };
}

static inline float sum(vec v)
{
	float s = 0.0f;

	for (int i = 0; i < VL; i++)
		s += v[i];
	return s;
}

static inline vec pick(veci mask, vec yes, vec no)
{
	return (vec)((mask & (veci)yes) | (~mask & (veci)no));
}

/* e^x to about 2 ulp for x in [-87, 88], clamped outside. */
static inline vec vexp(vec x)
{
	const float magic = 12582912.0f; /* 1.5 * 2^23: rounds */
	vec t, r, p;
	veci n;

	x = pick(x < splat(-87.0f), splat(-87.0f), x);
	x = pick(x > splat(88.0f), splat(88.0f), x);
	t = x * 1.44269504f + magic;
	n = (veci)t - (veci)splat(magic);
	t -= magic;
	r = x - t * 0.693359375f + t * 2.12194440e-4f;
	p = r * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	return (vec)((veci)p + (n << 23));
}

/* ---- matrix products --------------------------------------------------- */

/*
 * c[rows, NR] (+)= a b for a tile of MR rows; entry (i, k) of a is at
 * a[i * si + k * sk], b is packed NR wide. Only `rows` rows are stored.
 */
static inline __attribute__((always_inline)) void
tile(size_t depth, const float *a, size_t si, size_t sk, const float *b,
     float *c, size_t ldc, size_t rows, bool add)
{
	vec lo[MR], hi[MR];

	for (int i = 0; i < MR; i++)
		lo[i] = hi[i] = (vec){ 0 };
	for (size_t k = 0; k < depth; k++, b += NR, a += sk) {
		vec b0 = load(b), b1 = load(b + VL);

		for (int i = 0; i < MR; i++) {
			vec s = splat(a[(size_t)i * si]);

			lo[i] += s * b0;
			hi[i] += s * b1;
		}
	}
	for (int i = 0; i < MR; i++, c += ldc) {
		if ((size_t)i >= rows)
			break;
		if (add) {
			lo[i] += load(c);
			hi[i] += load(c + VL);
		}
		store(c, lo[i]);
		store(c + VL, hi[i]);
	}
}

static __attribute__((noinline)) void tile_rows(size_t depth, const float *a,
						size_t lda, const float *b,
						float *c, size_t ldc,
						size_t rows, bool add)
{
	tile(depth, a, lda, 1, b, c, ldc, rows, add);
}

static __attribute__((noinline)) void tile_packed(size_t depth, const float *a,
						  const float *b, float *c,
						  size_t ldc, size_t rows,
						  bool add)
{
	tile(depth, a, 1, MR, b, c, ldc, rows, add);
}

/* Panels of NR columns, each [k][NR]. */
static void pack_b(float *out, const float *b, size_t ldb, size_t k0,
		   size_t depth, size_t n, bool transposed)
{
	for (size_t j = 0; j < n; j += NR, out += depth * NR) {
		if (!transposed) {
			for (size_t k = 0; k < depth; k++)
				memcpy(out + k * NR, b + (k0 + k) * ldb + j,
				       NR * sizeof(float));
			continue;
		}
		for (size_t kk = 0; kk < depth; kk += 16) {
			size_t end = kk + 16 < depth ? kk + 16 : depth;

			for (size_t i = 0; i < NR; i++) {
				const float *row = b + (j + i) * ldb + k0;

				for (size_t k = kk; k < end; k++)
					out[k * NR + i] = row[k];
			}
		}
	}
}

static void gemm_rows(const struct oae_gemm_args *g)
{
	float *packed = g->scratch;

	pack_b(packed, g->b, g->ldb, 0, g->k, g->n, g->op == OAE_GEMM_NT);
	for (size_t m0 = 0; m0 < g->m; m0 += MB) {
		size_t m1 = m0 + MB < g->m ? m0 + MB : g->m;

		for (size_t j = 0; j < g->n; j += NR)
			for (size_t i = m0; i < m1; i += MR)
				tile_rows(g->k, g->a + i * g->lda, g->lda,
					  packed + j * g->k,
					  g->c + i * g->ldc + j, g->ldc, m1 - i,
					  g->add);
	}
}

static void pack_a_columns(float *out, const float *a, size_t lda, size_t k0,
			   size_t depth, size_t m)
{
	for (size_t i = 0; i < m; i += MR)
		for (size_t k = 0; k < depth; k++, out += MR)
			memcpy(out, a + (k0 + k) * lda + i, MR * sizeof(float));
}

static void gemm_columns(const struct oae_gemm_args *g)
{
	float *pb = g->scratch;
	float *pa = pb + g->n * KB;

	for (size_t k0 = 0; k0 < g->k; k0 += KB) {
		size_t depth = k0 + KB < g->k ? KB : g->k - k0;
		bool add = g->add || k0;

		pack_b(pb, g->b, g->ldb, k0, depth, g->n, false);
		pack_a_columns(pa, g->a, g->lda, k0, depth, g->m);
		for (size_t j = 0; j < g->n; j += NR)
			for (size_t i = 0; i < g->m; i += MR)
				tile_packed(depth, pa + i * depth,
					    pb + j * depth,
					    g->c + i * g->ldc + j, g->ldc,
					    g->m - i, add);
	}
}

static void gemm(const struct oae_gemm_args *g)
{
	if (g->op == OAE_GEMM_TN)
		gemm_columns(g);
	else
		gemm_rows(g);
}

/* ---- rows -------------------------------------------------------------- */

static float dot(const float *a, const float *b, size_t n)
{
	vec s = { 0 };
	size_t i = 0;
	float rest = 0.0f;

	for (; i + VL <= n; i += VL)
		s += load(a + i) * load(b + i);
	for (; i < n; i++)
		rest += a[i] * b[i];
	return sum(s) + rest;
}

static void rms(float *y, float *r, const float *x, const float *w, size_t rows,
		size_t n, float eps)
{
	for (size_t t = 0; t < rows; t++, x += n, y += n) {
		float s = 1.0f / sqrtf(dot(x, x, n) / (float)n + eps);

		r[t] = s;
		for (size_t i = 0; i < n; i += VL)
			store(y + i, load(x + i) * s * load(w + i));
	}
}

static void rms_back(float *dx, float *dw, const float *dy, const float *x,
		     const float *w, const float *r, size_t rows, size_t n,
		     bool add)
{
	for (size_t t = 0; t < rows; t++, x += n, dx += n, dy += n) {
		vec s = { 0 };
		float mean;

		for (size_t i = 0; i < n; i += VL) {
			vec yx = load(dy + i) * load(x + i);

			s += yx * load(w + i);
			store(dw + i, load(dw + i) + yx * r[t]);
		}
		mean = sum(s) * r[t] * r[t] * r[t] / (float)n;
		for (size_t i = 0; i < n; i += VL) {
			vec d = load(dy + i) * load(w + i) * r[t] -
				load(x + i) * mean;

			store(dx + i, add ? d + load(dx + i) : d);
		}
	}
}

static void swiglu(float *act, const float *g, const float *u, size_t n)
{
	for (size_t i = 0; i < n; i += VL) {
		vec x = load(g + i);

		store(act + i, x / (1.0f + vexp(-x)) * load(u + i));
	}
}

static void swiglu_back(float *dg, float *du, const float *dact, const float *g,
			const float *u, size_t n)
{
	for (size_t i = 0; i < n; i += VL) {
		vec x = load(g + i), d = load(dact + i);
		vec s = 1.0f / (1.0f + vexp(-x));
		vec up = load(u + i);

		store(du + i, d * x * s);
		store(dg + i, d * up * s * (1.0f + x * (1.0f - s)));
	}
}

static float row_max(const float *x, size_t n)
{
	size_t i = VL;
	vec m;
	float best;

	if (n < VL) {
		best = x[0];
		for (i = 1; i < n; i++)
			best = x[i] > best ? x[i] : best;
		return best;
	}
	m = load(x);
	for (; i + VL <= n; i += VL) {
		vec v = load(x + i);

		m = pick(v > m, v, m);
	}
	best = m[0];
	for (int j = 1; j < VL; j++)
		best = m[j] > best ? m[j] : best;
	for (; i < n; i++)
		best = x[i] > best ? x[i] : best;
	return best;
}

static void softmax(float *row, size_t n, float scale)
{
	size_t padded = (n + 15) & ~(size_t)15;
	float top = row_max(row, n) * scale;
	vec s = { 0 };
	float inverse;

	for (size_t i = n; i < padded; i++)
		row[i] = -INFINITY;
	for (size_t i = 0; i < padded; i += VL) {
		vec e = vexp(load(row + i) * scale - top);

		store(row + i, e);
	}
	for (size_t i = n; i < padded; i++)
		row[i] = 0.0f;
	for (size_t i = 0; i < padded; i += VL)
		s += load(row + i);
	inverse = 1.0f / sum(s);
	for (size_t i = 0; i < padded; i += VL)
		store(row + i, load(row + i) * inverse);
}

static void softmax_back(float *dp, const float *p, size_t n, float scale)
{
	size_t padded = (n + 15) & ~(size_t)15;
	float s;

	for (size_t i = n; i < padded; i++)
		dp[i] = 0.0f;
	s = dot(dp, p, n);
	for (size_t i = 0; i < padded; i += VL)
		store(dp + i, load(p + i) * (load(dp + i) - s) * scale);
}

static void rope(float *y, const float *x, const float *cs, size_t heads,
		 size_t head_dim, bool inverse)
{
	size_t half = head_dim / 2;
	float sign = inverse ? -1.0f : 1.0f;

	for (size_t h = 0; h < heads; h++, x += head_dim, y += head_dim)
		for (size_t i = 0; i < half; i++) {
			float c = cs[i], s = cs[half + i] * sign;
			float a = x[i], b = x[half + i];

			y[i] = a * c - b * s;
			y[half + i] = a * s + b * c;
		}
}

static void add(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

static void axpy(float *y, const float *x, float s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += s * x[i];
}

static void scale_by(float *y, float s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] *= s;
}

static size_t argmax(const float *x, size_t n)
{
	float top = row_max(x, n);
	size_t i = 0;

	while (i + 1 < n && x[i] < top)
		i++;
	return i;
}

static float softmax_log(float *x, size_t n)
{
	float top = row_max(x, n), s;
	vec acc = { 0 };

	for (size_t i = 0; i < n; i += VL) {
		vec e = vexp(load(x + i) - top);

		acc += e;
		store(x + i, e);
	}
	s = sum(acc);
	scale_by(x, 1.0f / s, n);
	return logf(s) + top;
}

static void adam(float *w, float *m, float *v, const float *g, size_t n,
		 float lr, float beta1, float beta2, float c1, float c2,
		 float decay)
{
	for (size_t i = 0; i < n; i++) {
		m[i] = beta1 * m[i] + (1.0f - beta1) * g[i];
		v[i] = beta2 * v[i] + (1.0f - beta2) * g[i] * g[i];
		w[i] -= lr *
			(m[i] * c1 / (sqrtf(v[i] * c2) + 1e-8f) + decay * w[i]);
	}
}

const struct oae_kern KERN_TABLE = {
	.name = KERN_NAME,
	.gemm = gemm,
	.rms = rms,
	.rms_back = rms_back,
	.swiglu = swiglu,
	.swiglu_back = swiglu_back,
	.softmax = softmax,
	.softmax_back = softmax_back,
	.rope = rope,
	.add = add,
	.axpy = axpy,
	.scale = scale_by,
	.dot = dot,
	.argmax = argmax,
	.softmax_log = softmax_log,
	.adam = adam,
};
