//! What looks like an npm auth error and is none: the numbers 401 and 403 in tests, access logs and other tools' errors,
//! npm's own words in commands and prose, and npm errors of other kinds. Nothing here may be answered.

use std::io;

use super::{
    errors::{self, Npm},
    log::Log,
    noise::{self, Section},
    words::{FILES, PACKAGES},
};

/// The numbers, in other programs' output. Name and printer of each kind; all are equally likely.
pub const NUMBERS: &[(&str, Section)] = &[
    ("decoy: tests about 401 and 403", tests),
    ("decoy: failing tests", failing_tests),
    ("decoy: TAP", tap),
    ("decoy: access log", access_log),
    ("decoy: JSON log", json_log),
    ("decoy: stack traces", stack_traces),
    ("decoy: S3 uploads", uploads),
    ("decoy: other tools", other_tools),
    ("decoy: commits", commits),
];

/// npm's words, where nothing failed for want of a permission; as [`NUMBERS`], but met less often.
pub const NPM_WORDS: &[(&str, Section)] = &[
    ("decoy: grep for npm errors", greps),
    ("decoy: prose about npm errors", prose),
    ("decoy: ELIFECYCLE", lifecycle),
    ("decoy: E404 GET", not_found),
    ("decoy: other npm errors", other_npm_errors),
];

fn tests(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(5, 30) {
        let (status, took) = (*log.rng.pick(&[401, 403]), log.rng.range(1, 500));
        let length = log.rng.range(3, 7);
        let name = noise::words(log, length);
        let text = match log.rng.range(0, 5) {
            0 => format!("    \u{1b}[32m✓\u{1b}[39m answers {status} {name} ({took} ms)"),
            1 => format!("  ✔ GET /api/orders -> {status} Unauthorized, {name} ({took}ms)"),
            2 => format!("test auth::{}_gives_{status} ... ok", name.replace(' ', "_")),
            3 => format!("tests/test_auth.py::test_{}[{status}] PASSED", name.replace(' ', "_")),
            _ => format!(" ✓ maps E{status} to PermissionError {name} {took}ms"),
        };
        log.line(&text)?;
    }
    Ok(())
}

fn failing_tests(log: &mut Log<'_>) -> io::Result<()> {
    let (file, line) = (*log.rng.pick(FILES), log.rng.range(1, 900));
    log.all(&[
        "  ● registry client › npm client maps E403 to PermissionError",
        "",
        "    expect(received).toBe(expected) // Object.is equality",
        "",
        "    Expected: 401",
        "    Received: 403",
        "",
    ])?;
    log.line(&format!("    > {line} |   expect(parse('npm ERR! code E401').status).toBe(401);"))?;
    log.line(&format!("      at Object.<anonymous> ({file}:{line}:40)"))?;
    log.line("AssertionError: expected 'E404' to equal 'E403'")
}

fn tap(log: &mut Log<'_>) -> io::Result<()> {
    log.line("TAP version 13")?;
    let count = log.rng.range(5, 30);
    for n in 1..=count {
        let status = *log.rng.pick(&[200, 401, 403]);
        let name = noise::words(log, 4);
        log.line(&format!("ok {n} - PUT /packages {status} {name}"))?;
        log.line("  ---")?;
        log.line(&format!("  duration_ms: {}.403", n * 7))?;
        log.line("  ...")?;
    }
    log.line(&format!("1..{count}"))
}

fn access_log(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(10, 60) {
        let (second, _) = log.now();
        let (last, size) = (log.rng.range(2, 250), log.rng.range(20, 9_000));
        let status = *log.rng.pick(&[200, 200, 200, 304, 401, 403]);
        let (package, method) = (*log.rng.pick(PACKAGES), *log.rng.pick(&["GET", "GET", "PUT"]));
        log.line(&format!(
            "10.2.3.{last} - - [{second}] \"{method} /api/packages/{package} HTTP/1.1\" {status} {size} \"-\" \"npm/11.6.0 node/v22.20.0 linux x64\""
        ))?;
    }
    Ok(())
}

fn json_log(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(5, 30) {
        let (second, millis) = log.now();
        let (status, request) = (*log.rng.pick(&[401, 403]), log.rng.hex(16));
        let (word, text) = if status == 401 { ("warn", "Unauthorized") } else { ("error", "Forbidden") };
        log.line(&format!(
            "{{\"level\":\"{word}\",\"ts\":\"{second}.{millis:03}Z\",\"status\":{status},\"error\":\"{text}\",\"requestId\":\"{request}\",\"path\":\"/v1/tokens\",\"code\":\"E_{text}\"}}"
        ))?;
    }
    Ok(())
}

fn stack_traces(log: &mut Log<'_>) -> io::Result<()> {
    let status = *log.rng.pick(&[401, 403]);
    match log.rng.range(0, 3) {
        0 => {
            log.line(&format!("AxiosError: Request failed with status code {status}"))?;
            log.all(&[
                "    at settle (/app/node_modules/axios/lib/core/settle.js:19:12)",
                "    at IncomingMessage.handleStreamEnd (/app/node_modules/axios/lib/adapters/http.js:599:11)",
                "    at IncomingMessage.emit (node:events:531:35)",
                "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) {",
                "  code: 'ERR_BAD_REQUEST',",
            ])?;
            log.line(&format!("  status: {status},"))?;
            log.line("}")
        }
        1 => {
            log.line("Traceback (most recent call last):")?;
            for _ in 0..log.rng.range(3, 12) {
                let line = log.rng.range(1, 900);
                log.line(&format!(
                    "  File \"/usr/lib/python3/site-packages/requests/sessions.py\", line {line}, in send"
                ))?;
                log.line("    raise HTTPError(http_error_msg, response=self)")?;
            }
            log.line(&format!(
                "requests.exceptions.HTTPError: {status} Client Error: Forbidden for url: https://api.acme.example/v1"
            ))
        }
        _ => {
            log.line(&format!(
                "org.springframework.web.client.HttpClientErrorException: {status} Forbidden on PUT request"
            ))?;
            for _ in 0..log.rng.range(10, 40) {
                let line = log.rng.range(1, 900);
                log.line(&format!(
                    "\tat org.springframework.web.client.RestTemplate.doExecute(RestTemplate.java:{line})"
                ))?;
            }
            Ok(())
        }
    }
}

fn uploads(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(3, 15) {
        let (hash, request) = (log.rng.hex(8), log.rng.hex(16));
        log.line(&format!("upload: dist/assets/chunk-{hash}.js to s3://assets-acme/web/chunk-{hash}.js"))?;
        if log.rng.one_in(4) {
            log.line(&format!(
                "S3 upload failed: 403 Forbidden - PUT https://assets-acme.s3.amazonaws.com/web/{hash}.js"
            ))?;
            log.line(&format!("<Error><Code>AccessDenied</Code><RequestId>{request}</RequestId></Error>"))?;
        }
    }
    Ok(())
}

fn other_tools(log: &mut Log<'_>) -> io::Result<()> {
    const LINES: &[&str] = &[
        "ERROR: HTTP error 403 while getting https://pypi.acme.example/packages/acme_core-4.0.3-py3-none-any.whl",
        "E: Failed to fetch https://deb.acme.example/nodejs_20.4.0-1_amd64.deb  403  Forbidden [IP: 10.0.0.4 443]",
        "curl: (22) The requested URL returned error: 401",
        "< HTTP/2 403 ",
        "< www-authenticate: Bearer realm=\"https://auth.acme.example/token\",service=\"docker\"",
        "#12 ERROR: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aacme%2Fbase%3Apull: 401 Unauthorized",
        "Error response from daemon: pull access denied for acme/app, repository does not exist or may require 'docker login'",
        "fatal: unable to access 'https://git.acme.example/acme/app.git/': The requested URL returned error: 403",
        "[ERROR] Could not transfer artifact com.acme:core:pom:4.0.1 from/to releases (https://nexus.acme.example/repository/releases/): status code: 401, reason phrase: Unauthorized (401)",
        "Error: failed to fetch https://charts.acme.example/app-4.0.3.tgz : 403 Forbidden",
        "  the remote server responded with an error (status 403 Forbidden): must be an owner",
        "  Warning  Failed     11s (x3 over 60s)  kubelet            Failed to pull image: unexpected status code 403 Forbidden",
        "verdaccio | http --> 401, req: 'GET https://verdaccio.acme.example/@acme%2fui' (streaming)",
        "ALERT http_requests_total{status=\"403\",service=\"npm-proxy\"} > 100 for 5m (value: 401)",
    ];
    for _ in 0..log.rng.range(3, 10) {
        let text = *log.rng.pick(LINES);
        log.line(text)?;
    }
    Ok(())
}

fn greps(log: &mut Log<'_>) -> io::Result<()> {
    const LINES: &[&str] = &[
        "+ grep -q 'npm ERR! code E403' install.log",
        "+ grep -cE 'npm (ERR!|error) code E40[13]' build.log",
        "+ rg --count 'npm error code E401' logs/",
        "if grep -q \"npm ERR! code E401\" \"$LOG\"; then echo retry; fi",
        "const AUTH = /npm (ERR!|error) code (E401|E403)/;",
        "+ npm view @acme/ui version 2>&1 | grep E403 || true",
    ];
    for _ in 0..log.rng.range(1, 4) {
        let text = *log.rng.pick(LINES);
        log.line(text)?;
    }
    Ok(())
}

fn prose(log: &mut Log<'_>) -> io::Result<()> {
    const LINES: &[&str] = &[
        "If you see `npm ERR! code E401` here, export NPM_TOKEN first; on `E403` ask an owner of the package.",
        "Related errors: npm ERR! code E401 · npm ERR! code E403 · npm ERR! code E404 · npm ERR! code ERESOLVE",
        "- [ ] `npm whoami` prints acme-bot (a 401 here means that the token has expired)",
        "A 403 Forbidden from npm publish means that the registry knows you and refuses the write.",
        "echo \"Note: 'npm error code E403' on forks is expected, the secret is not there\"",
        "* display: the `npm ERR!` prefix is now `npm error`",
        "npm returns E401 when the registry rejects your credentials with an HTTP 401 Unauthorized status.",
    ];
    log.line("$ cat docs/TROUBLESHOOTING.md")?;
    for _ in 0..log.rng.range(2, 6) {
        let text = *log.rng.pick(LINES);
        log.line(text)?;
    }
    Ok(())
}

fn lifecycle(log: &mut Log<'_>) -> io::Result<()> {
    let status = *log.rng.pick(&[401, 403]);
    log.all(&["", "> api@1.0.0 smoke", "> node smoke.js", ""])?;
    log.line(&format!("GET /api/me {status} 12ms"))?;
    log.line(&format!("Error: Request failed with status code {status}"))?;
    if log.rng.one_in(2) {
        log.all(&[
            "npm ERR! code ELIFECYCLE",
            "npm ERR! errno 1",
            "npm ERR! api@1.0.0 smoke: `node smoke.js`",
            "npm ERR! Exit status 1",
            "npm ERR! ",
            "npm ERR! Failed at the api@1.0.0 smoke script.",
            "npm ERR! This is probably not a problem with npm. There is likely additional logging output above.",
        ])?;
        errors::complete_log(log, Npm::Six)
    } else {
        log.all(&[
            "npm error Lifecycle script `smoke` failed with error:",
            "npm error code 1",
            "npm error path /app/packages/api",
            "npm error workspace api@1.0.0",
            "npm error location /app/packages/api",
            "npm error command failed",
            "npm error command sh -c node smoke.js",
        ])
    }
}

fn not_found(log: &mut Log<'_>) -> io::Result<()> {
    let name = *log.rng.pick(&["react-does-not-exist-xyz", "express-403-page", "leftish-pad-401", "e403-handler"]);
    let host = if log.rng.one_in(2) { log.npm.clone() } else { "verdaccio.acme.example".to_owned() };
    if log.rng.one_in(2) {
        log.line("npm ERR! code E404")?;
        log.line(&format!("npm ERR! 404 Not Found - GET https://{host}/{name} - Not found"))?;
        log.line("npm ERR! 404 ")?;
        log.line(&format!("npm ERR! 404  '{name}@latest' is not in the npm registry."))?;
        log.all(&[
            "npm ERR! 404 You should bug the author to publish it (or use the name yourself!)",
            "npm ERR! 404 ",
            "npm ERR! 404 Note that you can also install from a",
            "npm ERR! 404 tarball, folder, http url, or git url.",
        ])?;
        errors::complete_log(log, Npm::Six)
    } else {
        log.line("npm error code E404")?;
        log.line(&format!("npm error 404 Not Found - GET https://{host}/{name} - Not found"))?;
        log.line("npm error 404")?;
        log.line(&format!("npm error 404  The requested resource '{name}@*' could not be found or you do not have permission to access it."))?;
        log.all(&[
            "npm error 404",
            "npm error 404 Note that you can also install from a",
            "npm error 404 tarball, folder, http url, or git url.",
        ])?;
        errors::complete_log(log, Npm::Eleven)
    }
}

fn other_npm_errors(log: &mut Log<'_>) -> io::Result<()> {
    match log.rng.range(0, 3) {
        0 => {
            log.all(&[
                "npm error code ERESOLVE",
                "npm error ERESOLVE unable to resolve dependency tree",
                "npm error",
                "npm error While resolving: web-app@4.0.3",
                "npm error Found: reactish@18.0.0",
                "npm error node_modules/reactish",
                "npm error   reactish@\"18.0.0\" from the root project",
            ])?;
            errors::complete_log(log, Npm::Eleven)
        }
        1 => {
            log.all(&[
                "npm ERR! code ETARGET",
                "npm ERR! notarget No matching version found for leftish-pad@4.0.3.",
                "npm ERR! notarget In most cases you or one of your dependencies are requesting",
                "npm ERR! notarget a package version that doesn't exist.",
            ])?;
            errors::complete_log(log, Npm::Six)
        }
        _ => {
            log.all(&[
                "npm error code 1",
                "npm error path /app/node_modules/sharp",
                "npm error command failed",
                "npm error sharp: Installation error: Status 403 Forbidden",
                "npm error gyp ERR! stack Error: 403 status code downloading checksum",
                "npm error gyp ERR! not ok",
            ])?;
            errors::complete_log(log, Npm::Eleven)
        }
    }
}

fn commits(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(3, 20) {
        let hash = log.rng.hex(9);
        let text = *log.rng.pick(&[
            "fix(auth): return 401 instead of 403 when the session cookie is missing (#403)",
            "ci: use GITHUB_TOKEN for npm.pkg.github.com, the PAT gave E401",
            "feat: classify E401/E403 npm errors and reply with a fix",
            "Merge pull request #401 from acme/dependabot/npm_and_yarn/axios-1.7.4",
            "chore(deps): bump undici from 7.4.0 to 7.4.3",
        ]);
        log.line(&format!("{hash} {text}"))?;
    }
    Ok(())
}
