/* SPDX-License-Identifier: Apache-2.0 */
/* What a model read for a token and how experts were chosen, in print. */
#ifndef OAE_REFERENCE_OAE_LM_TRAFFIC_H
#define OAE_REFERENCE_OAE_LM_TRAFFIC_H

#include "adapters/reference/model/model.h"
#include "base/buf.h"
#include "base/json.h"

/*
 * Lines that begin with `what` ("the answer"). A token is a row: with
 * speculation also one that was drafted and rejected.
 */
void oae_lm_traffic_text(struct oae_buf *out, const char *what,
			 const struct oae_model *m,
			 const struct oae_traffic *t);
/* An object; what cannot be known (no rows, no experts) is null. */
void oae_lm_traffic_json(struct oae_jw *w, const char *key,
			 const struct oae_model *m,
			 const struct oae_traffic *t);
/* How even the use of experts is: uses as of oae_state_expert_uses(). */
void oae_lm_uses_text(struct oae_buf *out, const struct oae_model *m,
		      const uint64_t *uses);
void oae_lm_uses_json(struct oae_jw *w, const char *key,
		      const struct oae_model *m, const uint64_t *uses);

#endif
