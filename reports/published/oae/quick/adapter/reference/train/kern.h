/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of training: fp32 matrix products and the row-wise steps
 * of a llama-family decoder. One source (kern_impl.h) compiled for several
 * vector widths; oae_kern() picks the widest that the CPU has. All matrices
 * are row-major. Everything runs on the calling thread.
 *
 * Buffers that are read as matrices must have OAE_KERN_SLACK floats of
 * readable memory after their end (tiles read whole vectors).
 */
#ifndef OAE_REFERENCE_TRAIN_KERN_H
#define OAE_REFERENCE_TRAIN_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OAE_KERN_SLACK 65536u

/* C = op(A) op(B), or += when `add`; op transposes as the name says. */
enum oae_gemm {
	OAE_GEMM_NN, /* A [m,k], B [k,n] */
	OAE_GEMM_NT, /* A [m,k], B [n,k] */
	OAE_GEMM_TN, /* A [k,m], B [k,n] */
};

struct oae_gemm_args {
	enum oae_gemm op;
	bool add;
	size_t m, n, k; /* n is a multiple of 32 */
	const float *a, *b;
	float *c;
	size_t lda, ldb, ldc; /* row strides in floats */
	float *scratch;	      /* oae_gemm_scratch(m, n, k) floats */
};

/* Floats of scratch that a product of this size needs, any op. */
size_t oae_gemm_scratch(size_t m, size_t n, size_t k);

struct oae_kern {
	const char *name;
	void (*gemm)(const struct oae_gemm_args *g);
	/* y = x * r * w with r = 1/sqrt(mean(x^2) + eps) kept per row. */
	void (*rms)(float *y, float *r, const float *x, const float *w,
		    size_t rows, size_t n, float eps);
	/* dx (+)= gradient through rms; dw += . */
	void (*rms_back)(float *dx, float *dw, const float *dy, const float *x,
			 const float *w, const float *r, size_t rows, size_t n,
			 bool add);
	/* act = silu(g) * u */
	void (*swiglu)(float *act, const float *g, const float *u, size_t n);
	/* dg, du from dact; dg may alias dact */
	void (*swiglu_back)(float *dg, float *du, const float *dact,
			    const float *g, const float *u, size_t n);
	/*
	 * In place over row[0..n): p = softmax(scale * row); entries up to
	 * the next multiple of 16 become 0.
	 */
	void (*softmax)(float *row, size_t n, float scale);
	/* ds = p * (dp - sum(p * dp)) * scale in place of dp, same padding. */
	void (*softmax_back)(float *dp, const float *p, size_t n, float scale);
	/*
	 * Rotates pairs (i, i + half) of every head; cs is cos[half] then
	 * sin[half] of the row's position. inverse rotates back.
	 */
	void (*rope)(float *y, const float *x, const float *cs, size_t heads,
		     size_t head_dim, bool inverse);
	void (*add)(float *y, const float *x, size_t n); /* y += x */
	void (*axpy)(float *y, const float *x, float s, size_t n);
	void (*scale)(float *y, float s, size_t n);
	float (*dot)(const float *a, const float *b, size_t n);
	/* largest entry's index */
	size_t (*argmax)(const float *x, size_t n);
	/* x -> exp(x - max) / sum in place; returns log(sum) + max. */
	float (*softmax_log)(float *x, size_t n);
	/* AdamW step; c1, c2 are the bias corrections 1/(1 - beta^t). */
	void (*adam)(float *w, float *m, float *v, const float *g, size_t n,
		     float lr, float beta1, float beta2, float c1, float c2,
		     float decay);
};

/* The kernels of this CPU. */
const struct oae_kern *oae_kern(void);
/* A named one ("avx512", "avx2", "plain"), or NULL when it cannot run. */
const struct oae_kern *oae_kern_named(const char *name);

#endif
