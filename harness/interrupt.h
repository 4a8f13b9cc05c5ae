/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP as a wish that long work asks for. */
#ifndef OAE_HARNESS_INTERRUPT_H
#define OAE_HARNESS_INTERRUPT_H

#include <signal.h>

/* The signal that came, or 0. */
extern volatile sig_atomic_t oae_interrupted;

/*
 * From now on the first signal sets oae_interrupted, so that work ends in
 * order; the second is the system's default.
 */
void oae_interrupt_catch(void);

#endif
