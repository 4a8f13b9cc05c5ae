/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/file.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

enum oae_status oae_json_parse(const char *text, size_t len, cJSON **out,
			       struct oae_error *err)
{
	enum oae_status status;

	*out = NULL;
	status = oae_json_check(text, len, err);
	if (status)
		return status;
	*out = cJSON_ParseWithLength(text, len);
	if (!*out)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "JSON: out of memory");
	return OAE_OK;
}

enum oae_status oae_json_read(const char *path, cJSON **out,
			      struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf b;

	*out = NULL;
	oae_buf_init(&b, OAE_JSON_FILE_BYTES_MAX);
	status = oae_file_read(path, &b, err);
	if (!status) {
		status = oae_json_parse(oae_buf_str(&b), b.len, out, err);
		if (status)
			oae_error_prefix(err, "%s", path);
	}
	oae_buf_release(&b);
	return status;
}

static const cJSON *member(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

static enum oae_status wrong(const cJSON *item, const char *key,
			     const char *type, struct oae_error *err)
{
	if (!item)
		return oae_fail(err, OAE_ERR_FORMAT, 0, "\"%s\": missing (%s)",
				key, type);
	return oae_fail(err, OAE_ERR_FORMAT, 0, "\"%s\": must be %s", key,
			type);
}

enum oae_status oae_json_str(const cJSON *obj, const char *key,
			     const char **out, struct oae_error *err)
{
	const cJSON *item = member(obj, key);

	if (!cJSON_IsString(item))
		return wrong(item, key, "a string", err);
	*out = item->valuestring;
	return OAE_OK;
}

enum oae_status oae_json_num(const cJSON *obj, const char *key, double *out,
			     struct oae_error *err)
{
	const cJSON *item = member(obj, key);

	if (!cJSON_IsNumber(item))
		return wrong(item, key, "a number", err);
	*out = item->valuedouble;
	return OAE_OK;
}

/* Digits without a leading zero, below 2^64. */
static bool digits_to_u64(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	if (!*s || (s[0] == '0' && s[1]))
		return false;
	for (; *s; s++) {
		uint64_t d = (uint64_t)(unsigned char)*s - '0';

		if (*s < '0' || *s > '9' || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

static bool item_to_u64(const cJSON *item, uint64_t *out)
{
	double v;

	if (cJSON_IsString(item))
		return digits_to_u64(item->valuestring, out);
	if (!cJSON_IsNumber(item))
		return false;
	v = item->valuedouble;
	if (!(v >= 0.0) || v > WHOLE_MAX || v != floor(v))
		return false;
	*out = (uint64_t)v;
	return true;
}

enum oae_status oae_json_u64(const cJSON *obj, const char *key, uint64_t *out,
			     struct oae_error *err)
{
	const cJSON *item = member(obj, key);

	if (!item_to_u64(item, out))
		return wrong(item, key,
			     "a whole number from 0 to 2^53, or "
			     "up to 2^64-1 as a decimal string",
			     err);
	return OAE_OK;
}

enum oae_status oae_json_bool(const cJSON *obj, const char *key, bool *out,
			      struct oae_error *err)
{
	const cJSON *item = member(obj, key);

	if (!cJSON_IsBool(item))
		return wrong(item, key, "true or false", err);
	*out = cJSON_IsTrue(item);
	return OAE_OK;
}

enum oae_status oae_json_obj(const cJSON *obj, const char *key,
			     const cJSON **out, struct oae_error *err)
{
	const cJSON *item = member(obj, key);

	if (!cJSON_IsObject(item))
		return wrong(item, key, "an object", err);
	*out = item;
	return OAE_OK;
}

enum oae_status oae_json_arr(const cJSON *obj, const char *key,
			     const cJSON **out, struct oae_error *err)
{
	const cJSON *item = member(obj, key);

	if (!cJSON_IsArray(item))
		return wrong(item, key, "an array", err);
	*out = item;
	return OAE_OK;
}

const char *oae_json_str_or(const cJSON *obj, const char *key,
			    const char *otherwise)
{
	const cJSON *item = member(obj, key);

	return cJSON_IsString(item) ? item->valuestring : otherwise;
}

double oae_json_num_or(const cJSON *obj, const char *key, double otherwise)
{
	const cJSON *item = member(obj, key);

	return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

uint64_t oae_json_u64_or(const cJSON *obj, const char *key, uint64_t otherwise)
{
	uint64_t v;

	return item_to_u64(member(obj, key), &v) ? v : otherwise;
}
