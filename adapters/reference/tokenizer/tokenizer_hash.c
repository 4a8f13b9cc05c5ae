/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/tokenizer/tokenizer_hash.h"

#include <sys/random.h>
#include <time.h>

void oae_hash_key_init(struct oae_hash_key *k)
{
	struct timespec now = { 0 };

	if (getrandom(k, sizeof(*k), GRND_NONBLOCK) != (ssize_t)sizeof(*k)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		k->start = (uint64_t)now.tv_nsec << 32 ^ (uintptr_t)k;
		k->factor = oae_hash_fold(k->start ^ (uintptr_t)&now,
					  0x9e3779b97f4a7c15u);
	}
	k->factor |= 1;
}
