/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small decoder of the qwen3 / qwen3moe family in fp32, forward and
 * backward: RMSNorm, attention with per-head QK norm and NEOX rotary
 * positions, SwiGLU (dense, or top-k of n experts), tied embeddings. Batches
 * are flat: whole documents one after another, attention inside each.
 */
#ifndef OAE_REFERENCE_TRAIN_NET_H
#define OAE_REFERENCE_TRAIN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/train/kern.h"
#include "base/rng.h"
#include "base/status.h"

#define OAE_NET_LAYERS_MAX 32
#define OAE_NET_TENSORS_MAX (2 + 12 * OAE_NET_LAYERS_MAX)

struct oae_net_shape {
	uint32_t vocab, dim, layers, heads, head_dim;
	uint32_t hidden;	/* of the FFN, or of one expert */
	uint32_t experts, used; /* 0, 0: dense */
	uint32_t context;	/* positions */
	float rope_base, eps;
};

enum oae_net_class {
	OAE_NET_EMBED,	/* AdamW */
	OAE_NET_NORM,	/* AdamW, no decay */
	OAE_NET_MATRIX, /* Muon */
	OAE_NET_ROUTER, /* AdamW */
};

struct oae_net_tensor {
	char name[40]; /* as in GGUF */
	enum oae_net_class class;
	size_t offset;	   /* floats from the start of the weights */
	size_t slices;	   /* experts; else 1 */
	size_t rows, cols; /* of one slice: outputs, inputs */
};

/* Offsets of one layer's tensors. */
struct oae_net_layer {
	size_t attn_norm, q, k, v, o, q_norm, k_norm;
	size_t ffn_norm, router, gate, up, down;
};

struct oae_net {
	struct oae_net_shape shape;
	size_t n_floats; /* all weights */
	size_t embed, out_norm;
	struct oae_net_layer layer[OAE_NET_LAYERS_MAX];
	size_t n_tensors;
	struct oae_net_tensor tensor[OAE_NET_TENSORS_MAX];
};

/* Checks the shape (multiples of 32, caps) and lays the tensors out. */
enum oae_status oae_net_init(struct oae_net *net,
			     const struct oae_net_shape *shape,
			     struct oae_error *err);
/* Random start; projections back into the residual stream start at zero. */
void oae_net_randomize(const struct oae_net *net, float *w,
		       struct oae_rng *rng);

/* Documents one after another; row t predicts target[t]. */
struct oae_net_batch {
	size_t n_tokens, n_docs, max_tokens, max_docs;
	int32_t *id, *target; /* [max_tokens] */
	float *weight;	      /* of each row's loss */
	uint32_t *start;      /* [max_docs + 1] first row of a doc */
	uint32_t *answer;     /* [max_docs] first row of its answer */
	uint32_t *kind;	      /* [max_docs] */
};

struct oae_net_layer_acts;

/* What one worker needs to run the net over up to max_tokens rows. */
struct oae_net_acts {
	const struct oae_kern *kern;
	size_t max_tokens, n_rows;
	float *rope;		/* [context][cos half, sin half] */
	float *x;		/* [layers + 1][max][dim] */
	float *final, *final_r; /* after the last norm */
	struct oae_net_layer_acts *layer;
	float *dx, *dh, *dq, *dk, *dv, *dqr, *dff, *dgate, *dup; /* backward */
	float *s, *ds;		 /* attention scores */
	float *logits, *teacher; /* [OAE_NET_LOGIT_ROWS][vocab] */
	float *scratch;
	float *expert_in, *expert_out; /* [max * used][dim] */
	void *pool;		       /* the one allocation */
};

#define OAE_NET_LOGIT_ROWS 240u
#define OAE_NET_SCORE_ROWS 120u

/* Activations saved for the backward pass. */
struct oae_net_layer_acts {
	float *h1, *r1, *q, *k, *v, *rq, *rk, *qr, *kr, *att;
	float *mid, *h2, *r2, *gate, *up, *act;
	/* experts: rows sorted by expert */
	float *prob;	  /* [max][experts] */
	float *mix;	  /* [max][used] renormalised */
	uint32_t *choice; /* [max][used] */
	uint32_t *slot;	  /* [max][used] sorted row */
	uint32_t *first;  /* [experts + 1] */
};

enum oae_status oae_net_acts_new(const struct oae_net *net, size_t max_tokens,
				 struct oae_net_acts *a, struct oae_error *err);
void oae_net_acts_free(struct oae_net_acts *a);

/* Fills a->final from the batch. */
void oae_net_forward(const struct oae_net *net, const float *w,
		     struct oae_net_acts *a, const struct oae_net_batch *b);

struct oae_net_loss {
	double loss, weight; /* weighted sum and sum of weights */
	double balance;	     /* experts' load-balance loss, 1 = even */
};

/* A second model whose probabilities replace the targets of answer rows. */
struct oae_net_teacher {
	const struct oae_net *net;
	const float *w;
	struct oae_net_acts *acts; /* after its own forward pass */
	float share;		   /* of the loss on answer rows */
};

/*
 * After oae_net_forward(): adds the (unnormalised) gradient of the weighted
 * loss to grad and the loss to *out. teacher may be NULL.
 */
void oae_net_backward(const struct oae_net *net, const float *w, float *grad,
		      struct oae_net_acts *a, const struct oae_net_batch *b,
		      const struct oae_net_teacher *teacher, float balance,
		      struct oae_net_loss *out);

/* After oae_net_forward(): out[t] = most likely token of row t. */
void oae_net_predict(const struct oae_net *net, const float *w,
		     struct oae_net_acts *a, const struct oae_net_batch *b,
		     int32_t *out);

/* Parts shared between the files of the net. */
void oae_net_gemm(struct oae_net_acts *a, enum oae_gemm op, bool add, size_t m,
		  size_t n, size_t k, const float *x, const float *y,
		  float *out);
void oae_net_attend(const struct oae_net *net, struct oae_net_acts *a,
		    const struct oae_net_batch *b,
		    struct oae_net_layer_acts *l);
/* From dh (gradient of att) to dqr, dh := of kr, and dv. */
void oae_net_attend_back(const struct oae_net *net, struct oae_net_acts *a,
			 const struct oae_net_batch *b,
			 struct oae_net_layer_acts *l, const float *datt,
			 float *dqr, float *dkr, float *dv);
void oae_net_experts(const struct oae_net *net, const float *w,
		     struct oae_net_acts *a, struct oae_net_layer_acts *l,
		     const struct oae_net_layer *at, float *x);
/* dx: gradient of the layer's output; dh becomes the gradient of h2. */
double oae_net_experts_back(const struct oae_net *net, const float *w,
			    float *grad, struct oae_net_acts *a,
			    struct oae_net_layer_acts *l,
			    const struct oae_net_layer *at, const float *dx,
			    float *dh, float balance);

#endif
