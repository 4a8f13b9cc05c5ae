/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/synth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/spawn.h"

/* A billion parameters in eight bits, and room to move. */
#define FREE_BYTES_MIN (1536ull << 20)
#define SYNTH_MS 900000
#define OUTPUT_BYTES_MAX (1u << 20)
#define PROGRAM_DIGITS 12 /* of the program's hash, in the file's name */

struct command {
	char word[OAE_MANIFEST_LIST_MAX][OAE_PATH_BYTES_MAX];
	const char *argv[OAE_MANIFEST_LIST_MAX + 1];
};

static enum oae_status cache_dir(char *out, size_t size, struct oae_error *err)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (cache && cache[0] == '/')
		n = snprintf(out, size, "%s/oae/synth", cache);
	else if (home && home[0] == '/')
		n = snprintf(out, size, "%s/.cache/oae/synth", home);
	else
		return oae_fail(err, OAE_ERR_IO, 0,
				"no folder for large"
				" files: set XDG_CACHE_HOME or HOME");
	if (n < 0 || (size_t)n >= size)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "cache path too long");
	return oae_dir_make(out, err);
}

/* word with every {key} replaced, in place. */
static enum oae_status replace(char *word, size_t size, const char *key,
			       const char *value, struct oae_error *err)
{
	char copy[OAE_PATH_BYTES_MAX], *at;
	size_t len = strlen(key);
	int n;

	while ((at = strstr(word, key))) {
		(void)snprintf(copy, sizeof(copy), "%s", at + len);
		n = snprintf(at, size - (size_t)(at - word), "%s%s", value,
			     copy);
		if (n < 0 || (size_t)n >= size - (size_t)(at - word))
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"\"synth\": a word is too long");
		if (strstr(value, key))
			break;
	}
	return OAE_OK;
}

static enum oae_status make_command(const struct oae_campaign_system *s,
				    const struct oae_suite_scale *scale,
				    const char *out, struct command *cmd,
				    struct oae_error *err)
{
	const cJSON *list, *word;
	enum oae_status status = OAE_OK;
	size_t n = 0;

	list = cJSON_GetObjectItemCaseSensitive(s->adapter->manifest.tree,
						"synth");
	if (!cJSON_IsArray(list) || !cJSON_GetArraySize(list))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"adapter '%s' has no \"synth\" command",
				s->adapter->manifest.name);
	cJSON_ArrayForEach(word, list) {
		if (!cJSON_IsString(word) || n == OAE_MANIFEST_LIST_MAX)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"synth\": no list of at most %u"
					" words",
					OAE_MANIFEST_LIST_MAX);
		status = oae_manifest_expand(
			word->valuestring, s->adapter->build, s->adapter->home,
			s->adapter->dir, cmd->word[n], OAE_PATH_BYTES_MAX, err);
		if (!status)
			status = replace(cmd->word[n], OAE_PATH_BYTES_MAX,
					 "{shape}", scale->shape, err);
		if (!status)
			status = replace(cmd->word[n], OAE_PATH_BYTES_MAX,
					 "{quant}", scale->quant, err);
		if (!status)
			status = replace(cmd->word[n], OAE_PATH_BYTES_MAX,
					 "{out}", out, err);
		if (status)
			return status;
		cmd->argv[n] = cmd->word[n];
		n++;
	}
	cmd->argv[n] = NULL;
	return OAE_OK;
}

/* Files of the same shape that another build of the program made. */
static void remove_older(const char *dir, const char *prefix)
{
	char path[OAE_PATH_BYTES_MAX + 300];
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		(void)unlink(path);
	}
	if (d)
		closedir(d);
}

static enum oae_status check_room(const char *dir, struct oae_error *err)
{
	struct statvfs v;
	unsigned long long left;

	if (statvfs(dir, &v) < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", dir);
	left = (unsigned long long)v.f_bavail * v.f_frsize;
	if (left >= FREE_BYTES_MIN)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_IO, 0,
			"%s: %llu MiB free, %llu MiB"
			" needed for a file of random weights",
			dir, left >> 20, FREE_BYTES_MIN >> 20);
}

/* Another campaign may be making the same file: one at a time. */
static enum oae_status lock_cache(const char *dir, int *fd,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	uint64_t until_ns = oae_clock_ns() + SYNTH_MS * 1000000ull;

	(void)snprintf(path, sizeof(path), "%s/lock", dir);
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (*fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	while (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return oae_fail(err, OAE_ERR_IO, errno, "%s", path);
		if (oae_clock_ns() > until_ns)
			return oae_fail(err, OAE_ERR_IO, 0,
					"%s: another"
					" campaign has held it for %d s",
					path, SYNTH_MS / 1000);
		oae_clock_sleep_until(oae_clock_ns() + 100000000ull);
	}
	return OAE_OK;
}

static enum oae_status make_file(const struct command *cmd, const char *part,
				 const char *path, struct oae_error *err)
{
	struct oae_buf output;
	enum oae_status status;

	oae_buf_init(&output, OUTPUT_BYTES_MAX);
	status = oae_run_command(cmd->argv, NULL, SYNTH_MS, &output, err);
	oae_buf_release(&output);
	if (!status && rename(part, path) < 0)
		status = oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	if (status)
		(void)unlink(part);
	return status;
}

enum oae_status oae_synth_file(const struct oae_campaign_system *s,
			       const struct oae_suite_scale *scale, char *out,
			       size_t out_size, struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX / 2], part[OAE_PATH_BYTES_MAX];
	char prefix[2 * OAE_NAME_BYTES_MAX + 4], sha256[OAE_SHA256_HEX];
	struct command *cmd = calloc(1, sizeof(*cmd));
	enum oae_status status;
	int lock = -1;

	if (!cmd)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "scale step");
	status = cache_dir(dir, sizeof(dir), err);
	if (status)
		goto out;
	(void)snprintf(prefix, sizeof(prefix), "%.127s-%.127s-", scale->shape,
		       scale->quant);
	(void)snprintf(part, sizeof(part), "%s/%s%d.part", dir, prefix,
		       (int)getpid());
	status = make_command(s, scale, part, cmd, err);
	if (!status)
		status = oae_sha256_file(cmd->argv[0], sha256, err);
	if (status)
		goto out;
	(void)snprintf(out, out_size, "%s/%s%.*s.gguf", dir, prefix,
		       PROGRAM_DIGITS, sha256);
	status = lock_cache(dir, &lock, err);
	if (status || oae_file_exists(out))
		goto out;
	remove_older(dir, prefix);
	status = check_room(dir, err);
	if (!status)
		status = make_file(cmd, part, out, err);
out:
	if (lock >= 0)
		(void)close(lock);
	free(cmd);
	return status;
}
