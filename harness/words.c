/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *oae_word_value(const char *name, int argc, char **argv, int *i)
{
	const char *word = argv[*i];
	size_t n = strlen(name);

	if (!word || strncmp(word, name, n) != 0)
		return NULL;
	if (word[n] == '=')
		return word + n + 1;
	if (word[n] == '\0' && *i + 1 < argc)
		return argv[++*i];
	return NULL;
}

enum oae_status oae_word_number(const char *option, const char *text,
				uint64_t low, uint64_t high, uint64_t *out,
				struct oae_error *err)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || *out < low ||
	    *out > high)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s '%.40s': must be a whole number from %llu"
				" to %llu",
				option, text, (unsigned long long)low,
				(unsigned long long)high);
	return OAE_OK;
}

bool oae_answer_read(char *out, size_t size, bool *cut)
{
	size_t n = 0;
	int c;

	*cut = false;
	while ((c = getchar()) != EOF && c != '\n') {
		if (n + 1 < size)
			out[n++] = (char)c;
		else
			*cut = true;
	}
	while (n && strchr(" \t\r", out[n - 1]))
		n--;
	out[n] = '\0';
	return c != EOF || n;
}

int oae_terminal_columns(int otherwise)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 60)
		return w.ws_col;
	return otherwise;
}
