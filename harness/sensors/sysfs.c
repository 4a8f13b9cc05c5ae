/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sensors/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool oae_sysfs_text(const char *dir, const char *file, char *out, size_t size)
{
	char path[512];
	ssize_t n = -1;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, size - 1);
		close(fd);
	}
	if (n < 0)
		return false;
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' '))
		n--;
	out[n] = '\0';
	return n > 0;
}

bool oae_sysfs_parse(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && (*end == '\0' || *end == '\n') &&
	       text[0] != '-';
}

bool oae_sysfs_u64(const char *dir, const char *file, uint64_t *out)
{
	char text[64];

	return oae_sysfs_text(dir, file, text, sizeof(text)) &&
	       oae_sysfs_parse(text, out);
}

bool oae_sysfs_each(const char *dir, oae_sysfs_fn *fn, void *ctx)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, NULL, alphasort), i;
	unsigned taken = 0;

	for (i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.' &&
		    taken++ < OAE_SYSFS_ENTRIES_MAX)
			fn(ctx, dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return n >= 0;
}
