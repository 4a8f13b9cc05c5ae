/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the adapter protocol, version 1, and its limits: what both
 * sides share. Their meaning stands in adapters/PROTOCOL.md. This is the
 * only header of adapters/ that the harness includes.
 */
#ifndef OAE_ADAPTERS_SDK_PROTOCOL_H
#define OAE_ADAPTERS_SDK_PROTOCOL_H

#include "base/limits.h"

#define OAE_PROTOCOL_VERSION 1

/* Message types, harness -> adapter. */
#define OAE_MSG_HELLO "hello"
#define OAE_MSG_SUBMIT "submit"
#define OAE_MSG_LEARN "learn"
#define OAE_MSG_SCORE "score"
#define OAE_MSG_CANCEL "cancel"
#define OAE_MSG_CLOSE "close"

/* Message types, adapter -> harness. */
#define OAE_MSG_READY "ready"
#define OAE_MSG_TOKEN "token"
#define OAE_MSG_DONE "done"
#define OAE_MSG_SCORED "scored"
#define OAE_MSG_LEARNED "learned"
#define OAE_MSG_ERROR "error"
#define OAE_MSG_BYE "bye"

/* Codes of an "error". */
#define OAE_CODE_UNSUPPORTED "unsupported" /* well-formed, not for us */
#define OAE_CODE_BAD_REQUEST "bad_request" /* the message is wrong */
#define OAE_CODE_MODEL "model"		   /* a model is missing or broken */
#define OAE_CODE_LIMIT "limit"		   /* larger than a stated limit */
#define OAE_CODE_INTERNAL "internal"	   /* the adapter's own failure */

/* Reasons in a "done". */
#define OAE_DONE_STOP "stop"	 /* the model or a stop string ended it */
#define OAE_DONE_LENGTH "length" /* max_tokens reached */
#define OAE_DONE_CANCELLED "cancelled"

/* Kinds of a "learn". */
#define OAE_LEARN_DOCUMENTS "documents"
#define OAE_LEARN_EXAMPLES "examples"

/* Limits; a line is at most OAE_LINE_BYTES_MAX without its newline. */
#define OAE_PROTOCOL_IN_FLIGHT_MAX 1024u
#define OAE_PROTOCOL_STOPS_MAX 16u
#define OAE_PROTOCOL_STOP_BYTES_MAX 256u
#define OAE_PROTOCOL_TOKEN_BYTES_MAX 65536u /* text of one token */
#define OAE_PROTOCOL_TOP_K_MAX 1000000u
#define OAE_PROTOCOL_TEMPERATURE_MAX 100
#define OAE_PROTOCOL_MESSAGE_BYTES_MAX 480u /* an error's message */
#define OAE_PROTOCOL_COALESCE_NS 1000000u

/* Times that the harness grants before it acts (see PROTOCOL.md, "Time"). */
#define OAE_PROTOCOL_READY_MS 120000   /* spawn -> "ready" */
#define OAE_PROTOCOL_REQUEST_MS 120000 /* without an event while in flight */
#define OAE_PROTOCOL_CANCEL_MS 5000    /* "cancel" -> "done" */
#define OAE_PROTOCOL_CLOSE_MS 10000    /* "close" -> "bye" and exit */

#endif
