use super::*;

fn redacted(text: &str) -> String {
    redact(text, &mut Tally::default()).as_str().to_owned()
}

/// Every example of the table, with several throws of the dice.
fn examples() -> Vec<(&'static Pattern, Example)> {
    let throw = |seed| {
        move |pattern: &'static Pattern| pattern.examples.iter().map(move |make| (pattern, make(&mut Dice::new(seed))))
    };
    (0..40).flat_map(|seed| patterns().flat_map(throw(seed))).collect()
}

/// No piece of 12 characters of the secret is in the text.
fn assert_gone(secret: &str, text: &str) {
    for line in secret.lines() {
        let characters: Vec<char> = line.chars().collect();
        for piece in characters.windows(characters.len().min(12)) {
            let piece: String = piece.iter().collect();
            // What names the kind, not the secret.
            if piece.len() >= 12 && !piece.contains("-----") && !piece.contains(" KEY") {
                assert!(!text.contains(&piece), "{piece:?} of {secret:?} is still in {text:?}");
            }
        }
        assert!(line.len() < 6 || !text.contains(line), "{line:?} is still in {text:?}");
    }
}

#[test]
fn every_regex_compiles() {
    for pattern in patterns() {
        assert!(pattern.regex().is_some(), "{}", pattern.kind);
    }
    assert!(patterns().count() <= 64, "the set of patterns is a u64");
}

#[test]
fn kinds_are_unique_and_say_what_to_do() {
    let mut kinds: Vec<_> = patterns().map(|pattern| pattern.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), patterns().count());
    for pattern in patterns() {
        assert!(!pattern.examples.is_empty() && !pattern.prefixes.is_empty(), "{}", pattern.kind);
        assert!(pattern.revoke.ends_with('.') && !pattern.what.ends_with('.'), "{}", pattern.kind);
        assert!(super::pattern(pattern.kind).is_some());
    }
}

#[test]
fn the_table_finds_its_examples_bare() {
    for (pattern, example) in examples() {
        let text = example.text();
        let mut tally = Tally::default();
        let out = redact(&text, &mut tally);
        assert_gone(&example.secret, out.as_str());
        let (before, after) = (example.before.trim_end_matches('"'), &example.after);
        assert!(out.as_str().starts_with(before) && out.as_str().ends_with(after.as_str()), "{text:?} became {out:?}");
        assert_eq!(tally.iter().map(|(_, count)| count).sum::<u32>(), 1, "{}: {text:?} became {out:?}", pattern.kind);
        assert_eq!(text.matches('\n').count(), out.as_str().matches('\n').count());
    }
}

#[test]
fn an_example_is_named_by_its_own_pattern_or_an_earlier_one() {
    for (rank, pattern) in patterns().enumerate() {
        let named = pattern.examples.iter().enumerate().filter(|(_, make)| {
            let out = redacted(&make(&mut Dice::new(1)).text());
            out.contains(&format!("[redacted {}]", pattern.kind))
                || patterns().take(rank).any(|earlier| out.contains(&format!("[redacted {}]", earlier.kind)))
        });
        assert_eq!(named.count(), pattern.examples.len(), "{}", pattern.kind);
        let own = redacted(&pattern.examples[0](&mut Dice::new(1)).text());
        assert!(own.contains(&format!("[redacted {}]", pattern.kind)), "{}: {own:?}", pattern.kind);
    }
}

#[test]
fn the_table_finds_its_examples_in_text_and_twice() {
    for (pattern, example) in examples() {
        let text = example.text();
        for shape in [format!("npm error code E401\nit was {text}\nnpm error end"), format!("{text} and {text}")] {
            let out = redacted(&shape);
            assert_gone(&example.secret, &out);
            assert_eq!(shape.matches('\n').count(), out.matches('\n').count(), "{}", pattern.kind);
            assert_eq!(redacted(&out), out);
        }
    }
}

#[test]
fn keys_and_hosts_stay() {
    let mut dice = Dice::new(7);
    let github = format!("ghp_{}", dice.alnum(36));
    let secret = dice.alnum(20);
    for (before, after) in [
        (
            format!("//npm.pkg.github.com/:_authToken={github}"),
            "//npm.pkg.github.com/:_authToken=[redacted github token]",
        ),
        (format!("https://user:{secret}@host/"), "https://user:[redacted password]@host/"),
        (format!("https://user:{github}@host/"), "https://user:[redacted github token]@host/"),
        (format!("_authToken=\"{secret}\"\nregistry=x"), "_authToken=\"[redacted npmrc credential]\"\nregistry=x"),
        (format!("curl -u me:{secret} https://h/"), "curl -u me:[redacted curl password] https://h/"),
        (
            format!("npm publish --otp={} --tag x", dice.digits(6)),
            "npm publish --otp=[redacted one-time password] --tag x",
        ),
    ] {
        assert_eq!(redacted(&before), after);
    }
}

#[test]
fn passwords_that_look_like_words_go() {
    for line in [
        "ARTIFACTORY_PASSWORD: Summer2024",
        "NPM_TOKEN=correcthorse",
        "//r.example.com/:_authToken=YOUR_TOKEN_HERE",
        "password = 'opensesame'",
    ] {
        assert!(redacted(line).contains("[redacted "), "{line}");
    }
}

#[test]
fn a_token_broken_right_behind_its_prefix_goes() {
    for (start, rest) in [("npm_", 36), ("ghp_", 36), ("glpat-", 20)] {
        let secret = Dice::new(4).alnum(rest);
        let text = format!("{}{start}\n{secret}", "a ".repeat(30));
        let out = redacted(&text);
        assert!(!out.contains(&secret), "{out:?}");
        assert_eq!(out.matches('\n').count(), 1);
    }
}

#[test]
fn what_a_line_break_ends_is_not_joined_to_the_next_line() {
    let token = format!("npm_{}", Dice::new(3).alnum(36));
    for next in [
        "registry=https://r.example.com/",
        "//r.example.com/:_authToken=${X}",
        "npm error code E401",
        "@acme:registry=x",
        "NODE_ENV=production",
        "always-auth=true",
    ] {
        let text = format!("//npm.pkg.github.com/npm/registry/:_authToken={token}\n{next}");
        assert_eq!(
            redacted(&text),
            format!("//npm.pkg.github.com/npm/registry/:_authToken=[redacted npm token]\n{next}")
        );
    }
}

#[test]
fn what_carries_meaning_stays() {
    let shasum = Dice::new(1).hex(40);
    let sha512 = fake::base64(Dice::new(2).alnum(64).as_bytes());
    let uuid = Dice::new(3).uuid();
    let long = [
        format!("npm error shasum: {shasum}"),
        format!("\"integrity\": \"sha512-{sha512}\","),
        format!("sha512-{sha512}"),
        format!("npm error A complete log is in /root/.npm/_logs/2026-11-22T10_00_00_000Z-debug-0.log {uuid}"),
        format!(
            "npm ERR! Unable to authenticate, need: Bearer authorization_uri=https://login.windows.net/{uuid}, Basic realm=\"https://pkgsprodweu1.app.pkgs.visualstudio.com/\", TFS-Federated"
        ),
        format!("x-request-id: {uuid}"),
    ];
    for line in include_str!("tests/stays.txt").lines().chain(long.iter().map(String::as_str)) {
        let mut tally = Tally::default();
        assert_eq!(redact(line, &mut tally).as_str(), line);
        assert!(tally.is_empty());
    }
    let all = include_str!("tests/stays.txt");
    assert_eq!(redacted(all), all);
}

#[test]
fn a_tally_counts_by_kind_in_order() {
    let mut tally = Tally::default();
    tally.add("b");
    tally.add("a");
    tally.add("b");
    let mut sum = tally.clone();
    sum.merge(&tally);
    assert_eq!(tally.iter().collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
    assert_eq!(sum.iter().collect::<Vec<_>>(), [("a", 2), ("b", 4)]);
    assert!(Tally::default().is_empty() && !sum.is_empty());
}

#[test]
fn distinctive_prefixes_are_short_literals() {
    assert!(prefixes().any(|prefix| prefix.text == "_auth"));
    assert!(prefixes().all(|prefix| prefix.distinctive && prefix.text.is_ascii() && prefix.text.len() >= 3));
}
