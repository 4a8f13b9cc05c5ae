/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waking up on time while requests are sent: timers without the slack (50 us
 * are usual) that the kernel adds to spare the processor. Children would
 * inherit it, so it is for the time in which none is started. Shorter slices
 * (sched_setattr) were tried and made the late ones later.
 */
#ifndef OAE_HARNESS_PRECISE_H
#define OAE_HARNESS_PRECISE_H

void oae_precise_begin(void);
void oae_precise_end(void);

#endif
