/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct xml *parse(const char *text)
{
    const char *why = NULL;

    return xml_parse(text, strlen(text), &why);
}

static void assert_refused(const char *text, const char *words)
{
    const char *why = "";

    assert_null(xml_parse(text, strlen(text), &why));
    assert_non_null(strstr(why, words));
}

static void elements_are_found_by_path(void **state)
{
    struct xml *root =
        parse("<?xml version=\"1.0\"?>\n<r xmlns=\"urn:x\" xmlns:n=\"urn:y\">\n <a>1</a>"
              "<b><c>2</c><c x=\"y\">3 &lt;&#65;</c><d/></b><n:e> 4 </n:e></r>");

    (void)state;
    assert_string_equal(root->name, "r");
    assert_string_equal(xml_text(root, "a"), "1");
    assert_string_equal(xml_text(root, "b/c"), "2");
    assert_string_equal(xml_next(xml_find(root, "b/c"), "c")->text, "3 <A");
    assert_null(xml_next(xml_next(xml_find(root, "b/c"), "c"), "c"));
    assert_string_equal(xml_text(root, "b/d"), "");
    assert_string_equal(xml_text(root, "e"), " 4 "); /* byte for byte */
    assert_null(xml_text(root, "b"));                /* it has children */
    assert_null(xml_text(root, "b/x"));
    assert_null(xml_find(NULL, "a"));
    xml_free(root);
}

static void what_is_no_such_document_is_refused(void **state)
{
    (void)state;
    assert_refused("", "no element");
    assert_refused("<a><b></a>", "mismatched");
    assert_refused("<a>cut of", "no element");
    assert_refused("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "document type");
    assert_refused("<a>&x;</a>", "undefined entity");
    assert_refused("<a>\xff</a>", "not well-formed");
}

static void too_deep_or_too_many_is_refused(void **state)
{
    static const char MANY[] = "<b/>";
    size_t size = sizeof(MANY) * ((size_t)XML_ELEMENTS_MAX + 4);
    char *many = calloc(1, size);
    char text[32 * (XML_DEPTH_MAX + 2)] = "";

    (void)state;
    assert_non_null(many);
    for (int i = 0; i <= XML_DEPTH_MAX; i++) {
        strncat(text, "<a>", sizeof(text) - strlen(text) - 1);
    }
    assert_refused(text, "too deep");
    memcpy(many, "<a>", 3);
    for (size_t i = 0; i < XML_ELEMENTS_MAX; i++) {
        memcpy(many + 3 + i * 4, MANY, 4);
    }
    memcpy(many + 3 + (size_t)XML_ELEMENTS_MAX * 4, "</a>", 4);
    assert_refused(many, "too many");
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_found_by_path),
        cmocka_unit_test(what_is_no_such_document_is_refused),
        cmocka_unit_test(too_deep_or_too_many_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
