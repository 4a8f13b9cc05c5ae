/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/gguf/gguf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"

#define WRITE_BYTES (1u << 18) /* gathered before a write() */

struct out_tensor {
	char name[OAE_GGUF_NAME_BYTES_MAX + 1];
	enum oae_tensor_type type;
	uint32_t n_dims;
	uint64_t dims[OAE_GGUF_DIMS_MAX];
	uint64_t elements, bytes, offset; /* from the data's start */
	const float *f32;
};

struct oae_gguf_writer {
	char path[OAE_PATH_BYTES_MAX + 1];
	char temporary[OAE_PATH_BYTES_MAX + 32];
	int fd;
	struct oae_buf meta; /* keys and values, as in the file */
	uint64_t n_keys;
	struct out_tensor *tensors;
	size_t n_tensors, alloc_tensors;
	uint64_t data_bytes; /* of all tensors, padded */
	bool began;	     /* the header is out */
	size_t cursor;	     /* the tensor being put */
	uint64_t done;	     /* bytes of it that are out */
	uint8_t *gather;     /* WRITE_BYTES */
	size_t gathered;
	struct oae_error error; /* the first one; sticky */
};

enum oae_status oae_gguf_create(const char *path, struct oae_gguf_writer **out,
				struct oae_error *err)
{
	struct oae_gguf_writer *w;

	if (strlen(path) > OAE_PATH_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"path: longer than %u bytes",
				OAE_PATH_BYTES_MAX);
	w = calloc(1, sizeof(*w));
	if (!w)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s: no memory", path);
	w->gather = malloc(WRITE_BYTES);
	if (!w->gather) {
		free(w);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s: no memory", path);
	}
	oae_buf_init(&w->meta, OAE_GGUF_HEADER_BYTES_MAX);
	snprintf(w->path, sizeof(w->path), "%s", path);
	snprintf(w->temporary, sizeof(w->temporary), "%s.%ld.tmp", path,
		 (long)getpid());
	w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		     0644);
	if (w->fd < 0) {
		oae_fail(err, OAE_ERR_IO, errno, "%s: cannot create", path);
		free(w->gather);
		free(w);
		return OAE_ERR_IO;
	}
	*out = w;
	return OAE_OK;
}

static void add_u32(struct oae_buf *b, uint32_t v)
{
	oae_buf_add(b, &v, sizeof(v));
}

static void add_u64(struct oae_buf *b, uint64_t v)
{
	oae_buf_add(b, &v, sizeof(v));
}

static void add_string(struct oae_gguf_writer *w, const char *s)
{
	size_t len = strlen(s);

	if (len > OAE_GGUF_STRING_BYTES_MAX)
		oae_fail(&w->error, OAE_ERR_LIMIT, 0,
			 "%s: a string longer than %u bytes", w->path,
			 OAE_GGUF_STRING_BYTES_MAX);
	add_u64(&w->meta, len);
	oae_buf_add(&w->meta, s, len);
}

static void add_key(struct oae_gguf_writer *w, const char *key)
{
	if (w->began)
		oae_fail(&w->error, OAE_ERR_USAGE, 0,
			 "%s: metadata \"%s\" after data", w->path, key);
	if (strlen(key) > OAE_GGUF_KEY_BYTES_MAX || !*key)
		oae_fail(&w->error, OAE_ERR_LIMIT, 0,
			 "%s: a key of 0 or more than %d bytes", w->path,
			 OAE_GGUF_KEY_BYTES_MAX);
	if (++w->n_keys > OAE_GGUF_KEYS_MAX)
		oae_fail(&w->error, OAE_ERR_LIMIT, 0, "%s: more than %u keys",
			 w->path, OAE_GGUF_KEYS_MAX);
	add_string(w, key);
}

void oae_gguf_add_str(struct oae_gguf_writer *w, const char *key,
		      const char *value)
{
	add_key(w, key);
	add_u32(&w->meta, OAE_GGUF_STRING);
	add_string(w, value);
}

void oae_gguf_add_u32(struct oae_gguf_writer *w, const char *key,
		      uint32_t value)
{
	add_key(w, key);
	add_u32(&w->meta, OAE_GGUF_U32);
	add_u32(&w->meta, value);
}

void oae_gguf_add_f32(struct oae_gguf_writer *w, const char *key, float value)
{
	add_key(w, key);
	add_u32(&w->meta, OAE_GGUF_F32);
	oae_buf_add(&w->meta, &value, sizeof(value));
}

void oae_gguf_add_bool(struct oae_gguf_writer *w, const char *key, bool value)
{
	add_key(w, key);
	add_u32(&w->meta, OAE_GGUF_BOOL);
	oae_buf_putc(&w->meta, value ? 1 : 0);
}

static void add_array(struct oae_gguf_writer *w, enum oae_gguf_kind kind,
		      size_t n)
{
	if (n > OAE_GGUF_ARRAY_MAX)
		oae_fail(&w->error, OAE_ERR_LIMIT, 0,
			 "%s: an array of more than %u elements", w->path,
			 OAE_GGUF_ARRAY_MAX);
	add_u32(&w->meta, OAE_GGUF_ARRAY);
	add_u32(&w->meta, (uint32_t)kind);
	add_u64(&w->meta, n);
}

void oae_gguf_add_strs(struct oae_gguf_writer *w, const char *key,
		       const char *const *values, size_t n)
{
	add_key(w, key);
	add_array(w, OAE_GGUF_STRING, n);
	for (size_t i = 0; i < n; i++)
		add_string(w, values[i]);
}

void oae_gguf_add_i32s(struct oae_gguf_writer *w, const char *key,
		       const int32_t *values, size_t n)
{
	add_key(w, key);
	add_array(w, OAE_GGUF_I32, n);
	oae_buf_add(&w->meta, values, n * sizeof(*values));
}

void oae_gguf_add_f32s(struct oae_gguf_writer *w, const char *key,
		       const float *values, size_t n)
{
	add_key(w, key);
	add_array(w, OAE_GGUF_F32, n);
	oae_buf_add(&w->meta, values, n * sizeof(*values));
}

void oae_gguf_add_raw(struct oae_gguf_writer *w, const char *key,
		      const void *raw, size_t raw_bytes)
{
	add_key(w, key);
	oae_buf_add(&w->meta, raw, raw_bytes);
}

static uint64_t pad(uint64_t bytes)
{
	uint64_t a = OAE_GGUF_ALIGNMENT;

	return (bytes + a - 1) / a * a;
}

static struct out_tensor *new_tensor(struct oae_gguf_writer *w)
{
	struct out_tensor *grown;
	size_t alloc;

	if (w->n_tensors == OAE_GGUF_TENSORS_MAX) {
		oae_fail(&w->error, OAE_ERR_LIMIT, 0,
			 "%s: more than %u tensors", w->path,
			 OAE_GGUF_TENSORS_MAX);
		return NULL;
	}
	if (w->n_tensors == w->alloc_tensors) {
		alloc = w->alloc_tensors ? w->alloc_tensors * 2 : 64;
		grown = realloc(w->tensors, alloc * sizeof(*grown));
		if (!grown) {
			oae_fail(&w->error, OAE_ERR_NOMEM, 0, "%s: no memory",
				 w->path);
			return NULL;
		}
		w->tensors = grown;
		w->alloc_tensors = alloc;
	}
	return &w->tensors[w->n_tensors++];
}

void oae_gguf_add_tensor(struct oae_gguf_writer *w, const char *name,
			 enum oae_tensor_type type, uint32_t n_dims,
			 const uint64_t *dims, const float *f32)
{
	struct out_tensor *t;
	size_t block = oae_tensor_type_block(type);

	if (w->began || n_dims < 1 || n_dims > OAE_GGUF_DIMS_MAX || !block ||
	    !*name || strlen(name) > OAE_GGUF_NAME_BYTES_MAX) {
		oae_fail(&w->error, OAE_ERR_USAGE, 0,
			 "%s: tensor \"%s\" after data, or with a bad name, "
			 "type or number of dimensions",
			 w->path, name);
		return;
	}
	t = new_tensor(w);
	if (!t)
		return;
	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->type = type;
	t->n_dims = n_dims;
	t->elements = 1;
	for (uint32_t i = 0; i < n_dims; i++) {
		t->dims[i] = dims[i];
		if (dims[i] < 1 || dims[i] > (1ull << 40) / t->elements)
			oae_fail(&w->error, OAE_ERR_LIMIT, 0,
				 "%s: tensor \"%s\" is empty or has more than "
				 "2^40 elements",
				 w->path, name);
		else
			t->elements *= dims[i];
	}
	if (dims[0] % block)
		oae_fail(&w->error, OAE_ERR_USAGE, 0,
			 "%s: tensor \"%s\": rows of %llu are not whole blocks "
			 "of %s",
			 w->path, name, (unsigned long long)dims[0],
			 oae_tensor_type_name((uint32_t)type));
	t->bytes = oae_tensor_bytes(type, t->elements);
	t->offset = w->data_bytes;
	t->f32 = f32;
	w->data_bytes += pad(t->bytes);
}

uint64_t oae_gguf_planned_bytes(const struct oae_gguf_writer *w)
{
	uint64_t head = 24 + w->meta.len;

	for (size_t i = 0; i < w->n_tensors; i++)
		head += 24 + strlen(w->tensors[i].name) +
			8ull * w->tensors[i].n_dims;
	return pad(head) + w->data_bytes;
}

static enum oae_status write_all(struct oae_gguf_writer *w, const void *data,
				 size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(w->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return oae_fail(&w->error, OAE_ERR_IO,
					n ? errno : ENOSPC, "%s: cannot write",
					w->path);
		p += n;
		len -= (size_t)n;
	}
	return OAE_OK;
}

static enum oae_status flush(struct oae_gguf_writer *w)
{
	size_t n = w->gathered;

	w->gathered = 0;
	return write_all(w, w->gather, n);
}

static enum oae_status emit(struct oae_gguf_writer *w, const void *data,
			    size_t len)
{
	if (w->gathered + len > WRITE_BYTES && flush(w))
		return w->error.status;
	if (len > WRITE_BYTES)
		return write_all(w, data, len);
	memcpy(w->gather + w->gathered, data, len);
	w->gathered += len;
	return OAE_OK;
}

/* After `bytes` of anything, zeros up to the alignment. */
static enum oae_status emit_padding(struct oae_gguf_writer *w, uint64_t bytes)
{
	static const char zeros[OAE_GGUF_ALIGNMENT];

	return emit(w, zeros, (size_t)(pad(bytes) - bytes));
}

static enum oae_status write_header(struct oae_gguf_writer *w)
{
	struct oae_buf head;
	const struct out_tensor *t;

	w->began = true;
	oae_buf_check(&w->meta, "metadata", &w->error);
	if (w->error.status)
		return w->error.status;
	oae_buf_init(&head, OAE_GGUF_HEADER_BYTES_MAX);
	oae_buf_add(&head, "GGUF", 4);
	add_u32(&head, 3);
	add_u64(&head, w->n_tensors);
	add_u64(&head, w->n_keys);
	oae_buf_add(&head, w->meta.data, w->meta.len);
	for (size_t i = 0; i < w->n_tensors; i++) {
		t = &w->tensors[i];
		add_u64(&head, strlen(t->name));
		oae_buf_puts(&head, t->name);
		add_u32(&head, t->n_dims);
		for (uint32_t k = 0; k < t->n_dims; k++)
			add_u64(&head, t->dims[k]);
		add_u32(&head, (uint32_t)t->type);
		add_u64(&head, t->offset);
	}
	if (!oae_buf_check(&head, "GGUF header", &w->error) &&
	    !emit(w, head.data, head.len))
		emit_padding(w, head.len);
	oae_buf_release(&head);
	return w->error.status;
}

/* len more bytes of the current tensor. */
static enum oae_status put_bytes(struct oae_gguf_writer *w, const void *data,
				 size_t len)
{
	const struct out_tensor *t;

	if (w->cursor == w->n_tensors ||
	    len > w->tensors[w->cursor].bytes - w->done)
		return oae_fail(&w->error, OAE_ERR_USAGE, 0,
				"%s: more data than the tensors hold", w->path);
	t = &w->tensors[w->cursor];
	if (emit(w, data, len))
		return w->error.status;
	w->done += len;
	if (w->done < t->bytes)
		return OAE_OK;
	w->cursor++;
	w->done = 0;
	return emit_padding(w, t->bytes);
}

static enum oae_status put_converted(struct oae_gguf_writer *w, const float *x,
				     uint64_t n)
{
	enum oae_tensor_type type;
	float packed[1024]; /* holds 1024 elements of any type */
	size_t now;

	while (n && !w->error.status) {
		if (w->cursor == w->n_tensors)
			return put_bytes(w, x, 1); /* records the error */
		type = w->tensors[w->cursor].type;
		now = n < 1024 ? (size_t)n : 1024;
		if (now % oae_tensor_type_block(type))
			return oae_fail(&w->error, OAE_ERR_USAGE, 0,
					"%s: %zu floats are not whole blocks",
					w->path, now);
		if (!oae_tensor_type_written(type))
			return oae_fail(&w->error, OAE_ERR_UNSUPPORTED, 0,
					"%s: floats are not made into %s here",
					w->path,
					oae_tensor_type_name((uint32_t)type));
		oae_tensor_from_f32(type, x, now, packed);
		put_bytes(w, packed, oae_tensor_bytes(type, now));
		x += now;
		n -= now;
	}
	return w->error.status;
}

/* Writes the header once, then tensors that bring their own floats. */
static enum oae_status advance(struct oae_gguf_writer *w)
{
	const struct out_tensor *t;

	if (!w->began && write_header(w))
		return w->error.status;
	while (!w->error.status && w->cursor < w->n_tensors &&
	       w->tensors[w->cursor].f32) {
		t = &w->tensors[w->cursor];
		put_converted(w, t->f32, t->elements);
	}
	return w->error.status;
}

static enum oae_status report(struct oae_gguf_writer *w, struct oae_error *err)
{
	if (w->error.status && err && !err->status)
		*err = w->error;
	return w->error.status;
}

enum oae_status oae_gguf_put_f32(struct oae_gguf_writer *w, const float *x,
				 size_t n, struct oae_error *err)
{
	if (!advance(w))
		put_converted(w, x, n);
	return report(w, err);
}

enum oae_status oae_gguf_put(struct oae_gguf_writer *w, const void *data,
			     size_t bytes, struct oae_error *err)
{
	if (!advance(w))
		put_bytes(w, data, bytes);
	return report(w, err);
}

static void sync_folder(struct oae_gguf_writer *w)
{
	char folder[OAE_PATH_BYTES_MAX + 1], *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", w->path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = 0;
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return; /* the file itself is whole and synced */
	fsync(fd);
	close(fd);
}

enum oae_status oae_gguf_finish(struct oae_gguf_writer *w,
				struct oae_error *err)
{
	enum oae_status status;
	struct oae_gguf *back;

	if (!advance(w) && w->cursor != w->n_tensors)
		oae_fail(&w->error, OAE_ERR_USAGE, 0,
			 "%s: tensor \"%s\" is not whole", w->path,
			 w->tensors[w->cursor].name);
	if (!w->error.status && !flush(w) && fsync(w->fd))
		oae_fail(&w->error, OAE_ERR_IO, errno, "%s: cannot write",
			 w->path);
	/* what our own reader refuses (two equal keys) has no business here */
	if (!w->error.status && !oae_gguf_open(w->temporary, &back, &w->error))
		oae_gguf_close(back);
	if (!w->error.status && rename(w->temporary, w->path))
		oae_fail(&w->error, OAE_ERR_IO, errno, "%s: cannot rename",
			 w->path);
	if (!w->error.status) {
		sync_folder(w);
		w->temporary[0] = 0;
	}
	status = report(w, err);
	oae_gguf_abandon(w);
	return status;
}

void oae_gguf_abandon(struct oae_gguf_writer *w)
{
	if (!w)
		return;
	close(w->fd);
	if (w->temporary[0])
		unlink(w->temporary);
	oae_buf_release(&w->meta);
	free(w->tensors);
	free(w->gather);
	free(w);
}
