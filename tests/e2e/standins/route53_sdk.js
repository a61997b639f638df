// SPDX-FileCopyrightText: 2026 the acme-dns authors
// SPDX-License-Identifier: MIT
//
// AWS's own client against the stand-in: node route53_sdk.js URL < calls. Each line of stdin is
//     [service, method, parameters, credentials]
// with credentials {id, secret, token}, "imds" or "container"; each of stdout {"ok": answer} or
// {"error": {code, message, status, retryable, retries}}.
"use strict";
const readline = require("readline");
const AWS = require("aws-sdk");

const url = process.argv[2];

function credentialsOf(asked) {
    if (asked === "imds") {
        return new AWS.EC2MetadataCredentials({ host: url.replace("http://", ""), httpOptions: { timeout: 5000 } });
    }
    if (asked === "container") {
        process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = url.replace("127.0.0.1", "localhost") + "/v2/credentials/task";
        return new AWS.ECSCredentials();
    }
    return new AWS.Credentials(asked.id, asked.secret, asked.token);
}

async function call([service, method, parameters, asked]) {
    const credentials = credentialsOf(asked);
    await credentials.getPromise();
    const client = new AWS[service]({
        endpoint: url, region: "us-east-1", credentials, maxRetries: 3, retryDelayOptions: { base: 10 },
    });
    const request = client[method](parameters);
    try {
        return { ok: await request.promise() };
    } catch (error) {
        return {
            error: {
                code: error.code, message: error.message, status: error.statusCode, retryable: error.retryable,
                retries: request.response.retryCount,
            },
        };
    }
}

(async () => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let answer;
        try {
            answer = await call(JSON.parse(line));
        } catch (error) {
            answer = { error: { code: error.code, message: String(error) } };
        }
        process.stdout.write(JSON.stringify(answer) + "\n");
    }
})();
