#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our tokenizers and libllama's on real vocabularies: SentencePiece, GPT-2,
# llama-3, qwen2 and two pre-splits more. `make test-peer` installs the peer
# and the vocabularies and runs this; without them it is skipped.
cd "$(dirname "$0")/../.." || exit 1
program=${OAE_BUILD:-build}/tests/tokenizers
if [ ! -x "$program" ]; then
	echo "1..0 # SKIP no $program"
	exit 0
fi
exec "$program"
