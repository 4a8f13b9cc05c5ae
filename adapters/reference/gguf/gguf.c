/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/gguf/gguf_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 24	    /* magic, version, two counts */
#define KEY_BYTES_MIN 13    /* an empty name, a type, one byte */
#define TENSOR_BYTES_MIN 32 /* an empty name, one dimension */

struct cursor {
	const uint8_t *p;
	size_t left;
};

const uint8_t oae_gguf_kind_bytes[OAE_GGUF_KINDS] = { 1, 1, 2, 2, 4, 4, 4,
						      1, 0, 0, 8, 8, 8 };

static enum oae_status truncated(struct oae_error *err, const char *what)
{
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"the file ends inside %s; it is truncated or not a "
			"GGUF file",
			what);
}

/* The next n bytes, or NULL and an error that names what they should be. */
static const uint8_t *take(struct cursor *c, size_t n, const char *what,
			   struct oae_error *err)
{
	const uint8_t *p = c->p;

	if (n > c->left) {
		truncated(err, what);
		return NULL;
	}
	c->p += n;
	c->left -= n;
	return p;
}

static enum oae_status take_u32(struct cursor *c, uint32_t *out,
				const char *what, struct oae_error *err)
{
	const uint8_t *p = take(c, sizeof(*out), what, err);

	if (!p)
		return OAE_ERR_FORMAT;
	memcpy(out, p, sizeof(*out));
	return OAE_OK;
}

static enum oae_status take_u64(struct cursor *c, uint64_t *out,
				const char *what, struct oae_error *err)
{
	const uint8_t *p = take(c, sizeof(*out), what, err);

	if (!p)
		return OAE_ERR_FORMAT;
	memcpy(out, p, sizeof(*out));
	return OAE_OK;
}

/* A length and that many bytes, in place. */
static enum oae_status take_string(struct cursor *c, uint64_t max,
				   const uint8_t **out, size_t *len,
				   const char *what, struct oae_error *err)
{
	uint64_t n;
	enum oae_status status = take_u64(c, &n, what, err);

	if (status)
		return status;
	if (n > c->left)
		return truncated(err, what);
	if (n > max)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s has %llu bytes; at most %llu are read",
				what, (unsigned long long)n,
				(unsigned long long)max);
	*len = (size_t)n;
	*out = take(c, *len, what, err);
	return OAE_OK;
}

/* A string with a NUL after it and none inside. */
static enum oae_status take_name(struct oae_gguf *g, struct cursor *c,
				 uint64_t max, const char **out,
				 const char *what, struct oae_error *err)
{
	const uint8_t *p = NULL;
	size_t len = 0;
	enum oae_status status = take_string(c, max, &p, &len, what, err);

	if (status)
		return status;
	if (!len || memchr(p, 0, len))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s is empty or has a NUL inside", what);
	*out = oae_arena_strndup(&g->arena, (const char *)p, len);
	return *out ? OAE_OK : oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
}

/* Steps over one value that is not an array. */
static enum oae_status skip_value(struct cursor *c, uint32_t kind,
				  uint64_t count, struct oae_error *err)
{
	const uint8_t *p;
	size_t len;
	enum oae_status status = OAE_OK;

	if (kind != OAE_GGUF_STRING) {
		if (count > c->left / oae_gguf_kind_bytes[kind])
			return truncated(err, "a metadata value");
		take(c, (size_t)count * oae_gguf_kind_bytes[kind],
		     "a metadata value", err);
		return OAE_OK;
	}
	for (uint64_t i = 0; i < count && !status; i++)
		status = take_string(c, OAE_GGUF_STRING_BYTES_MAX, &p, &len,
				     "a metadata string", err);
	return status;
}

static enum oae_status read_key(struct oae_gguf *g, struct cursor *c,
				struct oae_gguf_key *k, struct oae_error *err)
{
	uint32_t kind;
	enum oae_status status;

	status = take_name(g, c, OAE_GGUF_KEY_BYTES_MAX, &k->name,
			   "a metadata key", err);
	if (status)
		return status;
	k->raw = c->p;
	k->count = 1;
	if (take_u32(c, &kind, k->name, err))
		return OAE_ERR_FORMAT;
	if (kind >= OAE_GGUF_KINDS)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"metadata \"%s\" has the unknown type %u",
				k->name, kind);
	k->kind = (enum oae_gguf_kind)kind;
	if (kind == OAE_GGUF_ARRAY) {
		if (take_u32(c, &kind, k->name, err) ||
		    take_u64(c, &k->count, k->name, err))
			return OAE_ERR_FORMAT;
		if (kind >= OAE_GGUF_KINDS || kind == OAE_GGUF_ARRAY)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"metadata \"%s\" is an array of the "
					"unknown or nested type %u",
					k->name, kind);
		if (k->count > OAE_GGUF_ARRAY_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"metadata \"%s\" has %llu elements; "
					"at most %u are read",
					k->name, (unsigned long long)k->count,
					OAE_GGUF_ARRAY_MAX);
	}
	k->element = (enum oae_gguf_kind)kind;
	k->value = c->p;
	status = skip_value(c, kind, k->count, err);
	k->raw_bytes = (size_t)(c->p - k->raw);
	return status;
}

static enum oae_status read_tensor(struct oae_gguf *g, struct cursor *c,
				   struct oae_gguf_tensor *t,
				   struct oae_error *err)
{
	uint32_t type;
	enum oae_status status;

	status = take_name(g, c, OAE_GGUF_NAME_BYTES_MAX, &t->name,
			   "a tensor's name", err);
	if (status)
		return status;
	if (take_u32(c, &t->n_dims, t->name, err))
		return OAE_ERR_FORMAT;
	if (t->n_dims < 1 || t->n_dims > OAE_GGUF_DIMS_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tensor \"%s\" has %u dimensions", t->name,
				t->n_dims);
	t->elements = 1;
	for (uint32_t i = 0; i < OAE_GGUF_DIMS_MAX; i++) {
		t->dims[i] = 1;
		if (i < t->n_dims && take_u64(c, &t->dims[i], t->name, err))
			return OAE_ERR_FORMAT;
		if (!t->dims[i] || t->dims[i] > (1ull << 48) / t->elements)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tensor \"%s\" is empty or its "
					"dimensions overflow",
					t->name);
		t->elements *= t->dims[i];
	}
	if (take_u32(c, &type, t->name, err) ||
	    take_u64(c, &t->offset, t->name, err))
		return OAE_ERR_FORMAT;
	if (!oae_tensor_type_known(type))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"tensor \"%s\" has type %s; read are F32, F16, "
				"BF16, Q8_0, Q4_0, Q5_0, Q4_K and Q6_K",
				t->name, oae_tensor_type_name(type));
	t->type = (enum oae_tensor_type)type;
	if (t->dims[0] % oae_tensor_type_block(t->type))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tensor \"%s\" has rows of %llu, not whole "
				"blocks of %s",
				t->name, (unsigned long long)t->dims[0],
				oae_tensor_type_name(type));
	t->bytes = oae_tensor_bytes(t->type, (size_t)t->elements);
	return OAE_OK;
}

int oae_gguf_key_by_name(const void *a, const void *b)
{
	const struct oae_gguf_key *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

int oae_gguf_tensor_by_name(const void *a, const void *b)
{
	const struct oae_gguf_tensor *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int tensor_by_offset(const void *a, const void *b)
{
	const struct oae_gguf_tensor *const *x = a, *const *y = b;

	return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

/* Both counts are believed only as far as the bytes for them are there. */
static enum oae_status read_counts(struct oae_gguf *g, struct cursor *c,
				   struct oae_error *err)
{
	uint64_t n_tensors, n_keys;
	uint32_t version;
	const uint8_t *magic = take(c, 4, "the magic number", err);

	if (!magic)
		return OAE_ERR_FORMAT;
	if (memcmp(magic, "GGUF", 4))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"not a GGUF file (it starts otherwise)");
	if (take_u32(c, &version, "the version", err) ||
	    take_u64(c, &n_tensors, "the header", err) ||
	    take_u64(c, &n_keys, "the header", err))
		return OAE_ERR_FORMAT;
	if (version != 3 && version != 2) /* 2 has the same layout */
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"GGUF version %u; read are versions 2 and 3, "
				"little-endian",
				version);
	if (n_tensors > OAE_GGUF_TENSORS_MAX || n_keys > OAE_GGUF_KEYS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%llu tensors and %llu metadata keys; at most "
				"%u and %u are read",
				(unsigned long long)n_tensors,
				(unsigned long long)n_keys,
				OAE_GGUF_TENSORS_MAX, OAE_GGUF_KEYS_MAX);
	if (n_keys * KEY_BYTES_MIN + n_tensors * TENSOR_BYTES_MIN > c->left)
		return truncated(err, "the header");
	g->n_tensors = (size_t)n_tensors;
	g->n_keys = (size_t)n_keys;
	g->keys = oae_arena_array(&g->arena, g->n_keys + 1, sizeof(*g->keys));
	g->keys_by_name = oae_arena_array(&g->arena, g->n_keys + 1,
					  sizeof(*g->keys_by_name));
	g->tensors = oae_arena_array(&g->arena, g->n_tensors + 1,
				     sizeof(*g->tensors));
	g->tensors_by_name = oae_arena_array(&g->arena, g->n_tensors + 1,
					     sizeof(*g->tensors_by_name));
	if (!g->keys || !g->keys_by_name || !g->tensors || !g->tensors_by_name)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	return OAE_OK;
}

/* Aligned, inside the file, not overlapping; then sorted by name, unique. */
static enum oae_status place_tensors(struct oae_gguf *g, size_t start,
				     struct oae_error *err)
{
	const struct oae_gguf_tensor **order = g->tensors_by_name, *t, *before;
	uint64_t align = OAE_GGUF_ALIGNMENT, room;

	if (oae_gguf_has(g, "general.alignment") &&
	    oae_gguf_u64(g, "general.alignment", &align, err))
		return OAE_ERR_FORMAT;
	if (align < 8 || align > 65536 || (align & (align - 1)))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"general.alignment is %llu, not a power of two "
				"in 8..65536",
				(unsigned long long)align);
	start = (start + (size_t)align - 1) / (size_t)align * (size_t)align;
	room = start < g->len ? g->len - start : 0;
	for (size_t i = 0; i < g->n_tensors; i++) {
		struct oae_gguf_tensor *p = &g->tensors[i];

		if (p->offset % align || p->offset > room ||
		    p->bytes > room - p->offset)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tensor \"%s\" is not aligned or lies "
					"beyond the end of the file; the file "
					"is truncated or damaged",
					p->name);
		p->offset += start;
		p->data = g->data + p->offset;
		order[i] = p;
	}
	qsort(order, g->n_tensors, sizeof(*order), tensor_by_offset);
	for (size_t i = 1; i < g->n_tensors; i++) {
		before = order[i - 1];
		t = order[i];
		if (before->offset + before->bytes > t->offset)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tensors \"%s\" and \"%s\" overlap",
					before->name, t->name);
	}
	qsort(order, g->n_tensors, sizeof(*order), oae_gguf_tensor_by_name);
	for (size_t i = 1; i < g->n_tensors; i++)
		if (!strcmp(order[i - 1]->name, order[i]->name))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"two tensors are named \"%s\"",
					order[i]->name);
	return OAE_OK;
}

static enum oae_status parse(struct oae_gguf *g, struct oae_error *err)
{
	struct cursor c = { g->data, g->len };
	enum oae_status status = read_counts(g, &c, err);

	if (status)
		return status;
	for (size_t i = 0; i < g->n_keys && !status; i++) {
		status = read_key(g, &c, &g->keys[i], err);
		g->keys_by_name[i] = &g->keys[i];
	}
	if (status)
		return status;
	qsort(g->keys_by_name, g->n_keys, sizeof(*g->keys_by_name),
	      oae_gguf_key_by_name);
	for (size_t i = 1; i < g->n_keys; i++)
		if (!strcmp(g->keys_by_name[i - 1]->name,
			    g->keys_by_name[i]->name))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"metadata \"%s\" is there twice",
					g->keys_by_name[i]->name);
	for (size_t i = 0; i < g->n_tensors && !status; i++)
		status = read_tensor(g, &c, &g->tensors[i], err);
	if (status)
		return status;
	if (g->len - c.left > OAE_GGUF_HEADER_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"the header is larger than %u bytes",
				OAE_GGUF_HEADER_BYTES_MAX);
	return place_tensors(g, g->len - c.left, err);
}

enum oae_status oae_gguf_open_bytes(const void *data, size_t len,
				    struct oae_gguf **out,
				    struct oae_error *err)
{
	struct oae_gguf *g = calloc(1, sizeof(*g));
	enum oae_status status;

	if (!g)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	oae_arena_init(&g->arena, 4ull * OAE_GGUF_HEADER_BYTES_MAX);
	g->data = data;
	g->len = len;
	status = parse(g, err);
	if (status) {
		oae_gguf_close(g);
		return status;
	}
	*out = g;
	return OAE_OK;
}

enum oae_status oae_gguf_open(const char *path, struct oae_gguf **out,
			      struct oae_error *err)
{
	struct stat st;
	void *map = MAP_FAILED;
	enum oae_status status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot open",
				path);
	if (fstat(fd, &st)) {
		status = oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				  path);
	} else if (!S_ISREG(st.st_mode)) {
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: not a regular file", path);
	} else if (st.st_size < HEAD_BYTES) {
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: too short for a GGUF file (%lld bytes)",
				  path, (long long)st.st_size);
	} else {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
			   0);
		status = map == MAP_FAILED ?
				 oae_fail(err, OAE_ERR_IO, errno,
					  "%s: cannot map", path) :
				 oae_gguf_open_bytes(map, (size_t)st.st_size,
						     out, err);
		if (status && map != MAP_FAILED) {
			munmap(map, (size_t)st.st_size);
			oae_error_prefix(err, "%s", path);
		}
	}
	close(fd);
	if (!status)
		(*out)->mapped = true;
	return status;
}

void oae_gguf_close(struct oae_gguf *g)
{
	if (!g)
		return;
	if (g->mapped)
		munmap((void *)(uintptr_t)g->data, g->len);
	oae_arena_release(&g->arena);
	free(g);
}

void oae_gguf_forget(struct oae_gguf *g, const void *data, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)data + page - 1) / page * page;
	uintptr_t end = ((uintptr_t)data + bytes) / page * page;

	if (g->mapped && end > start)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

void oae_gguf_forget_all(struct oae_gguf *g)
{
	if (g->mapped)
		madvise((void *)(uintptr_t)g->data, g->len, MADV_DONTNEED);
}
