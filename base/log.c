/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Elsewhere than on a terminal, at most one progress line in this time. */
#define PROGRESS_STEP_S 5

static int log_is_quiet;
static bool progress_open; /* an unfinished line is on the terminal */
static char progress_last[256];
static time_t progress_shown_s;

void oae_log_quiet(int quiet)
{
	log_is_quiet = quiet;
}

/* Leaves the progress line as it is and starts a new one. */
static void break_progress(void)
{
	if (progress_open)
		fputc('\n', stderr);
	progress_open = false;
}

void oae_info(const char *fmt, ...)
{
	va_list ap;

	if (log_is_quiet)
		return;
	break_progress();
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void oae_warn(const char *fmt, ...)
{
	va_list ap;

	if (log_is_quiet)
		return;
	break_progress();
	fputs("warning: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int oae_die_code(const char *program, const struct oae_error *err)
{
	break_progress();
	fprintf(stderr, "%s: %s\n", program,
		err->text[0] ? err->text : oae_status_name(err->status));
	return (int)oae_exit_code(err->status);
}

void oae_progress(const char *fmt, ...)
{
	char line[sizeof(progress_last)];
	struct timespec now;
	va_list ap;

	if (log_is_quiet)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (!strcmp(line, progress_last))
		return;
	memcpy(progress_last, line, sizeof(line));
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r%s\033[K", line);
		fflush(stderr);
		progress_open = true;
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (progress_shown_s && now.tv_sec - progress_shown_s < PROGRESS_STEP_S)
		return;
	progress_shown_s = now.tv_sec;
	fprintf(stderr, "%s\n", line);
}

void oae_progress_end(void)
{
	break_progress();
	progress_last[0] = '\0';
	progress_shown_s = 0;
}
