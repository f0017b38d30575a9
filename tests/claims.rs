//! What guides and answers on the web say about npm 401 and 403, judged claim by claim in `claims.toml`: what is right
//! reaches users through an entry, what is wrong or out of date is advice nowhere.

use std::collections::BTreeMap;

use npmfix::{
    classifier::explain,
    knowledge::{
        Cause, Knowledge,
        load::{expand, public_host},
        load_embedded,
    },
};
use serde::Deserialize;

/// How many claims each of the five guides makes.
const GUIDES: [(&str, usize); 5] = [("000", 54), ("001", 23), ("002", 10), ("003", 20), ("004", 31)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    claim: Vec<Claim>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// Guide and claim.
    id: String,
    /// The claim in a few words.
    says: String,
    verdict: Verdict,
    /// Where `phrases` may stand.
    #[serde(default)]
    entries: Vec<String>,
    /// Each must occur in one of `entries`, and each of these holds at least one.
    #[serde(default)]
    phrases: Vec<String>,
    /// Must occur in no entry.
    #[serde(default)]
    never: Vec<String>,
    /// Entries that name what `never` forbids in order to say that it is gone.
    #[serde(default)]
    except: Vec<String>,
    /// A text and whether it is answered.
    sample: Option<String>,
    answered: Option<bool>,
    /// The registry that the answer to `sample` must have seen.
    host: Option<String>,
    /// Why there is nothing to say, or what the sample shows.
    reason: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Right,
    Partly,
    Stale,
    Wrong,
    Other,
}

fn knowledge() -> Knowledge {
    load_embedded().unwrap_or_else(|error| panic!("{error}"))
}

fn claims() -> Vec<Claim> {
    let table: Table = toml::from_str(include_str!("claims.toml")).unwrap_or_else(|error| panic!("{error}"));
    table.claim
}

/// Everything an entry says, in lower case, with the public registry's host as this project writes it.
fn texts(cause: &Cause) -> String {
    let steps = cause.steps.iter().flat_map(|step| [Some(&step.text), step.command.as_ref()]).flatten();
    let texts: Vec<&str> = [&cause.title, &cause.explanation, &cause.is_not, &cause.prevention, &cause.check.text]
        .into_iter()
        .chain(&cause.check.command)
        .chain(steps)
        .map(String::as_str)
        .collect();
    texts.join("\n").replace(&public_host(), "{{npm}}").to_lowercase()
}

/// What `look` finds wrong with each claim, the claim's id and words in front.
fn faults(look: impl Fn(&Claim, &mut dyn FnMut(String))) -> Vec<String> {
    let mut found = Vec::new();
    for claim in claims() {
        look(&claim, &mut |what| found.push(format!("{} ({}): {what}", claim.id, claim.says)));
    }
    found
}

#[test]
fn every_claim_is_judged_and_its_row_can_hold_it() {
    let ids: Vec<String> = claims().into_iter().map(|claim| claim.id).collect();
    let numbered = |(guide, count): (&str, usize)| (1..=count).map(move |n| format!("{guide}/{n}")).collect::<Vec<_>>();
    assert_eq!(ids, GUIDES.into_iter().flat_map(numbered).collect::<Vec<_>>());

    let found = faults(|claim, say| {
        let shown = !claim.phrases.is_empty() || claim.sample.is_some();
        let held = match claim.verdict {
            Verdict::Right | Verdict::Partly => shown,
            Verdict::Stale | Verdict::Wrong => !claim.never.is_empty() || claim.sample.is_some(),
            Verdict::Other => claim.reason.is_some() && !shown && claim.never.is_empty(),
        };
        if !held {
            say("nothing in the row holds this verdict".to_owned());
        }
        if claim.entries.is_empty() != claim.phrases.is_empty() {
            say("entries and phrases come together".to_owned());
        }
        if claim.sample.is_some() != claim.answered.is_some() || claim.host.is_some() && claim.answered != Some(true) {
            say("a sample says whether it is answered, and only then which host".to_owned());
        }
        for text in claim.phrases.iter().chain(&claim.never).filter(|text| text.to_lowercase() != **text) {
            say(format!("write in lower case: {text}"));
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_right_reaches_users() {
    let knowledge = knowledge();
    let said: BTreeMap<&str, String> = knowledge.causes.iter().map(|c| (c.id.as_str(), texts(c))).collect();
    let found = faults(|claim, say| {
        let holds = |entry: &String, phrase: &String| said.get(entry.as_str()).is_some_and(|t| t.contains(phrase));
        for phrase in claim.phrases.iter().filter(|phrase| !claim.entries.iter().any(|entry| holds(entry, phrase))) {
            say(format!("none of {} says `{phrase}`", claim.entries.join(", ")));
        }
        for entry in claim.entries.iter().filter(|entry| !claim.phrases.iter().any(|phrase| holds(entry, phrase))) {
            say(format!("{entry} says none of the phrases"));
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_wrong_or_stale_is_advice_nowhere() {
    let knowledge = knowledge();
    let said: Vec<(&str, String)> = knowledge.causes.iter().map(|c| (c.id.as_str(), texts(c))).collect();
    let found = faults(|claim, say| {
        for (id, text) in &said {
            let excepted = claim.except.iter().any(|entry| entry == id);
            let says: Vec<&String> = claim.never.iter().filter(|pattern| text.contains(*pattern)).collect();
            if excepted && says.is_empty() {
                say(format!("{id} needs no exception"));
            }
            for pattern in says.into_iter().filter(|_| !excepted) {
                say(format!("{id} says `{pattern}`"));
            }
        }
        for entry in claim.except.iter().filter(|entry| !said.iter().any(|(id, _)| id == entry)) {
            say(format!("there is no entry {entry}"));
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn claims_about_texts_hold_for_their_samples() {
    let knowledge = knowledge();
    let found = faults(|claim, say| {
        let Some(sample) = &claim.sample else { return };
        let diagnoses = explain(expand(sample).as_bytes(), &&knowledge).diagnoses;
        if Some(!diagnoses.is_empty()) != claim.answered {
            say(format!("{} answers to its sample", diagnoses.len()));
        }
        let seen = |host: &String| diagnoses.iter().any(|d| d.report.registry.host.as_ref() == Some(host));
        if claim.host.as_ref().is_some_and(|host| !seen(host)) {
            say("the host in the sample is not seen".to_owned());
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
