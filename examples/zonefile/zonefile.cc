/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* zonefile: a plug-in in C++, without the kit. It keeps the values as lines of a file that a zone
 * takes in by $INCLUDE; your server has to notice that the file changed. */
#include <acme-plugin.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

const acme_plugin_option options[] = {
    {"folder", nullptr, "Where acme.zone is kept", nullptr, nullptr, ACME_OPTION_PATH,
     ACME_OPTION_REQUIRED},
};

using Lines = std::vector<std::string>;

/* A file that cannot be read is not an empty one: what it holds would be written over. */
Lines load(const std::string &path)
{
    errno = 0;
    std::ifstream file(path);
    Lines lines;

    if (!file && errno != ENOENT) {
        throw std::runtime_error(path + " cannot be read");
    }
    for (std::string line; file && std::getline(file, line);) {
        lines.push_back(line);
    }
    if (file.bad()) {
        throw std::runtime_error(path + " cannot be read to its end");
    }
    return lines;
}

int32_t change(acme_call *call, void *instance, const acme_record *record, bool adds) noexcept
try {
    const std::string path = *static_cast<std::string *>(instance) + "/acme.zone";
    const std::string value(static_cast<const char *>(record->value), record->value_len);
    const std::string line = std::string(record->fqdn) + " 60 IN TXT \"" + value + "\"";
    Lines lines = load(path);

    if (value.find_first_of("\"\\\n") != std::string::npos) {
        return acme_fail(call, ACME_UNSUPPORTED, 0, "a value that would need escapes");
    }
    lines.erase(std::remove(lines.begin(), lines.end(), line), lines.end());
    if (adds) {
        lines.push_back(line);
    }
    std::ofstream file(path + ".new");
    for (const std::string &each : lines) {
        file << each << '\n';
    }
    file.close();
    if (!file || std::rename((path + ".new").c_str(), path.c_str()) != 0) {
        return acme_fail(call, ACME_RETRY, 0, "%s cannot be written", path.c_str());
    }
    return ACME_OK;
} catch (const std::exception &e) { /* none may leave a callback */
    return acme_fail(call, ACME_BUG, 0, "%s", e.what());
}

acme_plugin describe()
{
    acme_plugin p = acme_plugin_head();

    p.name = "zonefile";
    p.version = "1.0.0";
    p.summary = "A file that a zone includes";
    p.traits = ACME_TRAIT_MULTI_VALUE;
    p.options = options;
    p.n_options = 1;
    p.open = [](acme_call *, const acme_open *o, void **ret_instance) -> int32_t {
        *ret_instance = new std::string(acme_value_at(o, 0)->text);
        return ACME_OK;
    };
    p.close = [](acme_call *, void *instance) { delete static_cast<std::string *>(instance); };
    p.add = [](acme_call *call, void *instance, const acme_record *record) {
        return change(call, instance, record, true);
    };
    p.remove = [](acme_call *call, void *instance, const acme_record *record) {
        return change(call, instance, record, false);
    };
    return p;
}

} // namespace

ACME_PLUGIN_EXPORT const acme_plugin *acme_plugin_v1(void)
{
    static const acme_plugin description = describe();

    return &description;
}
