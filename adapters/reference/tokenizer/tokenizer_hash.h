/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing under a key that nobody knows before: whoever writes a vocabulary
 * cannot choose entries that fall on each other, so that a table of n entries
 * is built in n steps. Products of 64 by 64 bits, their halves folded, as
 * in wyhash (Wang Yi 2019). Nothing but time depends on the key.
 */
#ifndef OAE_REFERENCE_TOKENIZER_HASH_H
#define OAE_REFERENCE_TOKENIZER_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct oae_hash_key {
	uint64_t start, factor;
};

/* Random; where the system has none to give, from the clock and addresses. */
void oae_hash_key_init(struct oae_hash_key *k);

static inline uint64_t oae_hash_fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t oae_hash_load(const uint8_t *s, size_t n)
{
	uint32_t low, high;
	uint64_t word;

	if (n >= 8) {
		memcpy(&word, s, 8);
		return word;
	}
	if (n >= 4) { /* they overlap */
		memcpy(&low, s, 4);
		memcpy(&high, s + n - 4, 4);
		return low | (uint64_t)high << 32;
	}
	return n ? (uint64_t)s[0] | (uint64_t)s[n / 2] << 8 |
			       (uint64_t)s[n - 1] << 16 :
		   0;
}

static inline size_t oae_hash_bytes(const struct oae_hash_key *k,
				    const uint8_t *s, size_t n)
{
	uint64_t h = k->start + n;

	for (; n > 8; n -= 8, s += 8)
		h = oae_hash_fold(h ^ oae_hash_load(s, 8), k->factor);
	return (size_t)oae_hash_fold(h ^ oae_hash_load(s, n), k->factor);
}

static inline size_t oae_hash_pair(const struct oae_hash_key *k, int32_t left,
				   int32_t right)
{
	uint64_t both = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;

	return (size_t)oae_hash_fold(k->start ^ both, k->factor);
}

#endif
