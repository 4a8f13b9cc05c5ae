/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands tell people, on stderr (stdout is data). Only main programs
 * log; libraries return errors.
 */
#ifndef OAE_BASE_LOG_H
#define OAE_BASE_LOG_H

#include "base/status.h"

void oae_log_quiet(int quiet); /* 1: only errors */
void oae_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void oae_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "PROGRAM: text" and the exit code that belongs to err->status. */
int oae_die_code(const char *program, const struct oae_error *err);
/*
 * A progress line: redrawn in place on a terminal, one line each time it
 * changes by a visible step elsewhere. oae_progress_end() finishes it.
 */
void oae_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void oae_progress_end(void);

#endif
