// SPDX-FileCopyrightText: 2026 the acme-dns authors
// SPDX-License-Identifier: MIT
//
// Calls Cloudflare's own client: node official.js BASE-URL < STEPS, a JSON list of [options of the client, method,
// arguments]. "$0.id" in arguments is the id that step 0 led to. Prints what each step led to: its result (of a list:
// all items, over all pages), or {"failed": [HTTP status, error codes]}.
"use strict";

const Cloudflare = require("cloudflare");

function filled(value, results) {
    const text = JSON.stringify(value).replace(/"\$(\d+)\.([\w.]+)"/g, (_, step, path) =>
        JSON.stringify(path.split(".").reduce((at, key) => at[key], results[step])));
    return JSON.parse(text);
}

async function run(client, method, args) {
    const path = method.split(".");
    const name = path.pop();
    const resource = path.reduce((at, part) => at[part], client);
    try {
        if (name !== "list") {
            return await resource[name](...args);
        }
        const items = [];
        for await (const item of resource.list(...args)) {
            items.push(item);
        }
        return items;
    } catch (error) {
        return {failed: [error.status, (error.errors || []).map((e) => e.code)]};
    }
}

async function main() {
    const results = [];
    for (const [options, method, args] of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
        const client = new Cloudflare({apiToken: null, apiKey: null, apiEmail: null, maxRetries: 0,
                                       baseURL: process.argv[2], ...options});
        results.push(await run(client, method, filled(args, results)));
    }
    console.log(JSON.stringify(results));
}

main();
