/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files compressed with Zstandard (RFC 8878). Compressing is reproducible:
 * fixed level, one thread, no names or times in the frame; the same library
 * gives the same bytes. Expanding treats its input as hostile.
 */
#ifndef OAE_BASE_ZSTD_H
#define OAE_BASE_ZSTD_H

#include <stdint.h>

#include "base/status.h"

/* Largest window that is accepted: what a decoder must hold in memory. */
#define OAE_ZSTD_WINDOW_LOG_MAX 23 /* 8 MiB */

/* One frame with its content's size and checksum. */
enum oae_status oae_zstd_compress(const char *from, const char *to,
				  struct oae_error *err);
/*
 * The single frame of `from` into a new file `to`, in blocks: nothing is
 * allocated by what the frame claims. More than bytes_max, or more than
 * line_max without a line end, is OAE_ERR_LIMIT at that point; a frame
 * that is torn, damaged, followed by something or needs a larger window is
 * OAE_ERR_FORMAT. `to` is removed after a failure.
 */
enum oae_status oae_zstd_expand(const char *from, const char *to,
				uint64_t bytes_max, uint64_t line_max,
				struct oae_error *err);

#endif
