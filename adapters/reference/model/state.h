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
	struct oae_acts acts;	/* [batch][n_embd] x, normed */
	struct oae_acts heads;	/* [batch][n_head * head_dim] */
	struct oae_acts hidden; /* [batch * used][n_ff]; its x is gate */
	double *steps;		/* [head_dim / 2] of the angles */
	float *cos, *sin;	/* [n_ctx][head_dim / 2] */
	size_t n_angles;	/* positions whose cos and sin are there */
	float *scores;		/* [threads][8][n_ctx up to 16] */
	uint16_t *half;		/* [threads][2][head_dim] */
	float *logits;		/* [batch][n_vocab] */
	uint32_t *wanted;	/* [batch] rows with logits */
	struct oae_span *spans; /* [batch] */
	bool *seen;		/* [slots] has a span */
	struct oae_own {
		_Alignas(64) struct oae_acts acts;
		uint64_t step; /* that they were made for */
	} * own;	       /* [threads] one row, [widest input] */
	uint64_t step;	       /* products begun */
	/* experts; an assignment is one (row, rank) pair */
	float *router;		  /* [batch][n_expert] */
	struct oae_acts gathered; /* [batch * used][n_embd] */
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

/* The products of a layer, and that of the last one's output, in order. */
enum oae_part {
	OAE_PART_QKV,
	OAE_PART_WO,
	OAE_PART_FFN, /* gate and up, or the router of experts */
	OAE_PART_DOWN,
	OAE_PART_LOGITS
};

#define OAE_PRODUCT_MATRICES 3

/* Rows of activations times the matrices of a part, in parallel. */
struct oae_product {
	enum oae_part part;
	float *y[OAE_PRODUCT_MATRICES]; /* [rows][outputs] of each matrix */
	size_t rows;
	struct oae_acts *acts; /* cols are set */
	/*
	 * Makes a row of acts, which may be this product's or a thread's own
	 * copy of their only row; of x, when that is given. NULL: all is there.
	 */
	void (*input)(struct oae_state *s, size_t row, struct oae_acts *acts);
	bool x_given;
	/* For outputs begin..end-1 of a row as soon as they are there; NULL */
	void (*output)(struct oae_state *s, size_t row, size_t begin,
		       size_t end);
};

static inline bool oae_quantised(const struct oae_packed *w)
{
	return oae_tensor_type_quantised(w->type);
}

void oae_multiply(struct oae_state *s, const struct oae_product *p);
/* The inputs alone, of several rows; what oae_multiply() begins with. */
void oae_product_inputs(struct oae_state *s, const struct oae_product *p);
/*
 * What this thread reads in the latest oae_multiply(), and in what follows
 * until x changes.
 */
const struct oae_acts *oae_product_acts(struct oae_state *s,
					const struct oae_product *p,
					unsigned thread);
/*
 * Fetches what a thread will read first after the current layer's part, into
 * its cache: for the while that it waits for others.
 */
void oae_fetch_after(const struct oae_state *s, enum oae_part part,
		     unsigned thread);
/* Fills cos and sin for positions 0..positions-1, where they are not yet. */
void oae_state_reach(struct oae_state *s, uint32_t positions);
/* Calls fn(s, row) for rows 0..n-1, in parallel when there are several. */
void oae_each_row(struct oae_state *s, size_t n,
		  void (*fn)(struct oae_state *s, size_t row));
/* Copies what quantize() made of a row; both have the same cols. */
void oae_acts_copy_quantised(struct oae_acts *to, size_t to_row,
			     const struct oae_acts *from, size_t from_row);
/* Columns begin..end-1 of a row, whole blocks, as acts of one row. */
struct oae_acts oae_acts_part(const struct oae_acts *a, size_t row,
			      size_t begin, size_t end);
/* x += branch, outputs begin..end-1 of a row. */
void oae_add_branch(struct oae_state *s, size_t row, size_t begin, size_t end);
/* hidden = silu(gate) * up, columns begin..end-1, whole blocks, of a row. */
void oae_activate(struct oae_state *s, size_t row, size_t begin, size_t end);
/* acts = norm(x), a row, ready for the feed-forward. */
void oae_ffn_input(struct oae_state *s, size_t row, struct oae_acts *acts);
/* x += feed-forward(norm(x)), for s->n_rows rows of the current layer. */
void oae_ffn_dense(struct oae_state *s);
void oae_ffn_experts(struct oae_state *s);
void oae_traffic_init(struct oae_state *s);
/* Counts a batch that begins, and what its rows chose in a layer. */
/* What was chosen in a slot is another sequence's from now on. */
void oae_traffic_forget(struct oae_state *s, uint32_t slot);
void oae_traffic_batch(struct oae_state *s);
void oae_traffic_experts(struct oae_state *s);

#endif
