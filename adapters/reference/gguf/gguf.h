/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GGUF v3 files (little-endian; v2 is read too), read by mmap and written by
 * streaming.
 *
 * Reading trusts nothing: every count, length, offset and product is checked
 * against the caps below and the file's size before memory is taken, names
 * are unique, tensor data is aligned, inside the file and not overlapping.
 * (A file that another process shortens while it is mapped is beyond this.)
 *
 * Writing: open, add metadata and tensors in any order, put the data of the
 * tensors in the order they were added, finish. The file appears under its
 * name only whole.
 */
#ifndef OAE_REFERENCE_GGUF_GGUF_H
#define OAE_REFERENCE_GGUF_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/gguf/tensor.h"
#include "base/status.h"

#define OAE_GGUF_DIMS_MAX 4
#define OAE_GGUF_NAME_BYTES_MAX 63 /* of a tensor, as in ggml */
#define OAE_GGUF_KEY_BYTES_MAX 255
#define OAE_GGUF_STRING_BYTES_MAX (1u << 20)
#define OAE_GGUF_KEYS_MAX 4096u
#define OAE_GGUF_TENSORS_MAX 65536u
#define OAE_GGUF_ARRAY_MAX (1u << 22) /* elements of one array */
#define OAE_GGUF_HEADER_BYTES_MAX (256u << 20)
#define OAE_GGUF_ALIGNMENT 32u

enum oae_gguf_kind {
	OAE_GGUF_U8,
	OAE_GGUF_I8,
	OAE_GGUF_U16,
	OAE_GGUF_I16,
	OAE_GGUF_U32,
	OAE_GGUF_I32,
	OAE_GGUF_F32,
	OAE_GGUF_BOOL,
	OAE_GGUF_STRING,
	OAE_GGUF_ARRAY,
	OAE_GGUF_U64,
	OAE_GGUF_I64,
	OAE_GGUF_F64,
};

struct oae_gguf_tensor {
	const char *name;
	enum oae_tensor_type type;
	uint32_t n_dims;
	uint64_t dims[OAE_GGUF_DIMS_MAX]; /* dims[0] is contiguous; rest 1 */
	uint64_t elements, bytes;
	uint64_t offset;  /* in the file */
	const void *data; /* bytes of it, in the mapping */
};

struct oae_gguf;

/*
 * Maps the file. Errors: OAE_ERR_IO, _FORMAT (not GGUF, truncated,
 * inconsistent), _LIMIT (larger than a cap), _UNSUPPORTED (version or tensor
 * type; the text names it).
 */
enum oae_status oae_gguf_open(const char *path, struct oae_gguf **out,
			      struct oae_error *err);
/* The same over memory that outlives *out and is aligned to 32 bytes. */
enum oae_status oae_gguf_open_bytes(const void *data, size_t len,
				    struct oae_gguf **out,
				    struct oae_error *err);
void oae_gguf_close(struct oae_gguf *g); /* NULL is fine */

size_t oae_gguf_tensor_count(const struct oae_gguf *g);
const struct oae_gguf_tensor *oae_gguf_tensor_at(const struct oae_gguf *g,
						 size_t i); /* file order */
/* NULL when there is none. */
const struct oae_gguf_tensor *oae_gguf_tensor(const struct oae_gguf *g,
					      const char *name);
uint64_t oae_gguf_file_bytes(const struct oae_gguf *g);
/*
 * Gives the mapped pages that lie wholly in data[0..bytes), part of a
 * tensor's data, back to the system; they return when touched.
 */
void oae_gguf_forget(struct oae_gguf *g, const void *data, size_t bytes);
/* The same for the whole file, metadata too. */
void oae_gguf_forget_all(struct oae_gguf *g);

/*
 * Typed metadata. A missing key is OAE_ERR_UNSUPPORTED and one of another
 * type OAE_ERR_FORMAT; both texts name it. Strings and arrays are owned by g.
 */
bool oae_gguf_has(const struct oae_gguf *g, const char *key);
enum oae_status oae_gguf_u64(const struct oae_gguf *g, const char *key,
			     uint64_t *out, struct oae_error *err);
enum oae_status oae_gguf_f64(const struct oae_gguf *g, const char *key,
			     double *out, struct oae_error *err);
enum oae_status oae_gguf_bool(const struct oae_gguf *g, const char *key,
			      bool *out, struct oae_error *err);
enum oae_status oae_gguf_str(struct oae_gguf *g, const char *key,
			     const char **out, struct oae_error *err);
enum oae_status oae_gguf_strs(struct oae_gguf *g, const char *key,
			      const char *const **out, size_t *n,
			      struct oae_error *err);
enum oae_status oae_gguf_i32s(struct oae_gguf *g, const char *key,
			      const int32_t **out, size_t *n,
			      struct oae_error *err);
enum oae_status oae_gguf_f32s(struct oae_gguf *g, const char *key,
			      const float **out, size_t *n,
			      struct oae_error *err);
/*
 * Metadata in file order, to copy a file's to another: the key, and its type
 * and value as they stand in the file.
 */
size_t oae_gguf_key_count(const struct oae_gguf *g);
const char *oae_gguf_key_at(const struct oae_gguf *g, size_t i,
			    const void **raw, size_t *raw_bytes);

struct oae_gguf_writer;

/* Nothing appears under path before oae_gguf_finish(). */
enum oae_status oae_gguf_create(const char *path, struct oae_gguf_writer **out,
				struct oae_error *err);
/*
 * Metadata; before the first data. All copies. Errors (a duplicate key, a cap)
 * are kept and returned by oae_gguf_finish().
 */
void oae_gguf_add_str(struct oae_gguf_writer *w, const char *key,
		      const char *value);
void oae_gguf_add_u32(struct oae_gguf_writer *w, const char *key,
		      uint32_t value);
void oae_gguf_add_f32(struct oae_gguf_writer *w, const char *key, float value);
void oae_gguf_add_bool(struct oae_gguf_writer *w, const char *key, bool value);
void oae_gguf_add_strs(struct oae_gguf_writer *w, const char *key,
		       const char *const *values, size_t n);
void oae_gguf_add_i32s(struct oae_gguf_writer *w, const char *key,
		       const int32_t *values, size_t n);
void oae_gguf_add_f32s(struct oae_gguf_writer *w, const char *key,
		       const float *values, size_t n);
/* A type and value as oae_gguf_key_at() gave them. */
void oae_gguf_add_raw(struct oae_gguf_writer *w, const char *key,
		      const void *raw, size_t raw_bytes);
/*
 * Adds a tensor of n_dims dims, dims[0] the contiguous one (a matrix that maps
 * n_in to n_out has dims {n_in, n_out}). With f32 not NULL it is written from
 * there, converted to type, at finish (f32 stays valid until then); with f32
 * NULL its data comes by oae_gguf_put*(). Floats for a type that is only read
 * are OAE_ERR_UNSUPPORTED.
 */
void oae_gguf_add_tensor(struct oae_gguf_writer *w, const char *name,
			 enum oae_tensor_type type, uint32_t n_dims,
			 const uint64_t *dims, const float *f32);
/* Of the whole file, with what was added so far. */
uint64_t oae_gguf_planned_bytes(const struct oae_gguf_writer *w);
/*
 * The next n floats (whole blocks of the tensor's type; at most to the end
 * of the tensor), converted; or the next bytes as they are. Tensors come in
 * the order of their adding.
 */
enum oae_status oae_gguf_put_f32(struct oae_gguf_writer *w, const float *x,
				 size_t n, struct oae_error *err);
enum oae_status oae_gguf_put(struct oae_gguf_writer *w, const void *data,
			     size_t bytes, struct oae_error *err);
/* Writes what is left, syncs, renames. Frees w whatever the outcome. */
enum oae_status oae_gguf_finish(struct oae_gguf_writer *w,
				struct oae_error *err);
/* Leaves nothing behind. Frees w; NULL is fine. */
void oae_gguf_abandon(struct oae_gguf_writer *w);

#endif
