/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Keys for tests only. Those without a source were made for this file. */
#ifndef TESTS_KEYS_FIXTURES_H
#define TESTS_KEYS_FIXTURES_H

/* The key of RFC 7515 appendix A.3, as PKCS#8 and as SEC1. */
static const char rfc7515_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
    "-----END PRIVATE KEY-----\n";

static const char rfc7515_sec1_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char rfc7515_jwk[] =
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
    "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

static const char rfc7515_thumbprint[] = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";

/* A coordinate that begins with a zero byte. */
static const char short_p256_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n"
    "AAAAAAAAAAAAAAAAAAAAAAEAAGehRANCAAQAysjWZ21DprePQKMjZEteKJAD2M8X\n"
    "bb0oFLxQFtO5q3hRBRsU+2ObSbLFb3oF0EOqXcbT+lGZVGI+PHYtOpSH\n"
    "-----END PRIVATE KEY-----\n";

static const char short_p256_jwk[] =
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"AMrI1mdtQ6a3j0CjI2RLXiiQA9jPF229KBS8UBbTuas\",\"y\":"
    "\"eFEFGxT7Y5tJssVvegXQQ6pdxtP6UZlUYj48di06lIc\"}";

/* A coordinate that begins with a zero byte. */
static const char short_p384_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAAAAAAAAAAAAAAAAAA\n"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAACWhZANiAAQAWWu9bOL7\n"
    "AmYgCxaxeqJtBwK4kjQW+gU7WsEqtcJztMw88hpIQHqTlk5jhYla6DGqwSIyg4mL\n"
    "JXwgQGU9JhhuYYVsyS8HhuctLmMHv+ss7FP6YWKtmUbQpl7YItQ5+pI=\n"
    "-----END PRIVATE KEY-----\n";

static const char short_p384_jwk[] =
    "{\"crv\":\"P-384\",\"kty\":\"EC\",\"x\":\"AFlrvWzi-"
    "wJmIAsWsXqibQcCuJI0FvoFO1rBKrXCc7TMPPIaSEB6k5ZOY4WJWugx\",\"y\":"
    "\"qsEiMoOJiyV8IEBlPSYYbmGFbMkvB4bnLS5jB7_rLOxT-mFirZlG0KZe2CLUOfqS\"}";

/* RSA-2048 as PKCS#1; JWK and thumbprint by another implementation. */
static const char rsa_pem[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "MIIEogIBAAKCAQEAqL8upUxv1UU6QiVJ6ar7DgdMAWO5Sw6VGwArgobGjzakqJ6W\n"
                              "F/099UeaDNXmxc3FLkmt1Sff8POhaFPhV1DzfiTXulvo/Sc14uJqoYDWm9ywIox+\n"
                              "HEHq9qdSyh5IN3nFM45jmgAPloPJR1yD4/uV+WsyG8py+XYz6xjogu+3JsYZADAF\n"
                              "bFKzEi5GbrH7Ax5wEosMIolTA+hXdDUiqtLAgviZWY6n1dIBnkCZK/OLb7HT6u4O\n"
                              "hattaVCieoL11oXd+jCO0A6vjGhEYElLZ4dygZkP7/rewyfeXiTs+Ub3ClGl5VJ7\n"
                              "uON30+HzucjTSH+6TMltbcvaJ5+DkTyxy2l3AwIDAQABAoIBAD1CVl00v/6E6K7d\n"
                              "mZUF+KjxljKE8N3iF9ga+jCi289ez2zVUXi4+vahvTd+qY3ScwwoPD5/AMmYsFZO\n"
                              "6SXJIfP/zP7+4biRNPs+JeamfoJLnfeU2C1K8tEDEkeEscPN5XyfauIbtoz2H6pT\n"
                              "2B96FEpdE25KUu3j7togizwJaQxeU2Aew3FIanRIl61ebVKflYAzt0mXYmu2xYBB\n"
                              "oyS5W3X3NW0ma3BDqM2ONg9XDL0pX04stB4oHHEC3VczeBIAMUq9eu7tc2S7DNls\n"
                              "NbuTaNFrkMyHYRE7zCd7DY0ccyM5N9CwX9lEXkyszf1fv9qiQ90n7iBSB1hfOYZg\n"
                              "L/xiwxUCgYEA5EQOjqIJXQ3tHMjau6Z/XpoG7aGhBSKo7RPkmB4s8/lP4qTU2W7d\n"
                              "+WA70Tn5asELK5/S0R+8Sqww0aaJjperdHr6KqTRMkGrB7DmdlNW4zWI2VnFFeot\n"
                              "yXbqB2/gxmLFK9YK4rb2UNIO1hNzug0BY4chZ9bLXsQmTuNhvirdgQcCgYEAvT/a\n"
                              "3FPqZu3unz2QKJZgoDN15PR5lQqBY5jXb9VdXXUP8pv1JcMFeUJWtoIC3TKcu0S1\n"
                              "m2v9V+oBxmaWsTNIfvmS69mWjDV9EAwDnpjge+B8EhDY0NzXWr/uiXMaqXOOqSLm\n"
                              "FV3LTjz3ePrcjjqM+8j/5DsPZi5vmnwzRx6kZyUCgYBj5ISaVr7SQi3p0twmEo7a\n"
                              "z30IsRrOLITQe0wmZc42VnxnKssa/DGX2E1VGpHT7fb9eEvByKmV5BTZKpA4Hpeh\n"
                              "uc+QqeACpko6a2fvkDkN5Xel5mshVAIFkEyKRKORLdgrftf0ryzL4aEsfga+/MIG\n"
                              "1DQCRTVqm1xIWamEly2oMQKBgC2oMSIEsMFiV7ZdQOE53lfn8mJpRMfbP/oKTrdx\n"
                              "T1QTwOQ0EgGpOjHV+luPpCc/ZaacXgAAHp/OGd2GtIZNrAjOJ071MKfk46Yyb9Ec\n"
                              "atQYBXbKT7ScAuym72KDvYPyGBHgFIhFF55pgP7T7s/1ejvocyvZv85UF6K6ohhf\n"
                              "YSRtAoGAXQBr58H8bv+91KcUY7dh0AUAToKB84kAuwIb12zKZSrLUuFeWdge12Xs\n"
                              "mWLwdYNr9j2R5YxU7IMkOcMarjN9KsNGdvXdq2NVLg8sVyYnzbuFrqS3l8BoHyae\n"
                              "s8C8A2zRFXIHFP0S3u8sCJCIKPG4k0RzyrlECpBlcwfEJtPI0QQ=\n"
                              "-----END RSA PRIVATE KEY-----\n";

static const char rsa_jwk[] =
    "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"qL8upUxv1UU6QiVJ6ar7DgdMAWO5Sw6VGwArgobGjzakqJ6WF_"
    "099UeaDNXmxc3FLkmt1Sff8POhaFPhV1DzfiTXulvo_Sc14uJqoYDWm9ywIox-"
    "HEHq9qdSyh5IN3nFM45jmgAPloPJR1yD4_uV-WsyG8py-XYz6xjogu-3JsYZADAFbFKzEi5GbrH7Ax5wEosMIolTA-"
    "hXdDUiqtLAgviZWY6n1dIBnkCZK_OLb7HT6u4OhattaVCieoL11oXd-jCO0A6vjGhEYElLZ4dygZkP7_rewyfeXiTs-"
    "Ub3ClGl5VJ7uON30-HzucjTSH-6TMltbcvaJ5-DkTyxy2l3Aw\"}";

static const char rsa_thumbprint[] = "jKyg4TpQKzHgKR8jo1PPpR8fWlujjKMQJ8i82WiP1qQ";

static const char rsa1024_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOwtVDsolaZkDXyi\n"
    "ruRMDQ7Nb+9rWloCR2MxsRQhmEHK4JuuBN8IWGIR9402h2TlatAhPrbYuTClgKUb\n"
    "j1sEXQiFrRXz4Fxb0c+Ca0F2WUgfhAbwDnSP1krpGj581/K848ysHSJTBLGwkwYC\n"
    "P74mbQ6JYiql9D095I3pHpPm3aKDAgMBAAECgYBsEJWg+AH5f4BYTgveNBopcsDL\n"
    "+P//fVlyvtL6liCXwh+hvC9IagYe4X+24oNzHDISh5OtkF60LpY9de3TRJzYHzum\n"
    "efOA8mq6eBwAcQXl3L9Fdgz221maA4fIhIlNHZtJYtzxPwGZPwhM6rmERMc4/A8I\n"
    "NQr7g3+p3Lz7dSIbmQJBAP9jL32BEMVPI6n58nykTDUkPtqFp36SxXCnTEzu/Q/g\n"
    "+lzaI+ye6tNE71EfVIIftL9gM+YB714fnGllZVi0670CQQDsvlkMwsLXqMgULkVh\n"
    "LEOyqzrnirBCxB7AdeqhD7ZU8rZS7ghCvV1XY3Lf44bPcbHlvF4h8zRRkzHqevQp\n"
    "OIs/AkB2XNvXyQeiysj2sHcoOWVwg7n1wVgdm5ySV5dPWLxErbqbaiaYNhcTj7Fy\n"
    "4ZhjLpqwz7997IuqDfCKEIpmEIPpAkEAktE9InfKI7pNUo6bgjbUSQJ9xkgxJUbB\n"
    "F3RJLNc0qRvYTDfIMbOEJoTLIePVn+KPg7y81+seoBRb2WGk98dUOwJBAMd/FApk\n"
    "9Dlqee1oXlgRnn9Rg0BQTI6DWP6eNaOwAnmqo6sjZluRAAurSLdF2l2HMlYTj+np\n"
    "PVhHYjiofU+blMU=\n"
    "-----END PRIVATE KEY-----\n";

/* Encrypted, both ways of writing it; the password is "secret". */
static const char encrypted_pem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiM5GuXOmN6uAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAYfySZxVFFnTYPgQUPUWn4EgZDn\n"
    "+ULcHBolMjgqeKb0IAA4GtaDMs2el9hq91ghb4NmHNvBIH5ROL4/UkridGVbQNHp\n"
    "rhUgTHXigc9qqRc/Fz+Oik//0vZ9H86gkQeayRckkZo6ncMzElRW5qTP9FCpF8nD\n"
    "zvGjUd/9iKFQiOWik/8q18FyEP9yt22kW65HjgX7/QfrzRxiSD1YSeXta0KRrlU=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char encrypted_legacy_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-256-CBC,70CF5E3C72C95F7DB4C1743FDA24F5B5\n"
    "\n"
    "fTpr0UKqp4B+dhrZ0BUFp6pRBbaWJZzPF8HItqLlwkoGCfaEFhQN+ZWuL2/HLeQH\n"
    "5dmZLzDE42h4WELT3nm0K3L5MgR93qa5zwtGtn1qfQ6jvKD+Us7o7zNId83qdgXO\n"
    "hpKgS3VdzzNYz8diocoJFl4BsxIAIx8OE9zMgcN7GOg=\n"
    "-----END EC PRIVATE KEY-----\n";

static const char ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIM1YUXlUksVWI7dIgbiu1jYXGCnsqiYULHlhv84B8O/w\n"
    "-----END PRIVATE KEY-----\n";

static const char secp256k1_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgAAAAAAAAAAAAAAAAAAAA\n"
    "AAAAAAAAAAAAAAAAAAAAAAWhRANCAAQvi95NGgcgk1W0pyUKXFEo6IuEvdxhmrfL\n"
    "qNVpskDv5NisIiY25ePW1Nup3abJxCb3iCcbqw1oQNyofTqmrGLW\n"
    "-----END PRIVATE KEY-----\n";

static const char p521_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAAAAAAAAAAAAAAAAA\n"
                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                               "AAAAAAWhgYkDgYYABABlK/PFKSekMsc9vDORwE6wv3pZbv21Pw0kzwPauPF3rOQ4\n"
                               "PAxtXjAUI3ES/q8TfnmjKdfh5tiTFzjVq1CW7I8weAFb5u8b3WYB1uyKK3MRSoES\n"
                               "kRzY/o6HLgBR7dgXyaA0cIe7aJfJByzzdDEVQCEc9f950fAHJXNU9/gXPMPo3rCQ\n"
                               "yw==\n"
                               "-----END PRIVATE KEY-----\n";

static const char openssh_pem[] =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS1zaGEy\n"
    "LW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQR/zc4ncPbEXUGDy+5v20t7WAczNXvp7xO6z248e9FU\n"
    "RcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWtAAAAoPnyJor58iaKAAAAE2VjZHNhLXNo\n"
    "YTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBH/Nzidw9sRdQYPL7m/bS3tYBzM1e+nvE7rPbjx7\n"
    "0VRFx/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0AAAAhAI6bEJ5xkJi/mASH3x9dd+nL\n"
    "KWBuvtImO19XwhPfhPSyAAAAAAECAwQFBgc=\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

static const char public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END PUBLIC KEY-----\n";

static const char explicit_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB\n"
    "AAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA\n"
    "///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV\n"
    "AMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg\n"
    "9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A\n"
    "AAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQgjpsQnnGQmL+Y\n"
    "BIffH1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAcz\n"
    "NXvp7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
    "-----END PRIVATE KEY-----\n";

static const char pss_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIIEuwIBADALBgkqhkiG9w0BAQoEggSnMIIEowIBAAKCAQEA3f/QpjrEUHHpBfeM\n"
                              "H5JKloW3VMY4roqENbQC21jO2TD9n3Z5gGnCgbLR1p0zW1T8zTv7HLcOOQUU5iBV\n"
                              "55Jpu/omKfsCMCLezaoSEC2jyrubWdDZAx4BWSNHu1N8YIAK+c3Inpov1PWFQDPR\n"
                              "kw52bLFzNEfxbkJiKqzFLUUn5sNd1myjGIvToGpEgl+1+H/L2g9ba0/NsOqe+CMb\n"
                              "3UMJksePEfZKuL1MlcUaztph5geILvU4tu+2ZObgv+Cof7GHqgsEqYpadY1hG3zW\n"
                              "4NPTpeBxlINSc3kwKZKxXaMZEdEr2quLksy9m+rCh/jd+3nz1uEY1PB7dGWJFhY1\n"
                              "zGo0MwIDAQABAoIBACJv9DelIXOdMq8DR1BVIDmYr+d4VwNJvNfxKbRJuCSxrdZB\n"
                              "Hvilmfpb+U3X1ZyoYrhE7V+h9z8vI554i6WVl84E2vYOLbkL37t6/hGrvXR4hSZ5\n"
                              "+FVnH9cVBaPwf83JxGobMFuHbZNqgWuD3lHNSjTy6KfGipQ2ZgYFW7z5tQaIeTdc\n"
                              "vnzquAwJiJszH6zNs4icOwJw+8babMhL71ytwuCRe1igJDqToVENCNrccW0CMQk2\n"
                              "bwk6x8k0xL4PT8GcG1CJsMm+hH+pZ7CPJJzJ09C/gua5KHXJib4amoZY7E0CLAbA\n"
                              "WwJEqo3rFC8EaoXaaJKiApzqOphAQSguf/TdcFECgYEA+JtTvPnM0x/LFgM1B9Ej\n"
                              "FMhExwEm6Zg/ZD1q5nviHI4A+mIX7/7+6O+ZbBZvtCaqNRp66vFcOB4QHUC9OHKe\n"
                              "ce5OB0I+6mtN2tACrMqyqZTX+zM6GekT3CtTtmU6zI86bp5x7KtZwvoRJMQBgoWU\n"
                              "OOIMVjy2As/KUH/jUVqlLhsCgYEA5JnsDhdUSP8oxaQHw/zWqLENIFZ8KwCQv33O\n"
                              "GXsixe3ggtskh5BB0h5ThX45VUzIfGrSC6NEami8TtYwNYyAxqGqzysYe07raSLO\n"
                              "Mq7vO089M1mr4mfY6bzZqSZNJ2/RJE27r/peTScmyz+mPDQ1un5hjNfZLwJ11WMd\n"
                              "aMu3E8kCgYEA4kGTI3EBDcBotz7x+4xF7jsaBTeyL3SldNhEu0FSFwTSNQ4jlQOx\n"
                              "AVRWgD2nKgDqdWwFJF/Huzb5GXZ6/62pMC1fDFIpKnXAJH2dgZ70nUveiTslDMHI\n"
                              "ll9ET8Kvkc5kspo3Otrz1XR7N8e/TAfAT0jDS5TzXXm5Oiw6OSdTH7MCgYB/5ipv\n"
                              "G9hZWwE5yvNZUQ3cpep9LEYeXRufN8jm8sDa0qNpMyi1/B0HbVY3ew6izenhynYo\n"
                              "crlle6HXzfh9DVZDS9JgRHFXFCmb0hBhxQQuP8AzCbmkW4u+Ap4ZCEfkh6gQ0rju\n"
                              "1XqLWhtXXg4o4uEorWrwvRdTOOIqeGDM8CVHGQKBgBRtkPEJLmZxMXCTNLERSmnc\n"
                              "Tq0k3dolpY9NYJgLDpK23F8B+5tSNvituqFdvH8a1caiGwonM+Xzl1hpsdKoIiFP\n"
                              "lC0bhU9x8RrB7l2AGiphqYYJa81AOZggp0BY6AlDRaJRsszQcJXxgVSpLVk+H0CY\n"
                              "r7tkW696w3ozsFunAQni\n"
                              "-----END PRIVATE KEY-----\n";

#endif
