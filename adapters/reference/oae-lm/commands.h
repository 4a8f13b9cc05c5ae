/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `oae-lm`. A command gets its own name as argv[0], prints
 * data on stdout and messages on stderr, and returns a process exit code
 * (enum oae_exit).
 */
#ifndef OAE_REFERENCE_OAE_LM_COMMANDS_H
#define OAE_REFERENCE_OAE_LM_COMMANDS_H

int oae_lm_train(int argc, char **argv);
int oae_lm_eval(int argc, char **argv);
int oae_lm_generate(int argc, char **argv);
int oae_lm_speculate(int argc, char **argv);
int oae_lm_quantize(int argc, char **argv);
int oae_lm_synth(int argc, char **argv);
int oae_lm_info(int argc, char **argv);
int oae_lm_tokenize(int argc, char **argv);
int oae_lm_bench(int argc, char **argv);

#endif
