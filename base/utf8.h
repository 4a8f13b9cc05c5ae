/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629): no overlong forms, no surrogates, up to U+10FFFF. */
#ifndef OAE_BASE_UTF8_H
#define OAE_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Length in bytes (1..4) of the valid character at s, of which len bytes
 * can be read; 0 when it is invalid or cut off.
 */
size_t oae_utf8_length(const char *s, size_t len);
/* How many bytes at the beginning of s are whole valid characters. */
size_t oae_utf8_valid(const char *s, size_t len);
/* Writes a scalar value; returns the bytes written (1..4). */
size_t oae_utf8_encode(char out[4], uint32_t code);

#endif
