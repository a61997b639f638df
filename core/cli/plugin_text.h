/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a plug-in says of itself: a line of a list, key=value lines, or JSON. */
#ifndef CLI_PLUGIN_TEXT_H
#define CLI_PLUGIN_TEXT_H

#include "base/buf.h"
#include "provider/describe.h"

/* "rfc2136        0.1.0     any server that takes dynamic updates" */
void plugin_format_line(const struct provider_description *plugin, struct buf *to);

/* key=value, a line each; an option's facts are option.NAME.FACT=value. */
void plugin_format_keys(const struct provider_description *plugin, struct buf *to);

/* "runs as nobody, Landlock 3, no new privileges": what holds, for a line of a report. */
void plugin_format_isolation(const struct provider_isolation *isolation, struct buf *to);

/* The same facts as an object of --json's kind "plugin", without a line feed; to mem_free. */
char *plugin_format_json(const struct provider_description *plugin, int64_t wall_s);

#endif
