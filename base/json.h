/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259), strict on reading and deterministic on writing.
 * Reading: a strict scanner refuses what cJSON lets through (leading zeros,
 * raw control characters, duplicate keys, trailing bytes, invalid UTF-8,
 * too deep, NaN), then cJSON builds the tree. Writing: a stream writer into
 * an oae_buf; numbers are the shortest decimal that reads back to the same
 * double; keys are written in the order of the calls.
 */
#ifndef OAE_BASE_JSON_H
#define OAE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

/* OAE_OK when text[0..len) is one strict JSON value and nothing else. */
enum oae_status oae_json_check(const char *text, size_t len,
			       struct oae_error *err);
/* Checks, then parses. *out is the caller's: cJSON_Delete() it. */
enum oae_status oae_json_parse(const char *text, size_t len, cJSON **out,
			       struct oae_error *err);
/* Reads and parses a file of at most OAE_JSON_FILE_BYTES_MAX. */
enum oae_status oae_json_read(const char *path, cJSON **out,
			      struct oae_error *err);

/*
 * Typed members. Each fails with OAE_ERR_FORMAT and a text that names the
 * key when the member is missing or of another type. Strings and objects
 * stay owned by the tree. Integers may be JSON numbers that are whole, or
 * decimal strings (64-bit values travel as strings). `obj` may be NULL
 * (reads as missing).
 */
enum oae_status oae_json_str(const cJSON *obj, const char *key,
			     const char **out, struct oae_error *err);
enum oae_status oae_json_num(const cJSON *obj, const char *key, double *out,
			     struct oae_error *err);
enum oae_status oae_json_u64(const cJSON *obj, const char *key, uint64_t *out,
			     struct oae_error *err);
enum oae_status oae_json_bool(const cJSON *obj, const char *key, bool *out,
			      struct oae_error *err);
enum oae_status oae_json_obj(const cJSON *obj, const char *key,
			     const cJSON **out, struct oae_error *err);
enum oae_status oae_json_arr(const cJSON *obj, const char *key,
			     const cJSON **out, struct oae_error *err);
/* Optional members: the default when missing or null or of another type. */
const char *oae_json_str_or(const cJSON *obj, const char *key,
			    const char *otherwise);
double oae_json_num_or(const cJSON *obj, const char *key, double otherwise);
uint64_t oae_json_u64_or(const cJSON *obj, const char *key, uint64_t otherwise);

/*
 * The writer. key is NULL inside arrays and at the top. Commas, quoting,
 * UTF-8 repair (invalid bytes and NUL become U+FFFD) and indentation are its
 * work. indent 0 writes one line (JSON lines), 1..8 pretty-prints; the final
 * newline is the caller's. NaN and infinities are written as null. Errors
 * (also a level beyond OAE_JSON_DEPTH_MAX) are the buffer's (sticky).
 */
struct oae_jw {
	struct oae_buf *out;
	int indent;
	int depth;
	bool first[OAE_JSON_DEPTH_MAX];
};

void oae_jw_init(struct oae_jw *w, struct oae_buf *out, int indent);
void oae_jw_obj(struct oae_jw *w, const char *key); /* { */
void oae_jw_end_obj(struct oae_jw *w);		    /* } */
void oae_jw_arr(struct oae_jw *w, const char *key); /* [ */
void oae_jw_end_arr(struct oae_jw *w);		    /* ] */
/* NULL is written as null. */
void oae_jw_str(struct oae_jw *w, const char *key, const char *s);
void oae_jw_strn(struct oae_jw *w, const char *key, const char *s, size_t len);
void oae_jw_num(struct oae_jw *w, const char *key, double v);
void oae_jw_int(struct oae_jw *w, const char *key, int64_t v);
/* As a decimal string. */
void oae_jw_u64s(struct oae_jw *w, const char *key, uint64_t v);
void oae_jw_bool(struct oae_jw *w, const char *key, bool v);
void oae_jw_null(struct oae_jw *w, const char *key);
/* A whole parsed value, members in its own order. */
void oae_jw_value(struct oae_jw *w, const char *key, const cJSON *value);
/* Bytes that already are one valid JSON value. */
void oae_jw_raw(struct oae_jw *w, const char *key, const char *json);

/* Shortest round-trip decimal of a finite v; returns its length (< 32). */
int oae_json_format_double(char out[32], double v);

#endif
