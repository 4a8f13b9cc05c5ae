/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GGUF file with nothing but a vocabulary, made from a tokenizer.json of
 * Hugging Face's tokenizers, so that two engines can read the same one.
 */
#ifndef OAE_TESTS_PEER_VOCAB_FILE_H
#define OAE_TESTS_PEER_VOCAB_FILE_H

#include "base/status.h"

/*
 * pre: the pre-split of a byte-level vocabulary, "" to name none, or "spm"
 * for one of SentencePiece, whose scores follow from the order of its ids.
 */
enum oae_status vocab_file_write(const char *json, const char *pre,
				 const char *to, struct oae_error *err);

#endif
