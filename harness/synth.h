/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of random weights for the scale step: large, made by the adapter's
 * own "synth" command, kept in the user's cache between campaigns.
 */
#ifndef OAE_HARNESS_SYNTH_H
#define OAE_HARNESS_SYNTH_H

#include <stddef.h>

#include "harness/campaign.h"

/*
 * The path of a file for that scale step, made now if it is not in
 * ${XDG_CACHE_HOME:-~/.cache}/oae/synth. OAE_ERR_UNSUPPORTED: the adapter
 * makes none; any other failure too means that the step is skipped, and the
 * error says why.
 */
enum oae_status oae_synth_file(const struct oae_campaign_system *s,
			       const struct oae_suite_scale *scale, char *out,
			       size_t out_size, struct oae_error *err);

#endif
