/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that stands for / : small files for sensors to read. */
#ifndef OAE_TESTS_FAKE_ROOT_H
#define OAE_TESTS_FAKE_ROOT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static char root[] = "/tmp/oae-sensors-XXXXXX";

/* root/PATH holds the text; in place, for what keeps the file open. */
static inline void put_file(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline void put_file(const char *path, const char *fmt, ...)
{
	char full[400], *slash;
	va_list ap;
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	slash = strrchr(full, '/');
	*slash = '\0';
	if (oae_dir_make(full, NULL))
		abort();
	*slash = '/';
	f = fopen(full, "w");
	if (!f)
		abort();
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

/* Before each test: nothing is there. */
static inline int clean(void **state)
{
	char command[160];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'/*", root);
	return system(command);
}

static inline int remove_root(void)
{
	return clean(NULL) || rmdir(root) < 0;
}

#endif
