/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/gguf/gguf_internal.h"

#include <stdlib.h>
#include <string.h>

size_t oae_gguf_tensor_count(const struct oae_gguf *g)
{
	return g->n_tensors;
}

const struct oae_gguf_tensor *oae_gguf_tensor_at(const struct oae_gguf *g,
						 size_t i)
{
	return &g->tensors[i];
}

const struct oae_gguf_tensor *oae_gguf_tensor(const struct oae_gguf *g,
					      const char *name)
{
	struct oae_gguf_tensor want = { .name = name };
	const struct oae_gguf_tensor *p = &want, **found;

	found = bsearch(&p, g->tensors_by_name, g->n_tensors, sizeof(p),
			oae_gguf_tensor_by_name);
	return found ? *found : NULL;
}

uint64_t oae_gguf_file_bytes(const struct oae_gguf *g)
{
	return g->len;
}

static const struct oae_gguf_key *find_key(const struct oae_gguf *g,
					   const char *name)
{
	struct oae_gguf_key want = { .name = name };
	struct oae_gguf_key *p = &want, **found;

	found = bsearch(&p, g->keys_by_name, g->n_keys, sizeof(p),
			oae_gguf_key_by_name);
	return found ? *found : NULL;
}

static enum oae_status need_key(const struct oae_gguf *g, const char *name,
				const struct oae_gguf_key **out,
				struct oae_error *err)
{
	*out = find_key(g, name);
	if (*out)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"metadata \"%s\" is missing", name);
}

static enum oae_status wrong_type(const char *key, struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"metadata \"%s\" has another type than expected", key);
}

bool oae_gguf_has(const struct oae_gguf *g, const char *key)
{
	return find_key(g, key) != NULL;
}

static int64_t load_signed(const struct oae_gguf_key *k)
{
	int8_t a;
	int16_t b;
	int32_t c;
	int64_t d;

	switch (oae_gguf_kind_bytes[k->kind]) {
	case 1:
		memcpy(&a, k->value, sizeof(a));
		return a;
	case 2:
		memcpy(&b, k->value, sizeof(b));
		return b;
	case 4:
		memcpy(&c, k->value, sizeof(c));
		return c;
	default:
		memcpy(&d, k->value, sizeof(d));
		return d;
	}
}

enum oae_status oae_gguf_u64(const struct oae_gguf *g, const char *key,
			     uint64_t *out, struct oae_error *err)
{
	const struct oae_gguf_key *k;
	int64_t v;

	if (need_key(g, key, &k, err))
		return OAE_ERR_UNSUPPORTED;
	switch (k->kind) {
	case OAE_GGUF_U8:
	case OAE_GGUF_U16:
	case OAE_GGUF_U32:
	case OAE_GGUF_U64:
		*out = 0;
		memcpy(out, k->value, oae_gguf_kind_bytes[k->kind]);
		return OAE_OK;
	case OAE_GGUF_I8:
	case OAE_GGUF_I16:
	case OAE_GGUF_I32:
	case OAE_GGUF_I64:
		v = load_signed(k);
		if (v < 0)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"metadata \"%s\" is negative", key);
		*out = (uint64_t)v;
		return OAE_OK;
	default:
		return wrong_type(key, err);
	}
}

enum oae_status oae_gguf_f64(const struct oae_gguf *g, const char *key,
			     double *out, struct oae_error *err)
{
	const struct oae_gguf_key *k;
	float f;

	if (need_key(g, key, &k, err))
		return OAE_ERR_UNSUPPORTED;
	if (k->kind == OAE_GGUF_F64) {
		memcpy(out, k->value, sizeof(*out));
		return OAE_OK;
	}
	if (k->kind != OAE_GGUF_F32)
		return wrong_type(key, err);
	memcpy(&f, k->value, sizeof(f));
	*out = f;
	return OAE_OK;
}

enum oae_status oae_gguf_bool(const struct oae_gguf *g, const char *key,
			      bool *out, struct oae_error *err)
{
	const struct oae_gguf_key *k;

	if (need_key(g, key, &k, err))
		return OAE_ERR_UNSUPPORTED;
	if (k->kind != OAE_GGUF_BOOL || *k->value > 1)
		return wrong_type(key, err);
	*out = *k->value == 1;
	return OAE_OK;
}

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
}

/* The key's strings (checked when parsed), with a NUL after each. */
static enum oae_status copy_strings(struct oae_gguf *g,
				    const struct oae_gguf_key *k,
				    const char **out, struct oae_error *err)
{
	const uint8_t *p = k->value;
	size_t n = (size_t)k->count, ends = 0, bytes;
	uint64_t len;
	char *text, *to;

	/* a length is eight bytes, a NUL is one */
	bytes = (size_t)(k->raw + k->raw_bytes - p) - n * sizeof(len) + n;
	text = to = oae_arena_alloc(&g->arena, bytes);
	if (!text)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		memcpy(to, p, (size_t)len);
		p += len;
		out[i] = to;
		to += len;
		*to++ = '\0';
	}
	for (size_t i = 0; i < bytes; i++)
		ends += text[i] == '\0';
	return ends == n ?
		       OAE_OK :
		       oae_fail(err, OAE_ERR_FORMAT, 0,
				"metadata \"%s\" has a NUL inside", k->name);
}

enum oae_status oae_gguf_str(struct oae_gguf *g, const char *key,
			     const char **out, struct oae_error *err)
{
	const struct oae_gguf_key *k;

	if (need_key(g, key, &k, err))
		return OAE_ERR_UNSUPPORTED;
	if (k->kind != OAE_GGUF_STRING)
		return wrong_type(key, err);
	return copy_strings(g, k, out, err);
}

enum oae_status oae_gguf_strs(struct oae_gguf *g, const char *key,
			      const char *const **out, size_t *n,
			      struct oae_error *err)
{
	const struct oae_gguf_key *k;
	const char **texts;

	if (need_key(g, key, &k, err))
		return OAE_ERR_UNSUPPORTED;
	if (k->kind != OAE_GGUF_ARRAY || k->element != OAE_GGUF_STRING)
		return wrong_type(key, err);
	texts = oae_arena_array(&g->arena, (size_t)k->count + 1,
				sizeof(*texts));
	if (!texts)
		return no_memory(err);
	*out = texts;
	*n = (size_t)k->count;
	return copy_strings(g, k, texts, err);
}

/* An array of 4-byte numbers of one kind. */
static enum oae_status copy_numbers(struct oae_gguf *g, const char *key,
				    enum oae_gguf_kind kind, const void **out,
				    size_t *n, struct oae_error *err)
{
	const struct oae_gguf_key *k;
	void *values;

	if (need_key(g, key, &k, err))
		return OAE_ERR_UNSUPPORTED;
	if (k->kind != OAE_GGUF_ARRAY || k->element != kind)
		return wrong_type(key, err);
	values = oae_arena_array(&g->arena, (size_t)k->count + 1, 4);
	if (!values)
		return no_memory(err);
	memcpy(values, k->value, (size_t)k->count * 4);
	*out = values;
	*n = (size_t)k->count;
	return OAE_OK;
}

enum oae_status oae_gguf_i32s(struct oae_gguf *g, const char *key,
			      const int32_t **out, size_t *n,
			      struct oae_error *err)
{
	const void *values = NULL;
	enum oae_status status =
		copy_numbers(g, key, OAE_GGUF_I32, &values, n, err);

	*out = values;
	return status;
}

enum oae_status oae_gguf_f32s(struct oae_gguf *g, const char *key,
			      const float **out, size_t *n,
			      struct oae_error *err)
{
	const void *values = NULL;
	enum oae_status status =
		copy_numbers(g, key, OAE_GGUF_F32, &values, n, err);

	*out = values;
	return status;
}

size_t oae_gguf_key_count(const struct oae_gguf *g)
{
	return g->n_keys;
}

const char *oae_gguf_key_at(const struct oae_gguf *g, size_t i,
			    const void **raw, size_t *raw_bytes)
{
	*raw = g->keys[i].raw;
	*raw_bytes = g->keys[i].raw_bytes;
	return g->keys[i].name;
}
