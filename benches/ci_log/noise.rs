//! What most of a CI log is: installs, builds, tests, containers, progress bars, blobs. Numbers are drawn at random, so `401`
//! and `403` also turn up here, as counts and times.

use std::{fmt::Write as _, io};

use super::{
    log::Log,
    words::{FILES, PACKAGES, WORDS},
};

/// Prints one section.
pub type Section = fn(&mut Log<'_>) -> io::Result<()>;

/// Name and printer of each kind; all are equally likely.
pub const SECTIONS: &[(&str, Section)] = &[
    ("checkout", checkout),
    ("npm install", npm_install),
    ("pnpm and yarn install", other_installs),
    ("npm warnings", npm_warnings),
    ("webpack and vite", bundles),
    ("tests that pass", passing_tests),
    ("coverage table", coverage),
    ("compiler output", compiler),
    ("docker build", docker),
    ("docker pull", docker_pull),
    ("progress bars", progress),
    ("hashes", hashes),
    ("base64", base64),
    ("other languages", other_languages),
    ("terraform", terraform),
    ("json log", json_log),
    ("stray bytes", stray_bytes),
];

pub fn words(log: &mut Log<'_>, count: u64) -> String {
    let words: Vec<&str> = (0..count).map(|_| *log.rng.pick(WORDS)).collect();
    words.join(" ")
}

pub fn version(log: &mut Log<'_>) -> String {
    format!("{}.{}.{}", log.rng.range(0, 20), log.rng.range(0, 40), log.rng.range(0, 30))
}

fn checkout(log: &mut Log<'_>) -> io::Result<()> {
    log.line("Syncing repository: acme/web-app")?;
    log.line("[command]/usr/bin/git version")?;
    log.line("git version 2.47.3")?;
    for _ in 0..log.rng.range(3, 20) {
        let (from, to, n) = (log.rng.hex(7), log.rng.hex(7), log.rng.range(1, 900));
        log.line(&format!("   {from}..{to}  renovate/major-{n}  -> origin/renovate/major-{n}"))?;
    }
    let total = log.rng.range(1_000, 90_000);
    log.line(&format!("remote: Enumerating objects: {total}, done."))?;
    log.line(&format!("Receiving objects: 100% ({total}/{total}), 40.31 MiB | 38.14 MiB/s, done."))?;
    log.line("Cache restored successfully from key: node-cache-Linux-x64-npm")
}

fn npm_install(log: &mut Log<'_>) -> io::Result<()> {
    log.line("$ npm ci --loglevel http")?;
    for _ in 0..log.rng.range(20, 120) {
        let (package, took) = (*log.rng.pick(PACKAGES), log.rng.range(2, 800));
        let (status, cache) = *log.rng.pick(&[(200, "miss"), (200, "updated"), (304, "revalidated")]);
        let path = package.replace('/', "%2f");
        let url = if log.rng.one_in(3) {
            let version = version(log);
            format!("https://{}/{package}/-/x-{version}.tgz", log.npm)
        } else {
            format!("https://{}/{path}", log.npm)
        };
        log.line(&format!("npm http fetch GET {status} {url} {took}ms (cache {cache})"))?;
    }
    log.line("")?;
    let (added, audited, took) = (log.rng.range(20, 2_500), log.rng.range(20, 2_500), log.rng.range(2, 90));
    log.line(&format!("added {added} packages, and audited {audited} packages in {took}s"))?;
    log.line("")?;
    log.line("found 0 vulnerabilities")
}

pub fn npm_warnings(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(2, 12) {
        let (package, version) = (*log.rng.pick(PACKAGES), version(log));
        let warn = *log.rng.pick(&["npm warn", "npm WARN"]);
        let text = *log.rng.pick(&[
            "This module is not supported, and leaks memory. Do not use it.",
            "Rimraf versions prior to v4 are no longer supported",
            "this package has been deprecated, see https://github.com/request/request/issues/3142",
            "Glob versions prior to v9 are no longer supported",
            "support for handling 401 and 403 answers moved to the next major",
        ]);
        log.line(&format!("{warn} deprecated {package}@{version}: {text}"))?;
    }
    Ok(())
}

fn other_installs(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(4, 30) {
        let (a, b) = (log.rng.range(1, 1_500), log.rng.range(1, 1_500));
        if log.rng.one_in(2) {
            log.line(&format!("Progress: resolved {a}, reused {b}, downloaded 0, added {}", a.min(b)))?;
        } else {
            log.line(&format!("➤ YN0013: │ {a} packages were already cached, {b} had to be fetched"))?;
        }
    }
    let millis = log.rng.range(0, 1_000);
    log.line(&format!("➤ YN0000: └ Completed in 3s {millis}ms"))
}

fn bundles(log: &mut Log<'_>) -> io::Result<()> {
    log.line("> web@4.0.3 build")?;
    log.line("> vite build && webpack --mode production")?;
    log.line("\u{1b}[36mvite v7.1.4 \u{1b}[32mbuilding for production...\u{1b}[39m")?;
    for _ in 0..log.rng.range(15, 80) {
        let (hash, size, gzip) = (log.rng.hex(8), log.rng.range(1, 2_000), log.rng.range(1, 900));
        let file = *log.rng.pick(FILES);
        if log.rng.one_in(2) {
            log.line(&format!("dist/assets/chunk-{hash}.js   {size}.40 kB │ gzip: {gzip}.31 kB"))?;
        } else {
            log.line(&format!(
                "asset {hash}.js {size} KiB [emitted] [immutable] [minimized] (name: main) 1 related asset"
            ))?;
            log.line(&format!("  ./{file} {gzip} bytes [built] [code generated]"))?;
        }
    }
    let took = log.rng.range(400, 60_000);
    log.line(&format!("webpack 5.101.3 compiled successfully in {took} ms"))
}

fn passing_tests(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(5, 25) {
        let file = *log.rng.pick(FILES);
        log.line(&format!("\u{1b}[42m\u{1b}[1m PASS \u{1b}[22m\u{1b}[49m \u{1b}[2mtest/\u{1b}[22m{file}"))?;
        for _ in 0..log.rng.range(1, 8) {
            let length = log.rng.range(4, 10);
            let (name, took) = (words(log, length), log.rng.range(1, 600));
            log.line(&format!("    \u{1b}[32m✓\u{1b}[39m {name} ({took} ms)"))?;
        }
    }
    let (suites, tests) = (log.rng.range(5, 500), log.rng.range(100, 4_000));
    log.line(&format!("Test Suites: {suites} passed, {suites} total"))?;
    log.line(&format!("Tests:       {tests} passed, {tests} total"))
}

fn coverage(log: &mut Log<'_>) -> io::Result<()> {
    log.line("--------------------------|---------|----------|---------|---------|-------------------")?;
    log.line("File                      | % Stmts | % Branch | % Funcs | % Lines | Uncovered Line #s ")?;
    for _ in 0..log.rng.range(10, 60) {
        let (file, from) = (*log.rng.pick(FILES), log.rng.range(10, 500));
        let numbers = (log.rng.range(40, 101), log.rng.range(40, 101), log.rng.range(40, 101), log.rng.range(40, 101));
        let (a, b, c, d) = numbers;
        log.line(&format!(" {file:<25}| {a:>7} | {b:>8} | {c:>7} | {d:>7} | {from}-{}", from + 7))?;
    }
    Ok(())
}

fn compiler(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(5, 40) {
        let (file, line, column) = (*log.rng.pick(FILES), log.rng.range(1, 900), log.rng.range(1, 100));
        let text = match log.rng.range(0, 3) {
            0 => format!("{file}({line},{column}): warning TS6133: 'session' is declared but never read."),
            1 => format!("  {line}:{column}  warning  Unexpected console statement  no-console"),
            _ => format!("\u{1b}[96m{file}\u{1b}[0m:\u{1b}[93m{line}\u{1b}[0m - unused import"),
        };
        log.line(&text)?;
    }
    Ok(())
}

fn docker(log: &mut Log<'_>) -> io::Result<()> {
    for step in 1..log.rng.range(6, 14) {
        let (layer, took) = (log.rng.hex(64), log.rng.range(0, 90));
        log.line(&format!("#{step} [build {step}/14] COPY --chown=node:node package*.json ./"))?;
        log.line(&format!("#{step} sha256:{layer} 40.13MB / 40.13MB {took}.4s done"))?;
        log.line(&format!("#{step} extracting sha256:{layer} {took}.7s done"))?;
        log.line(&format!("#{step} DONE {took}.9s"))?;
    }
    log.line("Step 6/11 : RUN apk add --no-cache git python3 make g++")?;
    for n in 1..log.rng.range(5, 40) {
        let version = version(log);
        log.line(&format!("({n}/40) Installing libstdc++ ({version}-r4)"))?;
    }
    Ok(())
}

fn docker_pull(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(5, 30) {
        let layer = log.rng.hex(12);
        let state =
            *log.rng.pick(&["Pulling fs layer", "Waiting", "Verifying Checksum", "Download complete", "Pull complete"]);
        log.line(&format!("{layer}: {state}"))?;
    }
    let digest = log.rng.hex(64);
    log.line(&format!("Digest: sha256:{digest}"))
}

/// One long line that a terminal would overwrite again and again.
fn progress(log: &mut Log<'_>) -> io::Result<()> {
    let mut bar = String::from("  % Total    % Received % Xferd");
    for percent in 0..=100 {
        let done = "=".repeat(percent / 5);
        let left = log.rng.range(0, 60);
        let _ = write!(bar, "\r[{done:<20}] {percent:>3}%  40.{:02}MB  eta {left}s", percent % 100);
    }
    log.line(&bar)
}

fn hashes(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(10, 60) {
        let (hash, file) = (log.rng.hex(64), *log.rng.pick(FILES));
        log.line(&format!("{hash}  {file}"))?;
    }
    Ok(())
}

fn base64(log: &mut Log<'_>) -> io::Result<()> {
    if log.rng.one_in(2) {
        let blob = log.rng.base64(6_000);
        return log
            .line(&format!("//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxl{blob}=="));
    }
    log.line("-----BEGIN CERTIFICATE-----")?;
    for _ in 0..log.rng.range(15, 40) {
        let row = log.rng.base64(64);
        log.line(&row)?;
    }
    log.line("-----END CERTIFICATE-----")
}

fn other_languages(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(10, 50) {
        let (version, took) = (version(log), log.rng.range(1, 900));
        let text = match log.rng.range(0, 4) {
            0 => format!("   Compiling serde_json v{version}"),
            1 => format!("ok  \tgithub.com/acme/api/internal/orders\t0.{took:03}s"),
            2 => format!("  Downloading requests-{version}-py3-none-any.whl ({took} kB)"),
            _ => format!(
                "[INFO] Downloaded from central: https://repo.maven.example/org/slf4j/slf4j-api/{version}/slf4j-api-{version}.jar ({took} kB at 1.4 MB/s)"
            ),
        };
        log.line(&text)?;
    }
    Ok(())
}

fn terraform(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(5, 40) {
        let (id, took) = (log.rng.hex(17), log.rng.range(1, 120));
        log.line(&format!(
            "aws_security_group_rule.egress[\"{took}\"]: Still creating... [id=sgr-{id}, {took}s elapsed]"
        ))?;
    }
    log.line("Apply complete! Resources: 40 added, 3 changed, 1 destroyed.")
}

fn json_log(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(10, 60) {
        let (second, millis) = log.now();
        let (request, took, path) = (log.rng.hex(16), log.rng.range(1, 900), *log.rng.pick(FILES));
        let status = *log.rng.pick(&[200, 200, 200, 200, 204, 301, 304, 404]);
        log.line(&format!(
            "{{\"level\":30,\"time\":\"{second}.{millis:03}Z\",\"pid\":71,\"req\":{{\"id\":\"{request}\",\"method\":\"GET\",\"url\":\"/{path}\"}},\"res\":{{\"statusCode\":{status}}},\"responseTime\":{took},\"msg\":\"request completed\"}}"
        ))?;
    }
    Ok(())
}

/// What is left of file names in Latin-1 and of a picture that somebody printed.
fn stray_bytes(log: &mut Log<'_>) -> io::Result<()> {
    for _ in 0..log.rng.range(1, 6) {
        log.raw(b"-rw-r--r-- root/root     403 2026-03-04 10:45 fixtures/r\xe9sum\xe9-\xfc401.txt")?;
    }
    let bytes: Vec<u8> = (0..200).map(|_| u8::try_from(log.rng.range(0x80, 0x100)).unwrap_or_default()).collect();
    log.raw(&bytes)
}
