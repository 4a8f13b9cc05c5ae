/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/presets.h"

#include <string.h>

/* Copying first, then looking up among more and more notices. */
static const struct oae_train_stage from_nothing[] = {
	{ .mix = { { "echo", 0.5 }, { "recall", 0.5 } },
	  .gate = "recall", .solved = 0.7, .until = 0.15 },
	{ .mix = { { "echo", 0.05 }, { "recall", 0.25 },
		   { "notices_1", 0.2 }, { "notices_2", 0.5 } },
	  .gate = "notices_2", .solved = 0.9, .until = 0.3 },
	{ .mix = { { "recall", 0.1 }, { "notices_1", 0.05 },
		   { "notices_2", 0.15 }, { "notices_4", 0.35 },
		   { "sums", 0.15 }, { "letters", 0.1 }, { "facts", 0.05 },
		   { "refusals", 0.05 } },
	  .gate = "notices_4", .solved = 0.9, .until = 0.5 },
	{ .mix = { { "recall", 0.05 }, { "notices_1", 0.03 },
		   { "notices_2", 0.07 }, { "notices_4", 0.2 },
		   { "notices_8", 0.15 }, { "notices_16", 0.03 },
		   { "sums", 0.17 }, { "letters", 0.13 },
		   { "facts", 0.1 }, { "refusals", 0.07 } },
	  .until = 0.6 },
	{ .mix = { { "recall", 0.03 }, { "notices_1", 0.03 },
		   { "notices_2", 0.05 }, { "notices_4", 0.16 },
		   { "notices_8", 0.12 }, { "notices_16", 0.04 },
		   { "sums", 0.28 }, { "letters", 0.14 },
		   { "facts", 0.09 }, { "refusals", 0.06 } } },
};

#define RATES { .muon_lr = 0.02f, .muon_momentum = 0.95f, \
		.muon_decay = 0.05f, .adam_lr = 3e-3f, \
		.adam_beta1 = 0.9f, .adam_beta2 = 0.98f, \
		.adam_decay = 0.0f, .orthogonal_steps = 5 }

const struct oae_train_preset oae_train_presets[] = {
	{
		.name = "target", .title = "Brookfield target",
		.about = "dense decoder, the baseline and the verifier",
		.shape = { .vocab = 1536, .dim = 192, .layers = 6, .heads = 6,
			   .head_dim = 32, .hidden = 512, .context = 1024,
			   .rope_base = 10000.0f, .eps = 1e-6f },
		.steps = 3600, .part_tokens = 1024, .parts = 4,
		.warm_steps = 50, .decay_from = 0.5, .final_rate = 0.03,
		.prompt_weight = 0.05f, .rates = RATES,
		.stages = from_nothing, .n_stages = 5,
		.tokenizer_docs = 500, .final_docs = 300,
	},
	{
		.name = "tiny", .title = "Brookfield tiny",
		.about = "learns nothing; for trying the trainer out",
		.shape = { .vocab = 512, .dim = 32, .layers = 2, .heads = 1,
			   .head_dim = 32, .hidden = 32, .context = 512,
			   .rope_base = 10000.0f, .eps = 1e-6f },
		.steps = 30, .part_tokens = 512, .parts = 3,
		.warm_steps = 5, .decay_from = 0.5, .final_rate = 0.03,
		.prompt_weight = 0.05f, .distill_share = 0.5f,
		.rates = RATES,
		.stages = from_nothing, .n_stages = 5,
		.tokenizer_docs = 20, .final_docs = 4,
	},
	{
		.name = "tiny-moe", .title = "Brookfield tiny mixture",
		.about = "the same as a mixture",
		.shape = { .vocab = 512, .dim = 32, .layers = 2, .heads = 1,
			   .head_dim = 32, .hidden = 32, .experts = 4, .used = 2,
			   .context = 512, .rope_base = 10000.0f, .eps = 1e-6f },
		.steps = 30, .part_tokens = 512, .parts = 3,
		.warm_steps = 5, .decay_from = 0.5, .final_rate = 0.03,
		.balance = 0.01f, .prompt_weight = 0.05f,
		.rates = RATES,
		.stages = from_nothing, .n_stages = 5,
		.tokenizer_docs = 20, .final_docs = 4,
	},
	{
		.name = "small", .title = "Brookfield small",
		.about = "dense decoder of about 1 M parameters, for trials",
		.shape = { .vocab = 1536, .dim = 128, .layers = 4, .heads = 4,
			   .head_dim = 32, .hidden = 352, .context = 1024,
			   .rope_base = 10000.0f, .eps = 1e-6f },
		.steps = 3000, .part_tokens = 1024, .parts = 4,
		.warm_steps = 50, .decay_from = 0.5, .final_rate = 0.03,
		.prompt_weight = 0.05f, .rates = RATES,
		.stages = from_nothing, .n_stages = 5,
		.tokenizer_docs = 500, .final_docs = 300,
	},
	{
		.name = "draft", .title = "Brookfield draft",
		.about = "dense decoder that drafts for the target",
		.shape = { .vocab = 1536, .dim = 64, .layers = 2, .heads = 2,
			   .head_dim = 32, .hidden = 192, .context = 1024,
			   .rope_base = 10000.0f, .eps = 1e-6f },
		.steps = 3000, .part_tokens = 1024, .parts = 4,
		.warm_steps = 50, .decay_from = 0.5, .final_rate = 0.03,
		.prompt_weight = 0.05f, .distill_share = 0.5f,
		.rates = RATES, .stages = from_nothing, .n_stages = 5,
		.tokenizer_docs = 500, .final_docs = 300,
	},
	{
		.name = "moe", .title = "Brookfield mixture",
		.about = "8 experts, 2 used: the target's active compute",
		.shape = { .vocab = 1536, .dim = 192, .layers = 6, .heads = 6,
			   .head_dim = 32, .hidden = 256, .experts = 8,
			   .used = 2, .context = 1024,
			   .rope_base = 10000.0f, .eps = 1e-6f },
		.steps = 800, .part_tokens = 1024, .parts = 8,
		.warm_steps = 20, .decay_from = 0.2, .final_rate = 0.03,
		.balance = 0.01f, .prompt_weight = 0.05f,
		.rates = { .muon_lr = 0.01f, .muon_momentum = 0.95f,
			   .muon_decay = 0.05f, .adam_lr = 2e-3f,
			   .adam_beta1 = 0.9f, .adam_beta2 = 0.98f,
			   .orthogonal_steps = 5 },
		.stages = from_nothing, .n_stages = 5,
		.tokenizer_docs = 500, .final_docs = 300,
	},
};
const size_t oae_train_preset_count =
	sizeof(oae_train_presets) / sizeof(oae_train_presets[0]);

const struct oae_train_preset *oae_train_preset(const char *name)
{
	for (size_t i = 0; i < oae_train_preset_count; i++)
		if (!strcmp(name, oae_train_presets[i].name))
			return &oae_train_presets[i];
	return NULL;
}
