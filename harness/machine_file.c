/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "harness/machine_internal.h"

static bool full_path(char *out, size_t size, const char *sysroot,
		      const char *path)
{
	int n = snprintf(out, size, "%s%s", sysroot, path);

	return n > 0 && (size_t)n < size;
}

bool oae_machine_text(const char *sysroot, const char *path, char *out,
		      size_t size)
{
	char full[OAE_PATH_BYTES_MAX];
	size_t len = 0;
	ssize_t n = -1;
	int fd = -1;

	/* Not to wait for a writer, should a pipe stand there. */
	if (full_path(full, sizeof(full), sysroot, path))
		fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	while (fd >= 0 && len < size - 1) {
		n = read(fd, out + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	while (len && (out[len - 1] == '\n' || out[len - 1] == '\0'))
		len--;
	out[len] = '\0';
	return len > 0;
}

int64_t oae_machine_int(const char *sysroot, const char *path)
{
	char text[64], *end;
	long long v;

	if (!oae_machine_text(sysroot, path, text, sizeof(text)))
		return OAE_UNKNOWN;
	errno = 0;
	v = strtoll(text, &end, 10);
	return errno || end == text || *end ? OAE_UNKNOWN : (int64_t)v;
}

bool oae_machine_exists(const char *sysroot, const char *path)
{
	char full[OAE_PATH_BYTES_MAX];

	return full_path(full, sizeof(full), sysroot, path) &&
	       access(full, F_OK) == 0;
}

/* `at` begins a line; is it "key<blanks>:"? The value's start, or NULL. */
static const char *after_key(const char *at, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(at, key, len) != 0)
		return NULL;
	at += len;
	at += strspn(at, " \t");
	return *at == ':' ? at + 1 + strspn(at + 1, " \t") : NULL;
}

bool oae_machine_value(const char *text, const char *key, char *out,
		       size_t size)
{
	const char *line = text, *value = NULL;
	size_t len;

	while (line && !(value = after_key(line, key))) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	out[0] = '\0';
	if (!value)
		return false;
	len = strcspn(value, "\n");
	if (len >= size)
		len = size - 1;
	memcpy(out, value, len);
	out[len] = '\0';
	return len > 0;
}

size_t oae_machine_cpu_list(const char *list, void (*fn)(void *ctx, int cpu),
			    void *ctx)
{
	unsigned long first, last;
	size_t count = 0;
	char *end;

	while (*list >= '0' && *list <= '9') {
		first = last = strtoul(list, &end, 10);
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < OAE_MACHINE_CPUS_MAX; first++) {
			count++;
			if (fn)
				fn(ctx, (int)first);
		}
		list = *end == ',' ? end + 1 : end;
	}
	return count;
}

bool oae_machine_has_word(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (; *list; list += n) {
		list += strspn(list, " \t\n");
		n = strcspn(list, " \t\n");
		if (n == len && strncmp(list, word, n) == 0)
			return true;
	}
	return false;
}
