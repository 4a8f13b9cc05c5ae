/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every size that outside data can influence has its cap here, by name.
 * Units are in the names; a cap is inclusive. Exceeding one is
 * OAE_ERR_LIMIT with the cap's meaning in the message, never a truncation.
 */
#ifndef OAE_BASE_LIMITS_H
#define OAE_BASE_LIMITS_H

#define OAE_JSON_DEPTH_MAX 64
#define OAE_JSON_FILE_BYTES_MAX (64u << 20)
#define OAE_LINE_BYTES_MAX (4u << 20) /* one protocol line */
#define OAE_JOURNAL_BYTES_MAX (1ull << 32)
#define OAE_JOURNAL_LINE_BYTES_MAX (16u << 20)
#define OAE_JOURNAL_LINES_MAX 10000000u
#define OAE_PROMPT_BYTES_MAX (1u << 20)
#define OAE_ANSWER_BYTES_MAX (1u << 20)
#define OAE_ITEMS_MAX 100000u /* items of one workload */
#define OAE_SYSTEMS_MAX 64u   /* systems of one campaign */
#define OAE_WORKLOADS_MAX 64u
#define OAE_RUNS_MAX 100000u
#define OAE_REQUESTS_PER_RUN_MAX 1000000u
#define OAE_TOKENS_PER_ANSWER_MAX 65536u
#define OAE_TABLE_ROWS_MAX 10000u
#define OAE_TEXT_FILE_BYTES_MAX (64u << 20)
#define OAE_PATH_BYTES_MAX 4096u
#define OAE_NAME_BYTES_MAX 128u
#define OAE_CHANNELS_MAX 128u /* sensor channels of one run */

/* A submission is somebody else's: what is looked at of it at all. */
#define OAE_SUBMISSION_FILES_MAX 4096u /* files and folders */
#define OAE_SUBMISSION_BYTES_MAX (1ull << 30)
#define OAE_SUBMISSION_FILE_BYTES_MAX (256u << 20)
#define OAE_SUBMISSION_JOURNAL_BYTES_MAX (1ull << 30) /* expanded */
#define OAE_SUBMISSION_PATH_BYTES_MAX 240u
#define OAE_SUBMISSION_DEPTH_MAX 12u /* folders above a file */
#define OAE_SIGNATURE_BYTES_MAX 65536u

#endif
