/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where each field of interface 1.0 lies, for ever. Compiled with the header in force and with the
 * frozen one, for 64 and 32 bits: a change that moves a field does not compile. W counts words of
 * the machine, so one table holds for both.
 */
#include <acme-plugin.h>

#define W sizeof(void *)
#define AT(type, field, where) \
    _Static_assert(offsetof(struct type, field) == (where), #type "." #field " has moved")
/* Structures grow at their end only: never smaller than they were. */
#define AT_LEAST(type, size_) _Static_assert(sizeof(struct type) >= (size_), #type " has shrunk")

AT(acme_call, host, 0);
AT_LEAST(acme_call, W);

AT(acme_plugin_option, name, 0);
AT(acme_plugin_option, fallback, W);
AT(acme_plugin_option, help, 2 * W);
AT(acme_plugin_option, env, 3 * W);
AT(acme_plugin_option, choices, 4 * W);
AT(acme_plugin_option, type, 5 * W);
AT(acme_plugin_option, flags, 5 * W + 4);
AT_LEAST(acme_plugin_option, 5 * W + 8);

AT(acme_value, number, 0);
AT(acme_value, text, 8);
AT(acme_value, len, 8 + W);
AT_LEAST(acme_value, 8 + 2 * W);

AT(acme_open, size, 0);
AT(acme_open, n_values, 4);
AT(acme_open, value_size, 8);
AT(acme_open, reserved, 12);
AT(acme_open, values, 16);
AT(acme_open, instance, 16 + W);
AT_LEAST(acme_open, 16 + 2 * W);

AT(acme_record, size, 0);
AT(acme_record, ttl_s, 4);
AT(acme_record, type, 8);
AT(acme_record, flags, 12);
AT(acme_record, fqdn, 16);
AT(acme_record, zone, 16 + W);
AT(acme_record, value, 16 + 2 * W);
AT(acme_record, value_len, 16 + 3 * W);
AT(acme_record, receipt, 16 + 4 * W);
AT(acme_record, receipt_len, 16 + 5 * W);
AT(acme_record, identifier, 16 + 6 * W);
AT(acme_record, token, 16 + 7 * W);
AT(acme_record, key_authorization, 16 + 8 * W);
AT(acme_record, reserved, 16 + 9 * W);
AT_LEAST(acme_record, 16 + 10 * W);

AT(acme_change, size, 0);
AT(acme_change, what, 4);
AT(acme_change, record, 8);
AT(acme_change, reserved, 8 + W);
AT_LEAST(acme_change, 8 + 2 * W);

AT(acme_host, size, 0);
AT(acme_host, minor, 4);
AT(acme_host, core_version, 8);
AT(acme_host, log, 8 + W);
AT(acme_host, fail, 8 + 2 * W);
AT(acme_host, receipt, 8 + 3 * W);
AT(acme_host, done, 8 + 4 * W);
AT(acme_host, zone, 8 + 5 * W);
AT(acme_host, ms_left, 8 + 6 * W);
AT(acme_host, sleep_ms, 8 + 7 * W);
AT_LEAST(acme_host, 8 + 8 * W);

AT(acme_plugin, size, 0);
AT(acme_plugin, minor, 4);
AT(acme_plugin, needs, 8);
AT(acme_plugin, serial, 12);
AT(acme_plugin, traits, 16);
AT(acme_plugin, n_options, 20);
AT(acme_plugin, option_size, 24);
AT(acme_plugin, min_ttl_s, 28);
AT(acme_plugin, propagation_timeout_s, 32);
AT(acme_plugin, poll_interval_s, 36);
AT(acme_plugin, settle_s, 40);
AT(acme_plugin, call_timeout_s, 44);
AT(acme_plugin, name, 48);
AT(acme_plugin, version, 48 + W);
AT(acme_plugin, summary, 48 + 2 * W);
AT(acme_plugin, options, 48 + 3 * W);
AT(acme_plugin, check, 48 + 4 * W);
AT(acme_plugin, open, 48 + 5 * W);
AT(acme_plugin, close, 48 + 6 * W);
AT(acme_plugin, add, 48 + 7 * W);
AT(acme_plugin, remove, 48 + 8 * W);
AT(acme_plugin, apply, 48 + 9 * W);
AT(acme_plugin, settled, 48 + 10 * W);
AT(acme_plugin, zones, 48 + 11 * W);
AT_LEAST(acme_plugin, 48 + 12 * W);

/* Numbers that are in the field for ever. */
_Static_assert(ACME_OK == 0 && ACME_RETRY == 100 && ACME_DENIED == 101 && ACME_NO_ZONE == 102 &&
                   ACME_REJECTED == 103 && ACME_BAD_CONFIG == 104 && ACME_UNSUPPORTED == 105 &&
                   ACME_CANCELLED == 106 && ACME_BUG == 107,
               "a status has changed");
_Static_assert(ACME_OPTION_STRING == 0 && ACME_OPTION_INT == 1 && ACME_OPTION_BOOL == 2 &&
                   ACME_OPTION_DURATION == 3 && ACME_OPTION_PATH == 4 && ACME_OPTION_FILE == 5 &&
                   ACME_OPTION_HOSTPORT == 6 && ACME_OPTION_CHOICE == 7,
               "an option's type has changed");
_Static_assert(ACME_OPTION_REQUIRED == 1 && ACME_OPTION_SECRET == 2 && ACME_OPTION_REPEAT == 4 &&
                   ACME_OPTION_GROUP == 8 && ACME_RECORD_WILDCARD == 1 && ACME_RECORD_TXT == 16 &&
                   ACME_ADD == 1 && ACME_REMOVE == 2,
               "a flag has changed");
_Static_assert(ACME_SERIAL_PLUGIN == 0 && ACME_SERIAL_ZONE == 1 && ACME_SERIAL_FREE == 2 &&
                   ACME_TRAIT_MULTI_VALUE == 1 && ACME_TRAIT_BATCH_ANY_ZONE == 2 &&
                   ACME_TRAIT_SERVES == 4,
               "a trait has changed");
