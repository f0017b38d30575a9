//! The table, second part: keys of clouds, chats and other services.

use std::ops::Range;
use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Around, Hit, Pattern, Prefix, Starts};
use super::value::{dotted, random, run, url_safe};

pub(super) static TABLE: [Pattern; 8] = [
    Pattern {
        kind: "slack token",
        what: "a Slack token",
        revoke: "On api.slack.com open the app and revoke its tokens, or call the method auth.revoke with it.",
        prefixes: &[
            Prefix::token("xoxa-", 8).common(),
            Prefix::token("xoxb-", 8),
            Prefix::token("xoxc-", 8).common(),
            Prefix::token("xoxd-", 8).common(),
            Prefix::token("xoxe-", 8),
            Prefix::token("xoxe.xox", 0).common(),
            Prefix::token("xoxo-", 8).common(),
            Prefix::token("xoxp-", 8),
            Prefix::token("xoxr-", 8).common(),
            Prefix::token("xoxs-", 8).common(),
            Prefix::token("xapp-", 8),
            Prefix::token("xwfp-", 8).common(),
        ],
        examples: &[
            |dice| {
                let start = dice.one_of(&["xoxb", "xoxp", "xoxa", "xoxs"]);
                Example::bare(format!("{start}-{}-{}-{}", dice.digits(12), dice.digits(13), dice.alnum(24)))
            },
            |dice| Example::bare(format!("xoxe.xoxp-1-{}", dice.alnum(140))),
            |dice| Example::bare(format!("xapp-1-A{}-{}-{}", dice.base32(10), dice.digits(13), dice.hex(64))),
        ],
        source: r"(?:xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9-]{10}",
        starts: Starts::Here,
        value: |hit| Some(run(hit, |byte| url_safe(byte) || matches!(byte, b'%' | b'+' | b'/' | b'='))),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "slack webhook",
        what: "a Slack webhook address, with which anyone can post to a channel",
        revoke: "On api.slack.com open the app, Incoming Webhooks (or the workflow), and remove the address.",
        prefixes: &[Prefix::key("hooks.slack.com/"), Prefix::key("hooks.slack-gov.com/").common()],
        examples: &[|dice| {
            let path = format!("T{}/B{}/{}", dice.base32(9), dice.base32(9), dice.alnum(24));
            Example::new("https://hooks.slack.com/services/", path, "")
        }],
        source: r"(?i)hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/",
        starts: Starts::After,
        value: |hit| {
            let value = run(hit, |byte| url_safe(byte) || matches!(byte, b'/' | b'+' | b'%'));
            (value.len() >= 12).then_some(value)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "discord token",
        what: "a Discord bot token",
        revoke: "In Discord's developer portal open the application, Bot, and reset the token.",
        prefixes: &[Prefix { lead: 23, around: Around::Number, ..Prefix::token(".", 6).common() }],
        examples: &[|dice| {
            let id = super::fake::base64(dice.digits(18).as_bytes());
            Example::bare(format!("{id}.{}.{}", dice.url_safe(6), dice.url_safe(38)))
        }],
        source: r"\.[A-Za-z0-9_-]{6}\.",
        starts: Starts::Here,
        value: discord_token,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "discord webhook",
        what: "a Discord webhook address, with which anyone can post to a channel",
        revoke: "In the channel's settings open Integrations, Webhooks, and delete it.",
        prefixes: &[Prefix::key("/webhooks/").common()],
        examples: &[|dice| {
            let id = dice.digits(19);
            Example::new(format!("https://discord.com/api/webhooks/{id}/"), dice.url_safe(68), "")
        }],
        source: r"(?i)discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{15,21}/",
        starts: Starts::After,
        value: |hit| Some(run(hit, url_safe)).filter(|value| value.len() >= 20),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "aws access key",
        what: "the id of an AWS access key",
        revoke: "In the AWS console open IAM, Security credentials, and deactivate the key; temporary keys run out by themselves.",
        prefixes: &[
            Prefix::token("AKIA", 16),
            Prefix::token("ASIA", 16),
            Prefix::token("ABIA", 16).common(),
            Prefix::token("ACCA", 16).common(),
            Prefix::token("A3T", 17).common(),
        ],
        examples: &[|dice| {
            let start = dice.one_of(&["AKIA", "ASIA", "ABIA", "ACCA", "A3TX"]);
            Example::bare(format!("{start}{}7Q", dice.base32(14)))
        }],
        source: "(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        starts: Starts::Here,
        value: |hit| Some(run(hit, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "aws secret key",
        what: "an AWS secret key or session token",
        revoke: "In the AWS console open IAM, Security credentials, and deactivate the key; temporary keys run out by themselves.",
        prefixes: &[
            Prefix::key("aws_s").common(),
            Prefix::key("awss").common(),
            Prefix::word("aws s"),
            Prefix::key("secretaccesskey").common(),
            Prefix::key("sessiontoken").common(),
        ],
        examples: &[
            |dice| Example::new("AWS_SECRET_ACCESS_KEY=", dice.alnum(40), ""),
            |dice| Example::new("aws_session_token = ", format!("{}/{}==", dice.alnum(90), dice.alnum(90)), ""),
            |dice| Example::new("\"SecretAccessKey\": \"", format!("{}+{}", dice.alnum(19), dice.alnum(20)), "\","),
        ],
        source: r"(?i)(?:aws_?(?:secret|session)[a-z0-9_]*|aws (?:secret|session)(?: access)?(?: key| token)|secretaccesskey|sessiontoken)[^a-z0-9\n]{1,5}([a-z0-9/+=]{36})",
        starts: Starts::Group,
        value: |hit| Some(run(hit, super::value::token68)),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "google token",
        what: "a Google access token or API key",
        revoke: "An access token runs out within the hour; delete an API key or secret in the Google Cloud console, APIs & Services, Credentials.",
        prefixes: &[
            Prefix::token("ya29.", 16),
            Prefix::token("AIza", 35).common(),
            Prefix::token("GOCSPX-", 20).common(),
        ],
        examples: &[
            |dice| Example::bare(format!("ya29.{}", dice.url_safe(120))),
            |dice| Example::bare(format!("AIza{}", dice.url_safe(35))),
        ],
        source: r"(?:ya29\.[A-Za-z0-9_-]{16}|AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20})",
        starts: Starts::Here,
        value: dotted,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "service token",
        what: "a token of another service (Docker Hub, Vault, Stripe, PyPI, Atlassian and the like)",
        revoke: "Delete it in the token settings of the service it belongs to.",
        prefixes: &[
            Prefix::token("sk_live_", 16).common(),
            Prefix::token("rk_live_", 16).common(),
            Prefix::token("sk-ant-", 20).common(),
            Prefix::token("sk-proj-", 20).common(),
            Prefix::token("dckr_pat_", 20).common(),
            Prefix::token("pypi-AgE", 20).common(),
            Prefix::token("hvs.", 20).common(),
            Prefix::token("dop_v1_", 20).common(),
            Prefix::token("ATATT3", 20).common(),
            Prefix::token("ATCTT3", 20).common(),
            Prefix::token("ATBB", 24).common(),
            Prefix::token("sntrys_", 20).common(),
            Prefix::token("rubygems_", 20).common(),
            Prefix::token("shpat_", 20).common(),
        ],
        examples: &[|dice| {
            let start =
                dice.one_of(&["sk_live_", "dckr_pat_", "hvs.", "dop_v1_", "ATATT3", "ATBB", "rubygems_", "sk-ant-"]);
            Example::bare(format!("{start}{}", dice.alnum(32)))
        }],
        source: r"(?:[rs]k_live_|sk-ant-|sk-proj-|dckr_pat_|pypi-AgE|hvs\.|dop_v1_|ATATT3|ATCTT3|ATBB|sntrys_|rubygems_|shpat_)[A-Za-z0-9_-]{16}",
        starts: Starts::Here,
        value: |hit| {
            let value = run(hit, |byte| url_safe(byte) || matches!(byte, b'.' | b'='));
            hit.hay.get(value.clone()).is_some_and(random).then_some(value)
        },
        compiled: OnceLock::new(),
    },
];

/// A Discord token begins with the bot's id, a number, in base 64; found by its middle, because there is nothing in it that
/// always is the same but its two dots.
fn discord_token(hit: &Hit) -> Option<Range<usize>> {
    let before = hit.all.get(hit.head.start.saturating_sub(30)..hit.head.start)?;
    let number =
        |id: &[u8]| matches!(id, [b'M'..=b'O', b'D' | b'T' | b'j' | b'z', third, ..] if b"AEIMQUYcgk".contains(third));
    let id = (23..=before.len()).rev().filter_map(|len| before.get(before.len() - len..));
    let id = id.filter(|id| id.iter().all(|&byte| url_safe(byte)) && number(id)).map(<[u8]>::len).next()?;
    let end = run(hit, url_safe).end;
    (end - hit.head.end >= 27).then_some(hit.head.start - id..end)
}
