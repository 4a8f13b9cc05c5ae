/* SPDX-License-Identifier: Apache-2.0 */
/* What model.c, ffn.c and state.c share: the memory of a computation. */
#ifndef OAE_REFERENCE_MODEL_STATE_H
#define OAE_REFERENCE_MODEL_STATE_H

#include "adapters/reference/model/model.h"

/* Rows that one call of the attention kernel takes, of one slot. */
struct oae_span {
	uint32_t row, n;
};

/* Who chose what: for oae_traffic, and nothing else. */
struct oae_reuse {
	uint64_t *uses;	     /* [layer][n_expert] */
	uint64_t *sets;	     /* [layer][slot][window][words] of experts */
	uint32_t *positions; /* [layer][slot][window] of the sets, + 1 */
	size_t words;	     /* of a set */
};

struct oae_state {
	const struct oae_model *m;
	struct oae_kv kv;
	uint32_t n_ctx, n_batch;
	void *memory;		/* all arrays below */
	float *x;		/* [batch][n_embd] residual stream */
	float *branch;		/* [batch][n_embd] to be added to x */
	float *q, *k, *v;	/* [batch][heads * head_dim] */
	float *gate, *up;	/* [batch * used][n_ff] */
	struct oae_acts acts;	/* [batch][widest input] */
	float *cos, *sin;	/* [n_ctx][head_dim / 2] */
	float *scores;		/* [threads][8][n_ctx up to 16] */
	uint16_t *half;		/* [threads][2][head_dim] */
	float *logits;		/* [batch][n_vocab] */
	struct oae_span *spans; /* [batch] */
	/* experts; an assignment is one (row, rank) pair */
	float *router;		  /* [batch][n_expert] */
	struct oae_acts gathered; /* [batch * used][n_embd] */
	struct oae_acts hidden;	  /* [batch * used][n_ff] */
	float *outputs;		  /* [batch * used][n_embd] */
	uint32_t *chosen;	  /* [batch][used] experts by rank */
	float *share;		  /* [batch][used] */
	uint32_t *place;	  /* [batch][used] row in gathered */
	uint32_t *first;	  /* [n_expert + 1] rows of each expert */
	uint32_t *active;	  /* [n_expert] that have rows, ascending */
	size_t n_active;
	struct oae_reuse reuse;
	struct oae_touched {
		_Alignas(64) uint64_t bytes;
	} * touched; /* [threads] experts' weights that were read */
	struct oae_traffic traffic; /* without expert_bytes */
	uint64_t dense_bytes;	    /* that every batch reads */
	/* the batch being computed */
	const struct oae_row *rows;
	size_t n_rows, n_spans;
	bool spans_apart; /* none reads what another stores */
	bool kv_memory;	  /* its cache is read once, and from memory */
	size_t layer;
};

/* The layer being computed. */
static inline const struct oae_layer *oae_state_layer(const struct oae_state *s)
{
	return &s->m->layers[s->layer];
}

/* One product of a step: y [rows][w->rows] = acts x w. */
struct oae_product {
	const struct oae_packed *w;
	const struct oae_acts *acts;
	size_t row0, row1; /* of acts and of y */
	float *y;
};

#define OAE_PRODUCTS_MAX 3

static inline bool oae_quantised(const struct oae_packed *w)
{
	return oae_tensor_type_quantised(w->type);
}

/* All at once, in parallel. */
void oae_multiply(const struct oae_model *m, const struct oae_product *list,
		  size_t n);
/* Calls fn(s, row) for rows 0..n-1, in parallel when there are several. */
void oae_each_row(struct oae_state *s, size_t n,
		  void (*fn)(struct oae_state *s, size_t row));
/* Quantises row of a (whose cols are set) when any of n matrices wants it. */
void oae_quantize_row(const struct oae_model *m, struct oae_acts *a, size_t row,
		      const struct oae_packed *const *w, size_t n);
/* Copies what quantize() made of a row; both have the same cols. */
void oae_acts_copy_quantised(struct oae_acts *to, size_t to_row,
			     const struct oae_acts *from, size_t from_row);
/* Columns begin..end-1 of a row, whole blocks, as acts of one row. */
struct oae_acts oae_acts_part(const struct oae_acts *a, size_t row,
			      size_t begin, size_t end);
/* branch = feed-forward(acts), for s->n_rows rows of the current layer. */
void oae_ffn_dense(struct oae_state *s);
void oae_ffn_experts(struct oae_state *s);
void oae_traffic_init(struct oae_state *s);
/* Counts a batch that begins, and what its rows chose in a layer. */
/* What was chosen in a slot is another sequence's from now on. */
void oae_traffic_forget(struct oae_state *s, uint32_t slot);
void oae_traffic_batch(struct oae_state *s);
void oae_traffic_experts(struct oae_state *s);

#endif
