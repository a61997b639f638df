/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* plugin show: one fact a line for scripts, and the same facts as JSON. */
#include "cli/plugin_text.h"

/* Before cmocka, whose macro fail() would catch the host function of that name. */
#include "acme-plugin.h"

#include "../base/cmocka_all.h"
#include "base/json.h"
#include "base/mem.h"

/* A description with one option that has everything. */
struct fixture {
    struct provider_description plugin;
    struct provider_option option;
};

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){
        .plugin = {.path = str_dup("/usr/lib/acme-dns/plugins/demo.so"),
                   .name = str_dup("demo"),
                   .version = str_dup("1.2"),
                   .summary = str_dup("Nobody's DNS"),
                   .size = 144,
                   .serial = ACME_SERIAL_ZONE,
                   .traits = ACME_TRAIT_MULTI_VALUE,
                   .min_ttl_s = 60,
                   .call_timeout_s = 90,
                   .callbacks = PROVIDER_HAS_ADD | PROVIDER_HAS_REMOVE,
                   .n_options = 1,
                   .isolation = {.user = str_dup("_acme-dns"),
                                 .has_own_user = true,
                                 .landlock = 4,
                                 .has_no_new_privs = true}},
        .option = {.name = str_dup("token"),
                   .help = str_dup("What the provider gave you"),
                   .type = ACME_OPTION_STRING,
                   .flags = ACME_OPTION_SECRET | ACME_OPTION_REQUIRED},
    };
    strv_add(&f->option.env, "DEMO_TOKEN");
    strv_add(&f->option.env, "DEMO_KEY");
    f->plugin.options = &f->option;
}

static void fixture_done(struct fixture *f)
{
    mem_free(f->plugin.path);
    mem_free(f->plugin.name);
    mem_free(f->plugin.version);
    mem_free(f->plugin.summary);
    mem_free(f->plugin.isolation.user);
    mem_free(f->option.name);
    mem_free(f->option.help);
    strv_done(&f->option.env);
}

static void shows_one_fact_a_line(void **state)
{
    static const char *const LINES[] = {
        "name=demo\n",
        "version=1.2\n",
        "file=/usr/lib/acme-dns/plugins/demo.so\n",
        "interface=1.0\n",
        "serial=zone\n",
        "multi-value=yes\n",
        "serves=no\n",
        "has_add=yes\n",
        "has_apply=no\n",
        "min-ttl=60\n",
        "settle=0\n",
        "call-timeout=90\n",
        "interval=default\n",
        "propagation-timeout=default\n",
        "option.token.type=string\n",
        "option.token.secret=yes\n",
        "option.token.required=yes\n",
        "option.token.env=DEMO_TOKEN,DEMO_KEY\n",
        "option.token.help=What the provider gave you\n",
        "isolation.user=_acme-dns\n",
        "isolation.landlock=4\n",
        "isolation.no-new-privileges=yes\n",
        "isolation.not-dumpable=no\n",
    };
    AUTO(fixture_done) struct fixture f;
    AUTO(buf_done) struct buf text = BUF(1 << 16);

    (void)state;
    fixture_init(&f);
    plugin_format_keys(&f.plugin, &text);
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        assert_non_null(strstr(buf_str(&text), LINES[i]));
    }
    assert_null(strstr(buf_str(&text), "option.token.default"));
    assert_null(strstr(buf_str(&text), "option.token.repeat"));
}

/* Whatever key=value line there is has its member in the object, and the other way round for names.
 */
static void json_has_the_same_facts(void **state)
{
    AUTO(fixture_done) struct fixture f;
    AUTO(buf_done) struct buf text = BUF(1 << 16);
    AUTO(strv_done) struct strv lines = STRV_INIT;
    AUTO_FREE char *object = NULL;
    AUTO_PTR(json) struct json *json = NULL;
    struct err err = ERR_INIT;

    (void)state;
    fixture_init(&f);
    plugin_format_keys(&f.plugin, &text);
    object = plugin_format_json(&f.plugin, 1);
    assert_int_equal(json_parse(object, strlen(object), &json, &err), 0);
    strv_add_split(&lines, buf_str(&text), "\n");
    for (size_t i = 0; i < lines.n; i++) {
        AUTO_FREE char *key = str_dup_len(lines.items[i], strcspn(lines.items[i], "=."));

        assert_non_null(json_get(json, strcmp(key, "option") == 0 ? "options" : key));
    }
    assert_string_equal(json_get_str(json, "event"), "plugin");
    assert_string_equal(json_get_str(json, "time"), "1970-01-01T00:00:01Z");
    assert_string_equal(json_get_str(json_at(json_get(json, "options"), 0), "name"), "token");
    assert_true(json_get_bool(json_at(json_get(json, "options"), 0), "secret", false));
    assert_int_equal(json_len(json_get(json_at(json_get(json, "options"), 0), "env")), 2);
    assert_int_equal(json_get_int(json, "call-timeout", 0), 90);
    assert_int_equal(json_get_int(json, "interval", -1), -1);
    assert_int_equal(json_get_int(json_get(json, "isolation"), "landlock", 0), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_one_fact_a_line),
        cmocka_unit_test(json_has_the_same_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
