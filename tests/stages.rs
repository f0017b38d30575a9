//! Each stage of the classifier, held against generated text: what must be true whatever somebody pastes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use npmfix::{
    answer,
    classifier::{
        Explainer, Findings, Report,
        clean::{Clean, clean, marker},
        explain, fingerprint, parse, registry, rules, scan, url,
    },
    knowledge::{Knowledge, load_embedded},
    redact::{self, Tally},
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::sync::LazyLock;

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| load_embedded().unwrap());

/// Each case is cheap, but a debug build is slow.
/// The same cases in every run, so that the gate judges the change and not the dice.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2026),
        ..ProptestConfig::with_cases(count)
    }
}

fn whole(bytes: &[u8]) -> Findings {
    explain(bytes, &&*KNOWLEDGE)
}

// --- real errors ---

const NPM_PUBLISH: &str = "\
npm error code E403
npm error 403 403 Forbidden - PUT https://npm.pkg.github.com/@acme%2fwidget - Permission permission_denied: write_package
npm error 403 In most cases, you or one of your dependencies are requesting a package version that is forbidden by your security policy, or on a server you do not have access to.
npm error A complete log of this run can be found in: /root/.npm/_logs/2026-03-04T10_21_38_087Z-debug-0.log
";
const NPM_OLD_INSTALL: &str = "\
npm ERR! code E401
npm ERR! 401 Unauthorized - GET https://gitlab.example.com/api/v4/packages/npm/@platform%2fconfig
npm ERR! A complete log of this run can be found in:
npm ERR!     /root/.npm/_logs/2026-03-04T10_21_38_087Z-debug.log
";
const NPM_CHALLENGE: &str = "\
npm error code E401
npm error Unable to authenticate, need: BASIC realm=\"Sonatype Nexus Repository Manager\"
npm error A complete log of this run can be found in: /root/.npm/_logs/2026-03-04T10_21_38_087Z-debug-0.log
";
const NPM_MASKED: &str = "\
npm error code E404
npm error 404 Not Found - PUT https://npm.acme.example/@northwind%2fsbt - Not found
npm error 404
npm error 404  The requested resource '@northwind/sbt@1.4.2' could not be found or you do not have permission to access it.
npm error 404
npm error 404 Note that you can also install from a
npm error 404 tarball, folder, http url, or git url.
";
const NPM_NEEDS_LOGIN: &str = "\
npm error code ENEEDAUTH
npm error need auth This command requires you to be logged in to https://npm.pkg.github.com/
npm error need auth You need to authorize this machine using `npm adduser`
";
const PNPM: &str = " ERR_PNPM_FETCH_403  GET https://verdaccio.acme.example/@acme%2Frestricted-core: Forbidden - 403

This error happened while installing a direct dependency of /app

An authorization header was used: Bearer YWQ5[hidden]
";
const YARN: &str = "\
yarn publish v1.22.22
[3/4] Publishing...
error Couldn't publish package: \"https://npm.pkg.github.com/@initech%2fapi-typescript: Permission permission_denied: write_package\"
info Visit https://yarnpkg.com/en/docs/cli/publish for documentation about this command.
";
const BERRY: &str = "\
➤ YN0000: ┌ Resolution step
➤ YN0035: │ @initech/s4@npm:^1.2.0: The remote server failed to provide the requested resource
➤ YN0035: │   Response Code: 403 (Forbidden)
➤ YN0035: │   Request Method: GET
➤ YN0035: │   Request URL: https://npm.pkg.github.com/@initech%2fs4
➤ YN0000: └ Completed
";
const BUN: &str = "\
bun install v1.4.5 (a7733435)
error: GET https://acme.jfrog.io/artifactory/api/npm/npm-virtual-remote/@acme%2fmailer-client - 401
";

/// Errors whose every line npm marks, so that they survive the loss of line breaks.
const MARKED: &[&str] = &[NPM_PUBLISH, NPM_OLD_INSTALL, NPM_CHALLENGE, NPM_MASKED, NPM_NEEDS_LOGIN];
const ERRORS: &[&str] =
    &[NPM_PUBLISH, NPM_OLD_INSTALL, NPM_CHALLENGE, NPM_MASKED, NPM_NEEDS_LOGIN, PNPM, YARN, BERRY, BUN];

/// Text that looks a little like a failure and is none.
const DECOYS: &[&str] = &[
    "error: Request failed with status code 401\n",
    "curl: (22) The requested URL returned error: 403\n",
    "GET /api/v1/users 401 Unauthorized 12ms\n",
    "why does everybody get a 403 Forbidden today?\n",
    "added 403 packages, and audited 401 packages in 4s\n",
    "npm warn deprecated har-validator@5.1.5: this library is no longer supported\n",
    "npm http fetch GET 200 https://npm.acme.example/left-pad 12ms (cache hit)\n",
    "denied: requested access to the resource is denied\n",
    "E402: tab character at the beginning of line\n",
    "remote: HTTP Basic: Access denied\n",
    "\n",
];

/// What a diagnosis is about: enough to see that damage changed nothing.
#[derive(Debug, PartialEq)]
struct Gist {
    code: Option<String>,
    registry: String,
    host: Option<String>,
    package: Option<String>,
    cause: String,
}

impl Gist {
    fn new(report: &Report, cause: &str) -> Self {
        Self {
            code: report.code.clone(),
            registry: report.registry.kind.clone(),
            host: report.registry.host.clone(),
            package: report.package.clone(),
            cause: cause.to_owned(),
        }
    }
}

/// What the program says about a text.
fn gists(text: &str) -> Vec<Gist> {
    whole(text.as_bytes()).diagnoses.iter().map(|d| Gist::new(&d.report, d.causes[0].id.as_str())).collect()
}

/// The same without the scan: what the later stages make of a text once it is handed to them.
fn gists_unscanned(text: &str) -> Vec<Gist> {
    let Clean { text, numbers } = clean(text.as_bytes(), 1);
    let mut reports = parse::parse(&redact::redact(&text, &mut Tally::default()), &numbers);
    let gist = |report: &mut Report| {
        registry::identify(report, &KNOWLEDGE);
        rules::rank(report, &KNOWLEDGE).first().map(|cause| Gist::new(report, cause.id.as_str()))
    };
    reports.iter_mut().filter_map(gist).collect()
}

// --- damage ---

type Damage = (&'static str, fn(&str) -> String);

fn each_line(text: &str, mut change: impl FnMut(usize, &str) -> String) -> String {
    text.lines().enumerate().map(|(i, line)| change(i, line) + "\n").collect()
}

/// What stands before each line, with `%` for a number that changes from line to line.
fn before(text: &str, prefix: &str) -> String {
    each_line(text, |i, line| prefix.replace('%', &(i % 10).to_string()) + line)
}

/// What happens to a line as a whole: for errors of every client.
const DAMAGES: &[Damage] = &[
    ("github actions", |t| before(t, "2026-03-04T10:21:3%.0871783Z ")),
    ("github annotation", |t| before(t, "##[error]")),
    ("github workflow command", |t| before(t, "::error::")),
    ("gh run view", |t| before(t, "release\tPublish to the registry\t2026-03-04T10:22:2%.1164441Z ")),
    ("gitlab", |t| before(t, "2026-03-04T10:21:3%.087178Z 01E ")),
    ("azure pipelines", |t| before(t, "2026-03-04T10:21:3%.0871783Z ##[error]")),
    ("jenkins timestamps", |t| before(t, "[2026-03-04T10:29:0%.337Z] ")),
    ("jenkins stage", |t| before(t, "[Build and publish] ")),
    ("vercel", |t| before(t, "[10:37:1%.226] ")),
    ("netlify", |t| before(t, "10:32:5% AM: ")),
    ("heroku", |t| before(t, "remote:        ")),
    ("buildkit", |t| before(t, "#12 4.90% ")),
    ("docker summary", |t| before(t, "4.90% ")),
    ("compose", |t| before(t, "web-1  | ")),
    ("codebuild", |t| before(t, "55% | ")),
    ("turbo", |t| before(t, "@acme/web:release: ")),
    ("nx", |t| before(t, "web:build: ")),
    ("lerna", |t| before(t, "@acme/web: ")),
    ("pnpm workspaces", |t| before(t, "│ ")),
    ("kubernetes", |t| before(t, "2026-03-04T10:21:3%.0871783Z stderr F ")),
    ("quoted", |t| before(t, "> ")),
    ("quoted twice", |t| before(t, ">> ")),
    ("indented", |t| before(t, "    ")),
    ("docker json", |t| {
        each_line(t, |i, line| {
            let log = serde_json::Value::from(format!("{line}\n"));
            format!("{{\"log\":{log},\"stream\":\"stderr\",\"time\":\"2026-03-04T10:21:3{i}.1Z\"}}")
        })
    }),
    ("coloured", |t| each_line(t, |_, line| format!("\u{1b}[31m{line}\u{1b}[0m"))),
    // As npm does it: the marker and the word after it.
    ("coloured words", |t| {
        each_line(t, |_, line| {
            let colour = |(i, word): (usize, &str)| match i {
                0..3 => format!("\u{1b}[1;31m{word}\u{1b}[22;39m"),
                _ => word.to_owned(),
            };
            line.split(' ').enumerate().map(colour).collect::<Vec<_>>().join(" ")
        })
    }),
    ("escapes swallowed", |t| each_line(t, |_, line| format!("[1m[31m{line}[39m[22m"))),
    ("crlf", |t| t.replace('\n', "\r\n")),
    ("no-break spaces", |t| t.replace(' ', "\u{a0}")),
    ("byte order mark", |t| format!("\u{feff}{t}")),
    ("zero width", |t| each_line(t, |_, line| format!("\u{200b}{line}\u{200b}"))),
    ("zero width in words", |t| t.replace("npm ", "npm\u{200b} ").replace("https://", "\u{2060}https://")),
    ("paragraphs", |t| each_line(t, |_, line| format!("<p>{}</p>", escaped(line)))),
    ("line break tags", |t| escaped(t).replace('\n', "<br>\n")),
    ("preformatted", |t| format!("<pre><code>{}</code></pre>\n", escaped(t))),
    ("escaped", escaped),
    ("escaped twice", |t| escaped(&escaped(t))),
    ("slack links", |t| links(t, |url| format!("<{url}>"))),
    ("slack links with labels", |t| links(t, |url| format!("<{url}|{}>", url.trim_start_matches("https://")))),
    ("slack links escaped", |t| links(t, |url| format!("&lt;{url}&gt;"))),
    ("markdown links", |t| links(t, |url| format!("[{url}]({url})"))),
    ("fence", |t| format!("```\n{t}```\n")),
    ("fence with language", |t| format!("it fails:\n```console\n{t}```\nany idea?\n")),
    ("fence on the line", |t| format!("```{}```\n", t.trim_end())),
    ("fence in a quote", |t| before(&format!("```\n{t}```\n"), "> ")),
    ("smart quotes", |t| {
        t.replace(" \"", " “").replace("=\"", "=“").replace('"', "”").replace(" '", " ‘").replace('\'', "’")
    }),
    ("long dashes", |t| t.replace(" - ", " – ")),
    ("wrapped at 80", wrapped),
    ("jira", |t| format!("{{noformat}}\n{t}{{noformat}}\n")),
];

/// What loses line breaks: for errors whose lines can be told apart without them.
const UNBROKEN: &[Damage] = &[
    ("one line", |t| t.trim_end().replace('\n', " ")),
    ("one line in prose", |t| format!("CI says {} - anybody?", t.trim_end().replace('\n', " "))),
    ("written line breaks", |t| t.trim_end().replace('\n', "\\n")),
    ("written line breaks of windows", |t| t.trim_end().replace('\n', "\\r\\n")),
    ("in a json string", |t| serde_json::Value::from(t).to_string()),
    ("in a json log line", |t| format!("{{\"level\":\"error\",\"msg\":{}}}\n", serde_json::Value::from(t))),
    ("carriage returns", |t| t.replace('\n', "\r")),
    ("line break tags alone", |t| escaped(t).replace('\n', "<br>")),
    ("jira on the line", |t| format!("{{noformat}}{}{{noformat}}", t.trim_end().replace('\n', " "))),
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Changes each address as a chat does.
fn links(text: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("https://") {
        let end = tail.find([' ', '\n', '"', '<', '>', '|', '(', ')', ']', '&']).unwrap_or(tail.len());
        let (address, after) = tail.split_at(end);
        // A chat leaves punctuation at the end outside of the link.
        let word = address.trim_end_matches(':');
        out += head;
        out += &change(&format!("https://{word}"));
        out += address.strip_prefix(word).unwrap_or_default();
        rest = after;
    }
    out + rest
}

/// As a terminal of 80 columns hands it to the clipboard.
fn wrapped(text: &str) -> String {
    each_line(text, |_, line| {
        let chars: Vec<char> = line.chars().collect();
        chars.chunks(80).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    })
}

fn applicable(error: &str) -> impl Iterator<Item = &'static Damage> {
    DAMAGES.iter().chain(if MARKED.contains(&error) { UNBROKEN } else { &[] })
}

#[test]
fn every_error_is_read_as_one_failure_with_its_facts() {
    for error in ERRORS {
        let got = gists(error);
        assert_eq!(got.len(), 1, "{error}");
        let known = got[0].package.is_some() || *error == NPM_CHALLENGE || *error == NPM_NEEDS_LOGIN;
        assert!(known && !["none", "unknown"].contains(&got[0].registry.as_str()) || *error == NPM_MASKED, "{got:?}");
    }
}

/// What the scan does not see yet: its needles for these clients ask for a quote, a blank or a dash as the client printed it.
const UNSEEN: &[(&str, &[&str])] = &[
    (
        YARN,
        &[
            "docker json",
            "no-break spaces",
            "zero width in words",
            "paragraphs",
            "line break tags",
            "preformatted",
            "escaped",
            "escaped twice",
            "slack links",
            "slack links with labels",
            "slack links escaped",
            "markdown links",
            "smart quotes",
            "coloured words",
        ],
    ),
    (BERRY, &["coloured words"]),
    (BUN, &["no-break spaces", "long dashes", "wrapped at 80"]),
];

fn is_unseen(error: &str, damage: &str) -> bool {
    UNSEEN.iter().any(|(text, damages)| *text == error && damages.contains(&damage))
}

#[test]
fn no_damage_changes_what_an_error_says() {
    let mut wrong = Vec::new();
    for error in ERRORS {
        let expected = gists(error);
        for (name, damage) in applicable(error) {
            let text = damage(error);
            for (how, got) in [("unscanned", gists_unscanned(&text)), ("scanned", gists(&text))] {
                if got != expected && !(how == "scanned" && is_unseen(error, name)) {
                    wrong.push(format!("{name}, {how}:\n{text}=> {got:?}\nand not {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} damages change the answer\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Damage of characters on top of prefixes: what a chat does to what a CI system printed.
#[test]
fn damage_on_damage_changes_nothing() {
    const INNER: &[&str] =
        &["github actions", "gitlab", "jenkins timestamps", "buildkit", "compose", "turbo", "coloured words"];
    const OUTER: &[&str] = &[
        "crlf",
        "no-break spaces",
        "slack links with labels",
        "fence with language",
        "quoted",
        "escaped",
        "paragraphs",
        "preformatted",
    ];
    let named = |names: &'static [&str]| DAMAGES.iter().filter(move |(name, _)| names.contains(name));
    let mut wrong = Vec::new();
    for error in ERRORS {
        let expected = gists(error);
        for (first, damage) in named(INNER) {
            for (second, more) in named(OUTER) {
                let text = more(&damage(error));
                let unseen = is_unseen(error, first) || is_unseen(error, second);
                let got = if unseen { gists_unscanned(&text) } else { gists(&text) };
                if got != expected {
                    wrong.push(format!("{first}, {second}:\n{text}=> {got:?}\nand not {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} damages change the answer\n{}", wrong.len(), wrong.join("\n\n"));
}

// --- the scan ---

/// A part of a log. Long ones make windows close, merge, and end in the middle of a line.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (select(ERRORS), 0..40_u8).prop_map(|(error, n)| error.replace("@acme%2fwidget", &format!("@acme%2fp{n}"))),
        2 => select(MARKED).prop_map(|error| error.trim_end().replace('\n', " ")),
        4 => vec(select(DECOYS), 1..30).prop_map(|lines| lines.concat()),
        2 => (1..4000_usize).prop_map(|n| "[12:00:01] bundling src/pages/index.tsx\n".repeat(n)),
        2 => (1..300_000_usize).prop_map(|n| "x".repeat(n) + "\n"),
        1 => (1..60_usize).prop_map(|n| NPM_PUBLISH.repeat(n)),
        1 => (1..40_000_usize).prop_map(|n| "key: 1 ".repeat(n)),
    ]
}

fn in_pieces(text: &[u8], sizes: &[usize]) -> Findings {
    let knowledge = &*KNOWLEDGE;
    let mut explainer = Explainer::new(&knowledge);
    let (mut rest, mut sizes) = (text, sizes.iter().cycle());
    while !rest.is_empty() {
        let space = explainer.space();
        let count = sizes.next().copied().unwrap_or(1).min(space.len()).min(rest.len());
        let (now, later) = rest.split_at(count);
        space[..count].copy_from_slice(now);
        explainer.advance(count);
        rest = later;
    }
    explainer.finish()
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn a_stream_in_any_pieces_says_what_the_whole_text_says(
        parts in vec(part(), 1..14),
        sizes in vec(prop_oneof![1..2_usize, 30..3000_usize, 4000..200_000_usize], 1..6),
    ) {
        let text = parts.concat();
        // Bytes one at a time over a megabyte would only be slow.
        let sizes: Vec<usize> = sizes.iter().map(|size| (*size).max(text.len() / 2000)).collect();
        let (at_once, streamed) = (whole(text.as_bytes()), in_pieces(text.as_bytes(), &sizes));
        prop_assert_eq!(&streamed.diagnoses, &at_once.diagnoses);
        prop_assert_eq!(streamed.truncated, at_once.truncated);
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn short_texts_in_tiny_pieces_say_what_the_whole_text_says(
        errors in vec(prop_oneof![select(ERRORS), select(DECOYS)], 1..6),
        sizes in vec(1..12_usize, 1..6),
    ) {
        let text = errors.concat();
        prop_assert_eq!(in_pieces(text.as_bytes(), &sizes).diagnoses, whole(text.as_bytes()).diagnoses);
    }

    #[test]
    fn a_failure_is_found_on_its_line_whatever_stands_around_it(
        error in select(ERRORS),
        above in vec(select(DECOYS), 0..20),
        below in vec(select(DECOYS), 0..20),
    ) {
        let (above, below) = (above.concat(), below.concat());
        let got = whole(format!("{above}{error}{below}").as_bytes()).diagnoses;
        let alone = whole(error.as_bytes()).diagnoses;
        prop_assert_eq!(got.len(), 1);
        let offset = above.lines().count() as u64;
        prop_assert_eq!(got[0].report.first_line, alone[0].report.first_line + offset);
        prop_assert_eq!(got[0].report.last_line, alone[0].report.last_line + offset);
        prop_assert_eq!(&got[0].report.code, &alone[0].report.code);
        prop_assert_eq!(&got[0].report.url, &alone[0].report.url);
    }
}

// --- cleaning ---

/// A line as logs and chats hold them, with up to three kinds of damage at once.
fn damaged() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        3 => select(ERRORS).prop_map(str::to_owned),
        2 => vec(select(DECOYS), 1..4).prop_map(|lines| lines.concat()),
        2 => vec(fragment(), 1..12).prop_map(|parts| parts.concat()),
    ];
    let damage = select(DAMAGES.iter().chain(UNBROKEN).collect::<Vec<_>>());
    (text, vec(damage, 0..3)).prop_map(|(text, damages)| damages.iter().fold(text, |text, (_, damage)| damage(&text)))
}

/// Pieces of which the rules of cleaning are made.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "npm error code E403", "npm ERR! ", "npm WARN ", "npm notice ", "npm info ", "npm", "pm ",
    "ERR_PNPM_FETCH_401 ", "\n", "\r", "\r\n", "\\n", "\\r\\n", "\\", "\"", "'", "`", "```", "```sh", "{noformat}",
    "{code}", "> ", ">", "<", "&lt;", "&gt;", "&amp;", "&amp;lt;", "&quot;", "&#39;", ";", "\u{1b}[31m",
    "\u{1b}[0m", "\u{1b}]8;;https://x.example\u{7}", "\u{1b}", "[31m", "[0m", "[", "]", "m", "(", ")", "](",
    "https://npm.pkg.github.com/@acme%2fwidget", "|", " | ", "web-1 | ", "#12 ", "4.900 ", "remote: ",
    "2026-03-04T10:21:38.087Z ", "[10:37:14.112] ", "10:32:49 AM: ", "01E ", "00O+", "│ ", "├─▶ ", "╰─▶ ", "× ",
    "➤ YN0000: ", "  │   ", "@acme/web: ", "web:build: ", "[stage] ", "[@acme/web]: ", "##[error]", "##[group]",
    "::error::", "stdout F ", "{\"log\":\"", "{\"msg\":\"npm error code E401\\n\"}", "\"}", "{", "}", "<br>",
    "<p>", "</p>", "<pre>", "</code>", "<span class=x>", "\u{a0}", "\u{200b}", "\u{feff}", "“", "”", "–", " ",
    "  ", "\t", "job\tstep\t", "x", "é", "📦", ": ", ":",
];

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => select(PIECES).prop_map(str::to_owned),
        1 => (1..90_usize).prop_map(|n| "y".repeat(n)),
        1 => any::<char>().prop_map(String::from),
    ]
}

/// Whether a line ends just where terminals wrap and another follows: then nothing tells whether they were one, and
/// clean lines that happen to look so are joined.
fn may_be_wrapped(text: &str) -> bool {
    const WIDTHS: &[usize] = &[72, 76, 78, 79, 80, 100, 120, 132, 160];
    let widths: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    widths.windows(2).any(|pair| {
        let common = WIDTHS.contains(&pair[0]) || widths.iter().filter(|width| **width == pair[0]).count() > 1;
        pair[0] >= 60 && common && (1..=pair[0]).contains(&pair[1])
    })
}

fn is_idempotent(bytes: &[u8]) -> Result<(), TestCaseError> {
    let once = clean(bytes, 1).text;
    prop_assume!(!may_be_wrapped(&once));
    let twice = clean(once.as_bytes(), 1).text;
    prop_assert_eq!(&twice, &once, "from {:?}", String::from_utf8_lossy(bytes));
    Ok(())
}

fn is_numbered(bytes: &[u8], first: u64) -> Result<(), TestCaseError> {
    let Clean { text, numbers } = clean(bytes, first);
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = body.split(|b| *b == b'\n').count() as u64;
    prop_assert_eq!(numbers.len(), text.split('\n').count());
    prop_assert!(numbers.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", numbers);
    prop_assert!(numbers.iter().all(|n| (first..first + lines).contains(n)), "{:?} of {} lines", numbers, lines);
    Ok(())
}

proptest! {
    #![proptest_config(cases(800))]

    #[test]
    fn cleaning_what_is_clean_changes_nothing(text in damaged()) {
        is_idempotent(text.as_bytes())?;
    }

    #[test]
    fn cleaning_arbitrary_text_twice_is_cleaning_it_once(text in "(?s).{0,200}", bytes in vec(any::<u8>(), 0..200)) {
        is_idempotent(text.as_bytes())?;
        is_idempotent(&bytes)?;
    }

    #[test]
    fn clean_lines_know_where_they_come_from(text in damaged(), bytes in vec(any::<u8>(), 0..200), first in 1..1_000_000_u64) {
        is_numbered(text.as_bytes(), first)?;
        is_numbered(&bytes, first)?;
    }
}

// --- arbitrary bytes ---

/// Bytes of every kind between pieces that wake up each stage.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => fragment().prop_map(String::into_bytes),
        3 => vec(any::<u8>(), 0..40),
        3 => (select(ERRORS), any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(error, a, b)| {
            let (a, b) = (a.index(error.len()), b.index(error.len()));
            error.as_bytes()[a.min(b)..a.max(b)].to_vec()
        }),
        1 => select(&["403 403 ", "401 Unauthorized - ", " - GET ", "E401", "[E403] ", "code ", "\"code\": \"E403\",\n\"summary\": \"",
            "YN0041: ", "YN0035: Response Code: 403", "error: GET http", "bun add v1.2.3\n", "Registry returned 403 for PUT on ",
            "http://", "https://@:/", "/-/", ".tgz", "/-rev/", "/download/@", "%2f", "@", "_logs", "Registry: "][..])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(piece, 0..16).prop_map(|parts| parts.concat())
}

/// Everything after the scan, which would keep most arbitrary bytes from the later stages.
fn all_stages(bytes: &[u8]) {
    let Clean { text, numbers } = clean(bytes, 1);
    for line in text.split('\n') {
        let _ = (
            parse::status::parse(line),
            url::parse(line),
            marker::fold(line),
            marker::level(line),
            marker::debug_level(line),
        );
    }
    for mut report in parse::parse(&redact::redact(&text, &mut Tally::default()), &numbers) {
        registry::identify(&mut report, &KNOWLEDGE);
        let _ = (rules::rank(&report, &KNOWLEDGE), rules::unknown(&report), report.family());
        assert!(fingerprint::fingerprint(&report, &KNOWLEDGE).starts_with("v1-"));
        assert!(report.first_line <= report.last_line, "{report:?}");
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn no_stage_panics(bytes in bytes()) {
        all_stages(&bytes);
        scan::windows(&bytes, |window| all_stages(window.bytes));
        for diagnosis in whole(&bytes).diagnoses {
            prop_assert!(!diagnosis.causes.is_empty());
            let answer = answer::answer(&diagnosis, &KNOWLEDGE);
            prop_assert!(answer.steps.len() <= answer::MAX_STEPS);
        }
    }

    #[test]
    fn windows_are_parts_of_the_text_in_order(bytes in vec(bytes(), 1..6).prop_map(|parts| parts.concat())) {
        let mut end = 0;
        let mut wrong = None;
        scan::windows(&bytes, |window| {
            let start = window.bytes.as_ptr() as usize - bytes.as_ptr() as usize;
            let line = memchr::memchr_iter(b'\n', &bytes[..start]).count() as u64 + 1;
            if start < end || line != window.first_line {
                wrong = Some((start, end, line, window.first_line));
            }
            end = start + window.bytes.len();
        });
        prop_assert_eq!(wrong, None);
    }
}

// --- addresses ---

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn an_address_never_holds_who_signs_in(
        scheme in select(&["http", "https"][..]),
        user in "[A-Za-z0-9._~%!$&*+,;=@-]{0,12}",
        password in "[A-Za-z0-9._~%!$&*+,;=:@-]{0,20}",
        host in "[a-y]{1,8}\\.example(:[0-9]{2,4})?",
        path in select(&["", "/", "/@a%2fb", "/@a/b", "/npm/x/-/x-1.0.0.tgz", "/-/whoami"][..]),
        after in select(&["", "?token=QQQQ", "#QQQQ", " - denied", ": Forbidden", "\" x"][..]),
    ) {
        let (user, password) = (format!("ZZ{user}ZZ"), format!("ZZ{password}ZZ"));
        for secret in [format!("{user}:{password}"), user, format!(":{password}")] {
            let got = url::parse(&format!("{scheme}://{secret}@{host}{path}{after}"));
            let Some(got) = got else { return Err(TestCaseError::fail("it is an address")) };
            prop_assert_eq!(&got.host, &host);
            let told = format!("{got:?}").to_ascii_uppercase();
            prop_assert!(!told.contains("ZZ") && !told.contains("QQQQ"), "{}", told);
        }
    }

    /// Characters that a password must not hold in an address and that people write there all the same.
    #[test]
    fn a_password_with_a_slash_is_no_host(
        head in "[A-Za-z_~$-][A-Za-z0-9_~$-]{0,8}",
        stop in select(&['/', '?', '#', '\'', '"', '<', '|', '\\', '{', '^', '`'][..]),
        tail in "[A-Za-z0-9]{0,8}",
    ) {
        let got = url::parse(&format!("https://deploy:{head}{stop}{tail}@npm.acme.example/@acme%2fwidget"));
        prop_assert_eq!(got, None);
    }

    #[test]
    fn the_parts_of_any_address_are_of_their_kind(text in "https?://(([a-z:@%2fF.\\-0-9/]|tgz|/-/|-rev|download|@a/b|\\PC){0,30})") {
        if let Some(got) = url::parse(&text) {
            prop_assert!(!got.host.contains(['@', '/']) && !got.host.is_empty(), "{:?}", got);
            prop_assert!(got.clean.split_once("://").is_some_and(|(_, rest)| rest.starts_with(&got.host)), "{:?}", got);
            prop_assert!(got.base.ends_with('/') && got.path.starts_with('/'), "{:?}", got);
            prop_assert!(got.package.as_deref().is_none_or(url::is_package), "{:?}", got);
            prop_assert!(got.version.as_deref().is_none_or(url::is_version), "{:?}", got);
        }
    }
}

// --- letter case ---

/// Writes the marker of each of npm's lines with other letters.
fn recased(text: &str, upper: &[bool]) -> String {
    let mut upper = upper.iter().cycle();
    let mut case = |word: &str| {
        word.chars()
            .map(|c| if upper.next() == Some(&true) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect::<String>()
    };
    each_line(text, |_, line| {
        let mut words = line.splitn(3, ' ');
        let (npm, level) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        format!("{} {} {}", case(npm), case(level), words.next().unwrap_or_default())
    })
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn the_letter_case_of_markers_means_nothing(
        error in select(MARKED),
        upper in prop_oneof![Just(vec![true]), Just(vec![false]), Just(vec![true, false, false]), vec(any::<bool>(), 1..8)],
        damage in select([&("none", str::to_owned as fn(&str) -> String)].into_iter().chain(DAMAGES).chain(UNBROKEN).collect::<Vec<&Damage>>()),
    ) {
        let causes = |text: &str| {
            let found = whole(text.as_bytes()).diagnoses;
            found.iter().flat_map(|d| &d.causes).map(|c| (c.id.clone(), c.confidence, c.weight)).collect::<Vec<_>>()
        };
        let text = damage.1(&recased(error, &upper));
        prop_assert_eq!(causes(&text), causes(error), "{}: {}", damage.0, text);
    }
}

// --- the fingerprint ---

/// One fingerprint, of a text with one failure.
fn print(text: &str) -> String {
    let found = whole(text.as_bytes()).diagnoses;
    assert_eq!(found.len(), 1, "{text}");
    found[0].fingerprint.clone()
}

/// An install or a publish as npm tells it, with what differs from run to run as arguments.
fn told(run: &Run) -> String {
    let Run { status, method, scope, name, package, client, minute, above } = run;
    let phrase = if *status == 401 { "401 Unauthorized" } else { "403 403 Forbidden" };
    let digits = minute % 60;
    format!(
        "{}2026-03-04T10:{digits:02}:38.087Z npm verbose cli /usr/bin/node /usr/bin/npm
2026-03-04T10:{digits:02}:38.088Z npm info using npm@{client}
2026-03-04T10:{digits:02}:38.089Z npm notice 📦  @{scope}/{name}@{package}
2026-03-04T10:{digits:02}:39.087Z npm error code E{status}
2026-03-04T10:{digits:02}:39.088Z npm error {phrase} - {method} https://npm.acme.example/@{scope}%2f{name}
2026-03-04T10:{digits:02}:39.089Z npm error A complete log of this run can be found in: /root/.npm/_logs/2026-03-04T10_{digits:02}_38_087Z-debug-0.log
",
        "[12:00:01] bundling\n".repeat(*above)
    )
}

#[derive(Debug, Clone)]
struct Run {
    status: u16,
    method: &'static str,
    scope: String,
    name: String,
    package: String,
    client: String,
    minute: u8,
    above: usize,
}

prop_compose! {
    fn run()(
        status in select(&[401, 403][..]),
        method in select(&["GET", "PUT"][..]),
        scope in "[a-z][a-z0-9-]{0,8}",
        name in "[a-z][a-z0-9-]{0,8}",
        package in "[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,3}(-rc\\.[0-9])?",
        client in "(8|9|10|11)\\.[0-9]{1,2}\\.[0-9]",
        minute in any::<u8>(),
        above in 0..40_usize,
    ) -> Run {
        Run { status, method, scope, name, package, client, minute, above }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_fingerprint_forgets_what_changes_from_run_to_run(a in run(), b in run()) {
        let again = Run { status: a.status, method: a.method, scope: a.scope.clone(), name: a.name.clone(), ..b };
        prop_assert_eq!(print(&told(&a)), print(&told(&again)));
    }

    #[test]
    fn a_refusal_is_about_its_scope_and_a_missing_identity_is_not(a in run(), scope in "[a-z][a-z0-9]{0,8}x") {
        prop_assume!(scope != a.scope);
        let elsewhere = Run { scope, ..a.clone() };
        prop_assert_eq!(print(&told(&a)) == print(&told(&elsewhere)), a.status == 401);
        let reads = Run { method: "GET", ..a.clone() };
        let writes = Run { method: "PUT", ..a.clone() };
        prop_assert_eq!(print(&told(&reads)) == print(&told(&writes)), a.status == 401);
        let other = Run { status: if a.status == 401 { 403 } else { 401 }, ..a.clone() };
        prop_assert_ne!(print(&told(&a)), print(&told(&other)));
    }

    #[test]
    fn a_fingerprint_knows_its_registry(a in run(), host in "[a-z]{1,8}") {
        let text = told(&a);
        let elsewhere = text.replace("npm.acme.example", &format!("{host}.corp.example"));
        prop_assert_ne!(print(&text), print(&elsewhere));
    }
}
