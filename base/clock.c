/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define SPIN_NS 50000u

uint64_t oae_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void oae_clock_sleep_until(uint64_t due_ns)
{
	struct timespec t;
	uint64_t wake_ns;

	if (due_ns > SPIN_NS && oae_clock_ns() < due_ns - SPIN_NS) {
		wake_ns = due_ns - SPIN_NS;
		t.tv_sec = (time_t)(wake_ns / 1000000000u);
		t.tv_nsec = (long)(wake_ns % 1000000000u);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
				       NULL) == EINTR)
			;
	}
	while (oae_clock_ns() < due_ns)
		;
}

void oae_clock_utc(char out[OAE_UTC_TEXT])
{
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(out, OAE_UTC_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}
