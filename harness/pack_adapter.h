/* SPDX-License-Identifier: Apache-2.0 */
/* The adapters' own files in a submission. */
#ifndef OAE_HARNESS_PACK_ADAPTER_H
#define OAE_HARNESS_PACK_ADAPTER_H

#include "harness/pack.h"

/*
 * STAGE/adapter/NAME/ for each adapter of the campaign: what lies in its
 * folder but models (named by hash in the bill), hidden files and links.
 * OAE_ERR_USAGE when the folder's manifest is not the measured one.
 */
enum oae_status oae_pack_adapters(struct oae_pack *p,
				  const struct oae_records *r,
				  struct oae_error *err);
/* Of pack.c: a file to STAGE/to, folders made as needed. */
enum oae_status oae_pack_copy(const struct oae_pack *p, const char *from,
			      const char *to, struct oae_error *err);

#endif
