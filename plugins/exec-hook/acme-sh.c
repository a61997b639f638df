/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The dnsapi scripts of acme.sh: where the acme.sh of a script is, and what can be told from its
 * text. Nothing of it is run here.
 */
#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (256 * 1024) /* the longest of acme.sh's own has 30 KiB */

char *acme_sh_beside(const char *script)
{
    static const char name[] = "/acme.sh";
    size_t len = strlen(script);
    char *path = NULL;

    for (int i = 0; i < 2; i++) {
        while (len > 0 && script[len - 1] != '/') {
            len--;
        }
        while (len > 0 && script[len - 1] == '/') {
            len--;
        }
    }
    path = malloc(len + sizeof(name));
    if (path != NULL) {
        memcpy(path, script, len);
        memcpy(path + len, name, sizeof(name));
    }
    return path;
}

/* The name becomes that of shell functions. */
bool acme_sh_is_script(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *name = strrchr(path, '/') + 1;

    return strncmp(name, "dns_", 4) == 0 && strspn(name, letters) + 3 == strlen(name) &&
           strcmp(name + strlen(name) - 3, ".sh") == 0;
}

static char *read_script(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file == NULL ? NULL : malloc(SCRIPT_MAX + 1);

    if (text != NULL) {
        text[fread(text, 1, SCRIPT_MAX, file)] = '\0';
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

/* The body of a function that is written as acme.sh's are, up to the line that begins with its
 * closing brace. NULL: there is none. Changes text. */
static char *find_function(char *text, const char *name)
{
    size_t len = strlen(name);

    for (char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (strncmp(line, name, len) == 0 && line[len + strspn(line + len, " ")] == '(') {
            char *end = strstr(line, "\n}");

            if (end != NULL) {
                *end = '\0';
            }
            return line;
        }
    }
    return NULL;
}

bool acme_sh_removes_by_name(const char *script)
{
    static const char *const uses[] = {"$2", "${2", "$@", "$*", "shift"};
    const char *base = strrchr(script, '/') + 1;
    char name[NAME_MAX + 8];
    char *text = read_script(script);
    const char *body = NULL;
    bool is_by_name = false;

    (void)snprintf(name, sizeof(name), "%.*s_rm", (int)(strlen(base) - strlen(".sh")), base);
    body = text == NULL ? NULL : find_function(text, name);
    is_by_name = body != NULL;
    for (size_t i = 0; is_by_name && i < sizeof(uses) / sizeof(uses[0]); i++) {
        is_by_name = strstr(body, uses[i]) == NULL;
    }
    free(text);
    return is_by_name;
}
