//! The table, first part: tokens of package registries and of the forges around them.

use std::sync::OnceLock;

use super::fake::Example;
use super::pattern::{Around, Pattern, Prefix, Starts};
use super::value::{alnum, dotted, placeholder, run, setting, token, url_safe};

pub(super) static TABLE: [Pattern; 11] = [
    Pattern {
        kind: "npm token",
        what: "an npm access token",
        revoke: "On npmjs.com open Access Tokens and delete it, or run `npm token revoke` with its id.",
        prefixes: &[Prefix::token("npm_", 20), Prefix::token("npms_", 20)],
        examples: &[
            |dice| Example::bare(format!("npm_{}", dice.alnum(36))),
            |dice| Example::bare(format!("npms_{}", dice.alnum(48))),
        ],
        source: "npms?_[A-Za-z0-9]{20}",
        starts: Starts::Here,
        value: alnum,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "github token",
        what: "a GitHub token",
        revoke: "On github.com open Settings, Developer settings and delete the token; one that an app or a workflow got runs out within the hour.",
        prefixes: &[
            Prefix::token("ghp_", 20),
            Prefix::token("gho_", 20),
            Prefix::token("ghu_", 20),
            Prefix::token("ghr_", 20),
            Prefix::token("ghs_", 20),
            Prefix::token("github_pat_", 20),
        ],
        examples: &[
            |dice| Example::bare(format!("gh{}_{}", dice.one_of(&["p", "o", "u", "r", "s"]), dice.alnum(36))),
            |dice| Example::bare(format!("github_pat_{}_{}", dice.alnum(22), dice.alnum(59))),
            // Since 2026 an app's token carries a JWT and is about 520 characters long.
            |dice| Example::bare(format!("ghs_{}_{}", dice.digits(7), dice.jwt(300))),
        ],
        source: "(?:gh[pours]_|github_pat_)[A-Za-z0-9_-]{20}",
        starts: Starts::Here,
        value: dotted,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "gitlab token",
        what: "a GitLab token",
        revoke: "In GitLab open Access tokens (of the user, group or project) and revoke it; a job's token ends with its job.",
        prefixes: &[
            Prefix::token("glpat-", 20),
            Prefix::token("gldt-", 20),
            Prefix::token("glrt-", 20),
            Prefix::token("glrtr-", 20).common(),
            Prefix::token("glsoat-", 20).common(),
            Prefix::token("glft-", 20).common(),
            Prefix::token("glcbt-", 20),
            Prefix::token("glptt-", 20),
            Prefix::token("glimt-", 20).common(),
            Prefix::token("glagent-", 20).common(),
            Prefix::token("glwt-", 20).common(),
            Prefix::token("gloas-", 20).common(),
            Prefix::token("glffct-", 20).common(),
            Prefix::token("GR1348941", 20).common(),
        ],
        examples: &[
            |dice| Example::bare(format!("gl{}-{}", dice.one_of(GITLAB), dice.url_safe(20))),
            |dice| {
                let parts = (
                    dice.url_safe(27),
                    dice.one_of(&["01", "1a"]),
                    dice.text("0123456789abcdefghijklmnopqrstuvwxyz", 9),
                );
                Example::bare(format!("glpat-{}.{}.{}", parts.0, parts.1, parts.2))
            },
            |dice| Example::bare(format!("GR1348941{}", dice.url_safe(20))),
        ],
        source: "(?:gl(?:pat|dt|rtr?|soat|ft|cbt|ptt|imt|agent|wt|oas|ffct)-|GR1348941)[A-Za-z0-9_-]{20}",
        starts: Starts::Here,
        value: dotted,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "artifactory key",
        what: "a JFrog Artifactory API key or reference token",
        revoke: "In the JFrog platform revoke it under User Management, Access Tokens, or make a new API key in your profile.",
        prefixes: &[Prefix::token("AKCp", 40), Prefix::token("cmVmd", 40)],
        examples: &[
            |dice| Example::bare(format!("AKCp{}", dice.alnum(69))),
            |dice| Example::bare(format!("cmVmd{}", dice.alnum(59))),
        ],
        source: "(?:AKCp|cmVmd)[A-Za-z0-9]{40}",
        starts: Starts::Here,
        value: alnum,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "artifactory password",
        what: "an API key or encrypted password of an older JFrog Artifactory",
        revoke: "In the JFrog platform make a new API key, or change the password, in your profile.",
        prefixes: ARTIFACTORY_OLD,
        examples: &[
            |dice| Example::new("key: ", format!("AP{}{}", dice.one_of(&["1", "5", "B"]), dice.alnum(20)), ""),
            |dice| Example::new("key=", format!("AKC{}", dice.alnum(30)), ""),
        ],
        source: r#"(?:^|[\s=:"'])(AP[0-9A-F][A-Za-z0-9]{8}|AKC[A-Za-z0-9]{10})"#,
        starts: Starts::Group,
        value: |hit| {
            let value = run(hit, |byte| byte.is_ascii_alphanumeric());
            let text = hit.hay.get(value.clone())?;
            let lower = text.iter().any(u8::is_ascii_lowercase);
            let digits = text.iter().skip(3).any(u8::is_ascii_digit);
            (lower && digits).then_some(value)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "azure token",
        what: "an Azure DevOps personal access token",
        revoke: "In Azure DevOps open User settings, Personal access tokens and revoke it.",
        prefixes: &[Prefix { lead: 24, ..Prefix::token("AZDO", 4) }],
        examples: &[|dice| Example::bare(format!("{}AZDO{}", dice.alnum(76), dice.alnum(4)))],
        source: "[A-Za-z0-9]{24,76}AZDO[A-Za-z0-9]{4}",
        starts: Starts::Here,
        value: alnum,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "old azure token",
        what: "an Azure DevOps personal access token of the older, 52-character kind",
        revoke: "In Azure DevOps open User settings, Personal access tokens and revoke it.",
        prefixes: &[
            Prefix::word("pat="),
            Prefix::word("pat:"),
            Prefix::word("token").with(Around::Token(52)),
            Prefix::word("password").with(Around::Token(52)),
        ],
        examples: &[|dice| {
            let key = dice.one_of(&["PAT: ", "pat=", "token = ", "password: "]);
            Example::new(key, dice.text("abcdefghijklmnopqrstuvwxyz234567", 52), "")
        }],
        source: r#"(?i:pat|token|password)["'`]?[^A-Za-z0-9\n]{1,4}([a-z2-7]{52})"#,
        starts: Starts::Group,
        value: |hit| Some(run(hit, url_safe)),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "nexus token",
        what: "a Sonatype Nexus npm token",
        revoke: "Run `npm logout` against that registry, or have its administrator reset your npm token.",
        prefixes: &[Prefix::token("NpmToken.", 32)],
        examples: &[|dice| Example::bare(format!("NpmToken.{}", dice.uuid()))],
        source: r"NpmToken\.[0-9a-fA-F-]{32}",
        starts: Starts::Here,
        value: token,
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "npm legacy token",
        what: "an npm token of the older kind, a UUID (some paid registries still use these)",
        revoke: "Delete it in the token settings of the registry it belongs to.",
        prefixes: &[Prefix::key("authtoken").common(), Prefix::key("npm_token").common()],
        examples: &[
            |dice| Example::new("//npm.example.com/:_authToken=", dice.uuid(), ""),
            |dice| Example::new("NPM_TOKEN: ", dice.uuid().to_uppercase(), ""),
        ],
        source: r"(?i)(?:authToken|npm_token)[^A-Za-z0-9\n]{1,5}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        starts: Starts::Group,
        value: |hit| Some(run(hit, url_safe)),
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "npm login link",
        what: "a link that finishes an npm login for whoever opens it first",
        revoke: "Do not finish that login; start `npm login` again, the link runs out within minutes.",
        prefixes: &[
            Prefix::key("/auth/cli/").common(),
            Prefix::key("/login/cli/").common(),
            Prefix::key("authid").common(),
            Prefix::key("sessionid=").common(),
        ],
        examples: &[
            |dice| Example::new("https://www.npmjs.com/auth/cli/", dice.uuid(), ""),
            |dice| Example::new("https://www.npmjs.com/login?next=/login/cli/", dice.uuid(), "&x=1"),
            |dice| Example::new("/-/v1/done?authId=", dice.uuid(), ""),
        ],
        source: "(?i)(?:/auth/cli/|/login/cli/|(?:authId|sessionId)[\"']?[=:][ \"']{0,2})",
        starts: Starts::After,
        value: |hit| {
            let value = run(hit, url_safe);
            let text = hit.hay.get(value.clone())?;
            (text.len() >= 16 && !placeholder(text, None)).then_some(value)
        },
        compiled: OnceLock::new(),
    },
    Pattern {
        kind: "url path token",
        what: "a registry token that stands in the path of a URL",
        revoke: "Delete the token in the settings of that registry and put a new one in your configuration.",
        prefixes: &[
            Prefix::key("dl.cloudsmith.io/").common(),
            Prefix::key(".fury.io/").common(),
            Prefix::key("myget.org/f/").common(),
        ],
        examples: &[
            |dice| Example::new("https://dl.cloudsmith.io/", dice.alnum(16), "/acme/widgets/npm/"),
            |dice| Example::new("https://npm-proxy.fury.io/", dice.alnum(20), "/acme/"),
            |dice| Example::new("https://www.myget.org/F/acme/auth/", dice.uuid(), "/npm/"),
        ],
        source: r"(?i)(?:dl\.cloudsmith\.io/|(?:npm|npm-proxy|pull|push)\.fury\.io/|myget\.org/F/[a-z0-9._-]{1,64}/auth/)",
        starts: Starts::After,
        value: |hit| {
            let found = setting(hit)?;
            let len = found.text.iter().take_while(|&&byte| url_safe(byte)).count();
            let text = found.text.get(..len)?;
            let secret = len >= 12 && text.iter().any(u8::is_ascii_digit) && !placeholder(text, None);
            secret.then_some(found.range.start..found.range.start + len)
        },
        compiled: OnceLock::new(),
    },
];

/// The middles of GitLab's prefixes: `gl` + one of these + `-`.
const GITLAB: &[&str] = &["pat", "dt", "rt", "rtr", "soat", "ft", "cbt", "ptt", "imt", "agent", "wt", "oas", "ffct"];

/// Too short to look for in a log.
const ARTIFACTORY_OLD: &[Prefix] = &[
    Prefix::token("AKC", 10).common(),
    Prefix::token("AP0", 8).common(),
    Prefix::token("AP1", 8).common(),
    Prefix::token("AP2", 8).common(),
    Prefix::token("AP3", 8).common(),
    Prefix::token("AP4", 8).common(),
    Prefix::token("AP5", 8).common(),
    Prefix::token("AP6", 8).common(),
    Prefix::token("AP7", 8).common(),
    Prefix::token("AP8", 8).common(),
    Prefix::token("AP9", 8).common(),
    Prefix::token("APA", 8).common(),
    Prefix::token("APB", 8).common(),
    Prefix::token("APC", 8).common(),
    Prefix::token("APD", 8).common(),
    Prefix::token("APE", 8).common(),
    Prefix::token("APF", 8).common(),
];
