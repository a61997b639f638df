/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/config_text.h"

void config_text_tell(const struct config_error *error, enum event_level level)
{
    if (error->line == 0) {
        event_emit(level, EVENT_LOG, "", FIELD("text", error->err.text), FIELD("file", error->path),
                   FIELD("what", error->err.text + error->what));
        return;
    }
    event_emit(level, EVENT_LOG, "", FIELD("text", error->err.text), FIELD("file", error->path),
               FIELD_INT("line", error->line), FIELD_INT("column", error->column),
               FIELD("what", error->err.text + error->what));
}
