/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `oae` and the functions that join them. A command gets
 * its own name as argv[0], prints data on stdout and messages on stderr,
 * and returns a process exit code (enum oae_exit).
 */
#ifndef OAE_HARNESS_COMMANDS_H
#define OAE_HARNESS_COMMANDS_H

#include "base/status.h"
#include "schema/record.h" /* OAE_VERSION */

int oae_cmd_run(int argc, char **argv);	      /* harness/cmd_run.c */
int oae_cmd_list(int argc, char **argv);      /* harness/cmd_list.c */
int oae_cmd_score(int argc, char **argv);     /* harness/cmd_score.c */
int oae_cmd_verify(int argc, char **argv);    /* harness/cmd_verify.c */
int oae_cmd_submit(int argc, char **argv);    /* harness/cmd_submit.c */
int oae_cmd_doctor(int argc, char **argv);    /* harness/cmd_doctor.c */
int oae_cmd_cost(int argc, char **argv);      /* harness/cmd_cost.c */
int oae_cmd_report(int argc, char **argv);    /* harness/cmd_report.c */
int oae_cmd_profile(int argc, char **argv);   /* harness/cmd_profile.c */
int oae_cmd_redact(int argc, char **argv);    /* harness/cmd_redact.c */
int oae_cmd_stress(int argc, char **argv);    /* harness/cmd_stress.c */
int oae_cmd_reproduce(int argc, char **argv); /* harness/cmd_reproduce.c */
int oae_cmd_setup(int argc, char **argv);     /* harness/cmd_setup.c */
int oae_cmd_board(int argc, char **argv);     /* harness/cmd_board.c */
int oae_cmd_compare(int argc, char **argv);   /* harness/cmd_compare.c */
int oae_cmd_effort(int argc, char **argv);    /* harness/cmd_effort.c */
int oae_cmd_tune(int argc, char **argv);      /* harness/cmd_tune.c */
int oae_cmd_trend(int argc, char **argv);     /* harness/cmd_trend.c */

int oae_cmd_validate(int argc, char **argv);

/*
 * What `oae run` calls at its end, and what `oae score DIR` and
 * `oae report DIR` are made of: DIR/result.json from DIR/journal.jsonl and
 * DIR/inputs; DIR/report/ from DIR/result.json. Both rewrite
 * DIR/SHA256SUMS. Nothing half-written stays under its final name.
 */
enum oae_status oae_score_run_dir(const char *dir, struct oae_error *err);
enum oae_status oae_report_run_dir(const char *dir, struct oae_error *err);

#endif
