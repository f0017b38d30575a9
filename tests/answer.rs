//! Whatever a paste holds, an answer stays harmless: its commands do what the entry wrote, and its Markdown pings,
//! links and formats nothing that the renderer did not mean.

use npmfix::{
    answer::{
        Answer, AnswerStep, Inline, Other, answer,
        json::value,
        markdown::markdown,
        text::{Paint, text},
    },
    classifier::{Confidence, Diagnosis, Line, RankedCause, Registry, Report, Unknown},
    knowledge::{
        Cause, Check, Knowledge, Samples, Step,
        template::{Fields, NAMES},
    },
};
use proptest::prelude::*;

const TEMPLATES: [&str; 6] = [
    "npm login --scope={scope} --registry={registry}",
    "//{host}:_authToken=${NPM_TOKEN}",
    "npm owner add <user> {package}",
    "npm view {package}@{version} dist.tarball",
    "npm access list packages {org}",
    "env:\n  TOKEN: ${{ secrets.X }}",
];

/// Characters that a POSIX shell, PowerShell, cmd, YAML or an `.npmrc` reads in a way of their own, and all blanks.
/// `%` is looked at on its own.
const ACTIVE: &str = " \t\r\n;&|<>()$`\\\"'*?[]{}!#~=^,";

/// Near misses of each grammar, so that most cases get past the first character.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("@acme/".to_owned()),
        Just("https://".to_owned()),
        Just("a.dev".to_owned()),
        Just("/npm/".to_owned()),
        Just("1.2.3".to_owned()),
        Just("$(id)".to_owned()),
        Just("`id`".to_owned()),
        Just("%CD%".to_owned()),
        Just("%20".to_owned()),
        Just("../".to_owned()),
        Just("--x".to_owned()),
        Just("-".to_owned()),
        Just("{package}".to_owned()),
        Just("<!here>".to_owned()),
        "[a-z0-9.@/:_-]{1,12}",
        "\\PC{1,4}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    prop::option::of(hostile())
}

prop_compose! {
    fn report()(url in maybe(), host in maybe(), scope in maybe(), package in maybe(), version in maybe(), said in hostile())
        -> Report {
        Report {
            registry: Registry { kind: "unknown".to_owned(), host, url },
            scope,
            package,
            version,
            said: vec![Line { number: 1, text: said }],
            ..Report::default()
        }
    }
}

fn knowledge() -> Knowledge {
    let step =
        |text: &str, command: &str| Step { text: text.to_owned(), command: Some(command.to_owned()), when: None };
    let cause = Cause {
        id: "x".into(),
        title: "A title".to_owned(),
        tier: 1,
        neutral: false,
        prior: 1,
        codes: vec![],
        clients: vec![],
        registries: vec![],
        operations: vec![],
        holds: std::collections::BTreeMap::new(),
        signals: vec![],
        explanation: "About `{package}` in `{scope}` on `{registry}`.".to_owned(),
        is_not: String::new(),
        steps: vec![
            step("Log in to `{host}`.", "npm login --registry={registry}"),
            step("Look at `{version}`.", "npm view {package}@{version}"),
        ],
        check: Check { text: "Look at `{org}`.".to_owned(), command: Some("npm org ls {org}".to_owned()) },
        prevention: String::new(),
        sources: vec!["https://docs.npmjs.com/".to_owned()],
        reviewed: jiff::civil::date(2026, 11, 22),
        valid_until: None,
        neighbours: vec![],
        samples: Samples { matches: vec![], no_match: vec![] },
    };
    Knowledge::new(vec![cause], vec![])
}

fn diagnosis(report: Report) -> Diagnosis {
    let causes = vec![RankedCause {
        id: "x".into(),
        confidence: Confidence::Likely,
        weight: 70,
        evidence: report.said.clone(),
        set_aside: false,
    }];
    Diagnosis { report, count: 2, causes, unknown: vec![Unknown::Registry], fingerprint: String::new() }
}

/// The text without the placeholders and, for a template, without their braces.
fn without_names(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("<{name}>"), "").replace(&["{", name, "}"].concat(), "")
    })
}

/// Markdown without fences and code spans, read by the rules of its standard; `None` when one is not closed.
fn outside_code(markdown: &str) -> Option<String> {
    let mut out = String::new();
    let mut fence: Option<usize> = None;
    for line in markdown.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(open) if ticks >= open && ticks == line.trim_end().len() => fence = None,
            Some(_) => {}
            None if ticks >= 3 && ticks == line.len() => fence = Some(ticks),
            None => {
                out.push_str(&outside_spans(line)?);
                out.push('\n');
            }
        }
    }
    fence.is_none().then_some(out)
}

fn outside_spans(line: &str) -> Option<String> {
    let chars: Vec<char> = line.chars().collect();
    let run = |from: usize| chars[from..].iter().take_while(|c| **c == '`').count();
    let (mut out, mut i) = (String::new(), 0);
    while i < chars.len() {
        match chars[i] {
            '\\' => {
                out.extend(chars.get(i..i + 2)?);
                i += 2;
            }
            '`' => {
                let open = run(i);
                i += open;
                while run(i) != open {
                    // A run of another length is skipped as a whole.
                    i += run(i).max(1);
                    if i >= chars.len() {
                        return None;
                    }
                }
                i += open;
                out.push('\u{fffc}');
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    Some(out)
}

/// Marks that act, apart from those that the renderer writes itself: bold labels, bullets, one link.
fn acting(outside: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in outside.lines() {
        let line = line.replace("<https://docs.npmjs.com/>", "");
        let own = ["- ", "1. ", "2. "].iter().find_map(|mark| line.strip_prefix(mark));
        let line = own.unwrap_or(&line).replace("**", "");
        let mut chars = line.chars().peekable();
        let mut before = '\n';
        while let Some(c) = chars.next() {
            let next = chars.peek().copied().unwrap_or('\n');
            let acts = match c {
                '\\' => {
                    chars.next();
                    false
                }
                '<' | '>' | '*' | '_' | '[' | ']' | '~' | '|' | '`' | '$' | '#' => true,
                '@' => !next.is_whitespace() && next != '\u{200b}',
                '.' => {
                    before.is_alphanumeric() && next.is_alphabetic() && {
                        let word: String = chars.clone().take_while(|c| c.is_alphabetic()).collect();
                        word.chars().count() > 1
                    }
                }
                '/' => before == ':' && next == '/',
                _ => false,
            };
            if acts {
                found.push(format!("{c:?} in {line:?}"));
            }
            before = c;
        }
        let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let counts = number.len() < line.len() && number.starts_with(['.', ')']);
        if counts || line.starts_with(['-', '+', '=', ' ']) {
            found.push(format!("a block in {line:?}"));
        }
    }
    found
}

proptest! {
    #[test]
    fn no_value_changes_a_command(report in report()) {
        let fields = Fields::new(&report, None);
        for template in TEMPLATES {
            let filled = without_names(&fields.fill(template));
            let meant = without_names(template);
            for c in ACTIVE.chars() {
                prop_assert_eq!(filled.matches(c).count(), meant.matches(c).count(), "{:?} in {:?}", c, &filled);
            }
            prop_assert!(filled.is_ascii(), "{:?}", &filled);
            for (at, _) in filled.match_indices('%') {
                let escape = filled.as_bytes().get(at + 1..at + 3).unwrap_or_default();
                prop_assert!(matches!(escape, [b'2'..=b'7', low] if low.is_ascii_hexdigit()), "{:?}", &filled);
            }
        }
        for value in NAMES.iter().filter_map(|name| fields.get(name)) {
            prop_assert!(!value.starts_with('-') && value.len() <= 220);
        }
    }

    #[test]
    fn a_paste_acts_in_no_rendering(report in report()) {
        let answer = answer(&diagnosis(report), &knowledge());
        let outside = outside_code(&markdown(&answer)).expect("code is closed");
        prop_assert_eq!(acting(&outside), Vec::<String>::new());
        let plain = text(&answer, 40, Paint::Plain);
        prop_assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{:?}", plain);
        prop_assert!(value(&answer)["check"].is_string());
    }

    #[test]
    fn a_text_acts_in_no_rendering(
        title in hostile(), cause in hostile(), step in hostile(), command in hostile(), other in hostile(),
        width in 0usize..200,
    ) {
        let answer = Answer {
            id: None,
            title: Inline::plain(&title).backticked().trim().to_owned(),
            confidence: Confidence::Certain,
            count: 1,
            cause: Inline::parse(&cause),
            evidence: Some(Line { number: 1, text: Inline::plain(&step).backticked() }),
            steps: vec![AnswerStep { text: Inline::parse(&step), command: Some(command.clone()) }],
            check: AnswerStep { text: Inline::parse(&other), command: None },
            others: vec![Other { id: "y".into(), title: Inline::plain(&other).backticked(), explanation: Inline::parse(&cause) }],
            caveat: Some(Inline::parse(&title)),
            learn_more: None,
        };
        let rendered = markdown(&answer);
        let outside = outside_code(&rendered);
        prop_assert!(outside.is_some(), "open code in {rendered:?}");
        prop_assert_eq!(acting(&outside.unwrap_or_default()), Vec::<String>::new());
        prop_assert!(rendered.contains(&command));
        let plain = text(&answer, width, Paint::Plain);
        let bare = anstream::adapter::strip_str(&text(&answer, width, Paint::Ansi)).to_string();
        prop_assert!(bare.len() <= plain.len());
        for line in command.lines().filter(|line| !line.trim().is_empty()) {
            prop_assert!(plain.contains(line));
        }
        prop_assert_eq!(&value(&answer)["steps"][0]["command"], &command);
    }
}
