// SPDX-FileCopyrightText: 2026 the acme-dns authors
// SPDX-License-Identifier: MIT
//
// Signs requests with @smithy/signature-v4, for route53.py to compare with what arrived. One JSON object a line:
//     {method, path, query: {name: [values]}, headers, body, service, region, date, keys: {id, secret, token}}
// where headers are the signed ones; the reply is {"authorization": TEXT} or {"error": TEXT}.
"use strict";
const readline = require("readline");
const { SignatureV4 } = require("@smithy/signature-v4");
const { HttpRequest } = require("@smithy/protocol-http");
const { Sha256 } = require("@aws-crypto/sha256-js");

async function sign(asked) {
    const signer = new SignatureV4({
        service: asked.service,
        region: asked.region,
        sha256: Sha256,
        applyChecksum: false,
        credentials: {
            accessKeyId: asked.keys.id,
            secretAccessKey: asked.keys.secret,
            sessionToken: asked.keys.token || undefined,
        },
    });
    const request = new HttpRequest({
        method: asked.method,
        protocol: "https:",
        hostname: asked.headers.host,
        path: asked.path,
        query: asked.query,
        headers: asked.headers,
        body: asked.body,
    });
    const signed = await signer.sign(request, { signingDate: new Date(asked.date) });
    return { authorization: signed.headers.authorization };
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
    let answer;
    try {
        answer = await sign(JSON.parse(line));
    } catch (error) {
        answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
});
