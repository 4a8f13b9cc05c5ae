/* SPDX-License-Identifier: Apache-2.0 */
/* `oae doctor`'s page for people. */
#ifndef OAE_HARNESS_CMD_DOCTOR_TEXT_H
#define OAE_HARNESS_CMD_DOCTOR_TEXT_H

#include "base/buf.h"
#include "harness/doctor.h"

/* At most `columns` wide, but for commands, which stay whole to be pasted. */
void oae_doctor_print(const struct oae_doctor *d, struct oae_buf *b,
		      int columns);

#endif
