/* SPDX-License-Identifier: Apache-2.0 */
/* Time: CLOCK_MONOTONIC in nanoseconds for measuring, UTC text for people. */
#ifndef OAE_BASE_CLOCK_H
#define OAE_BASE_CLOCK_H

#include <stdint.h>

#define OAE_UTC_TEXT 32

uint64_t oae_clock_ns(void);
/* Returns at or just after the moment: sleeps, then spins the last 50 us. */
void oae_clock_sleep_until(uint64_t due_ns);
/* "2026-11-23T08:24:21Z" now. */
void oae_clock_utc(char out[OAE_UTC_TEXT]);

#endif
